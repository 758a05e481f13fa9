package database_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/faultfs"
)

// A sync that fails may lose all that was written since the one before, and the
// next one says that all is well. A write that is durable must not stand on an
// unsynced one that was lost like this.
func TestAfterAFailedSyncNothingIsDurableBeforeWhatItStandsOn(t *testing.T) {
	if err := faultfs.Missing(); err != nil {
		skip(t, err)
	}
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { loseASync(t, seed) })
	}
}

func loseASync(t *testing.T, seed uint64) {
	disk, err := faultfs.New(t.TempDir(), t.TempDir(), faultfs.Options{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "DATABASE_TEST_LOSSY="+filepath.Join(disk.Dir(), "test.db"))
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	says := func(want string) {
		if line, err := lines.ReadString('\n'); err != nil || line != want+"\n" {
			t.Errorf("the process says %q, %v; not %q", line, err, want)
		}
	}
	says("unsynced: ")
	defer disk.Inject(faultfs.Fault{Names: []string{"*-wal"}, Ops: faultfs.Sync, Err: syscall.EIO, Times: 1, Lossy: true})()
	if _, err := io.WriteString(in, "go on\n"); err != nil {
		t.Error(err)
	}
	says("failed: " + string(api.CodeOutcomeUnknown))
	says("durable: ")
	disk.Cut()
	_ = cmd.Process.Kill()
	disk.Die()
	_ = cmd.Wait()
	copied := t.TempDir()
	if err := errors.Join(disk.Lose(seed, faultfs.KeepNothing), disk.Export(copied)); err != nil {
		t.Fatal(err)
	}
	if n := counted(t, open(t, filepath.Join(copied, "test.db"))); n < 6 {
		t.Errorf("the counter stands at %d; it was durable at 6 or more", n)
	}
}

// loseInChild writes without and with a sync, and says how each ended.
func loseInChild(path string) error {
	db, err := database.Open(context.Background(), "sqlite:"+path, counters())
	if err != nil {
		return err
	}
	err = db.Write(context.Background(), count)
	for range 4 {
		err = errors.Join(err, db.WriteUnsynced(context.Background(), func(tx *gorm.DB) error { return grow(tx) }))
	}
	tell("unsynced: " + string(api.CodeOf(err)))
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	tell("failed: " + string(api.CodeOf(db.Write(context.Background(), count))))
	for err = db.Write(context.Background(), count); err != nil; {
		err = db.Write(context.Background(), count)
	}
	tell("durable: ")
	_, err = io.Copy(io.Discard, os.Stdin) // until it is killed
	return err
}

// tell says something to the test; a line that is lost fails it.
func tell(what ...any) { _, _ = fmt.Fprintln(os.Stdout, what...) }
