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
	"runtime"
	"strings"
	"syscall"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/faultfs/vfs"
)

const unknown = string(api.CodeOutcomeUnknown)

// A sync that fails may lose all that was written since the one before, and the
// next one says that all is well. A write that is durable must not stand on an
// unsynced one that was lost like this, whoever makes it.
func TestAfterAFailedSyncNothingIsDurableBeforeWhatItStandsOn(t *testing.T) {
	for name, goOn := range map[string]func(t *testing.T, disk *disk, failed *process) *process{
		"the same process goes on": func(_ *testing.T, _ *disk, failed *process) *process { return failed },
		"another process goes on beside it": func(_ *testing.T, disk *disk, _ *process) *process {
			return disk.process()
		},
		"another process had it open before": func(_ *testing.T, disk *disk, _ *process) *process {
			return disk.before
		},
		"a process goes on after that one was killed": func(_ *testing.T, disk *disk, failed *process) *process {
			failed.kill()
			return disk.process()
		},
	} {
		for how, fail := range map[string]string{"a write": "write", "a sync": "sync"} {
			for seed := range uint64(4) {
				form := faultfs.FUSE
				if seed == 3 {
					form = faultfs.VFS
				}
				t.Run(fmt.Sprintf("%s failed, %s, seed %d over %s", how, name, seed, form), func(t *testing.T) {
					disk := newDiskOver(t, form, seed)
					first := disk.process()
					first.unsynced()
					disk.loseOneSync()
					first.does(fail, unknown)
					next := goOn(t, disk, first)
					next.writes()
					disk.keeps(seed, 6)
				})
			}
		}
	}
}

// Nobody can tell whether a process that is killed in a commit, or a sync, was
// told that it had failed.
func TestAfterAProcessIsKilledInASyncNothingIsDurableBeforeWhatItStandsOn(t *testing.T) {
	for _, fail := range []string{"write", "sync"} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("a %s, seed %d", fail, seed), func(t *testing.T) {
				disk := newDisk(t, seed)
				first := disk.process()
				first.unsynced()
				disk.loseOneSync(func() { _ = first.cmd.Process.Kill() })
				if code, _ := first.asks(fail); code != "dead" {
					t.Errorf("it lived on: %q", code)
				}
				first.kill()
				disk.process().writes()
				disk.keeps(seed, 6)
			})
		}
	}
}

// What is said to be durable is, though another was told first that its sync had
// failed.
func TestTwoSyncsAtOnceDoNotBelieveEachOther(t *testing.T) {
	for seed := range uint64(3) {
		disk := newDisk(t, seed)
		p := disk.process()
		p.unsynced()
		disk.loseOneSync()
		if code, _ := p.asks("two syncs"); code == "" {
			disk.keeps(seed, 5)
		}
	}
}

// The rows are in: to say that nothing was recorded would be wrong.
func TestASyncThatFailsSaysThatTheOutcomeIsUnknownHoweverOftenItIsTried(t *testing.T) {
	disk := newDisk(t, 0)
	p := disk.process()
	p.unsynced()
	t.Cleanup(disk.Inject(faultfs.Fault{Names: []string{"*-wal"}, Ops: faultfs.Sync, Err: syscall.EIO}))
	p.does("write", unknown)
	for range 3 {
		p.does("sync", unknown)
	}
	p.does("write", string(api.CodeUnavailable))
}

// While the log can't be mended nobody writes, and everybody is told why.
func TestALogThatCannotBeMendedSaysWhy(t *testing.T) {
	for cause, want := range map[syscall.Errno]api.Code{syscall.ENOSPC: api.CodeStorageFull, syscall.EIO: api.CodeUnavailable} {
		disk := newDisk(t, 0)
		p := disk.process()
		p.unsynced()
		disk.loseOneSync()
		p.does("write", unknown)
		lift := disk.Inject(faultfs.Fault{Names: []string{"*"}, Ops: faultfs.Write | faultfs.Grow, Err: cause})
		if text := p.does("write", string(want)); !strings.Contains(text, cause.Error()) {
			t.Errorf("%q does not say %q", text, cause)
		}
		lift()
		p.writes()
		disk.keeps(0, 6)
	}
}

// A reader of an old state may stay for as long as it likes.
func TestALogIsMendedUnderALongReader(t *testing.T) {
	disk := newDisk(t, 0)
	p := disk.process()
	p.unsynced()
	disk.process().does("read on and on", "")
	p.unsynced()
	disk.loseOneSync()
	p.does("write", unknown)
	p.does("write", "")
	disk.keeps(0, 10)
}

// A checkpoint that can't copy the whole log does not sync what it copied: a sync
// that fails later loses that too, and the log must not begin anew before it is in
// the database for good.
func TestWhatAFailedSyncOfTheDatabaseLosesStaysInTheLog(t *testing.T) {
	for _, end := range []string{"copies again", "closes", "is killed", "is killed, and another closes"} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("%s, seed %d", end, seed), func(t *testing.T) {
				disk := newDisk(t, seed)
				disk.before.kill()
				p := disk.process()
				p.unsynced()
				p.does("sync", "")
				reader := disk.process()
				reader.does("read on and on", "")
				p.writes()
				p.does("copy", string(api.CodeInternal)) // only what the reader sees
				reader.kill()
				disk.Inject(faultfs.Fault{Names: []string{"*.db"}, Ops: faultfs.Sync, Err: syscall.EIO, Times: 1, Lossy: true})
				p.does("copy", string(api.CodeInternal))
				switch end {
				case "copies again":
					p.does("copy", "")
				case "closes":
					p.does("close", "")
				case "is killed":
					p.kill()
				case "is killed, and another closes":
					other := disk.process()
					p.kill()
					other.does("close", "")
				}
				last := disk.process()
				last.writes()
				last.does("copy", "")
				last.writes()
				disk.keeps(seed, 7)
			})
		}
	}
}

// What a writer that is broken still holds is given back before anything else is
// tried.
func TestAWriterThatCannotRollBackHoldsNobodyUp(t *testing.T) {
	db := open(t, newPath(t))
	if err := errors.Join(db.Write(t.Context(), count), db.BreakWriter(t.Context()), db.Write(t.Context(), count)); err != nil {
		t.Error(err)
	}
	if n := counted(t, db); n != 2 {
		t.Errorf("counted %d", n)
	}
}

// Who restores a database from a backup may have its doubts and not its log.
func TestADoubtOutlivesItsLogWithoutHarm(t *testing.T) {
	path := newPath(t)
	db := open(t, path)
	if err := errors.Join(db.BreakWriter(t.Context()), db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Fatal("the log is still there")
	}
	if n := counted(t, open(t, path)); n != 0 {
		t.Errorf("counted %d", n)
	}
	again, err := database.Open(t.Context(), "sqlite:"+path, names()) // and migrates
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(again.Write(t.Context(), count), again.Close()); err != nil {
		t.Error(err)
	}
}

// disk is a file system that loses what a failed sync was to keep.
type disk struct {
	*faultfs.FS

	t         *testing.T
	before    *process // has had the database open from its beginning
	processes []*process
}

func newDisk(t *testing.T, seed uint64) *disk {
	t.Helper()
	return newDiskOver(t, faultfs.FUSE, seed)
}

// newDiskOver makes one over FUSE, or over a VFS, which takes its place where
// there is none.
func newDiskOver(t *testing.T, form faultfs.Form, seed uint64) *disk {
	t.Helper()
	if faultfs.Missing() != nil {
		form = faultfs.VFS
	}
	files, err := faultfs.New(t.TempDir(), t.TempDir(), faultfs.Options{Form: form, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{FS: files, t: t}
	t.Cleanup(func() {
		for _, p := range d.processes {
			p.kill()
		}
		files.Close()
	})
	d.before = d.process()
	d.before.writes()
	return d
}

// loseOneSync has the next sync of the log fail, and does more before anybody is
// told.
func (d *disk) loseOneSync(more ...func()) {
	fault := faultfs.Fault{Names: []string{"*-wal"}, Ops: faultfs.Sync, Err: syscall.EIO, Times: 1, Lossy: true}
	fault.Met = func() {
		for _, f := range more {
			f()
		}
	}
	d.t.Cleanup(d.Inject(fault))
}

// keeps has the power go, and looks for what was counted.
func (d *disk) keeps(seed uint64, least int64) {
	d.t.Helper()
	d.Cut()
	for _, p := range d.processes {
		_ = p.cmd.Process.Kill()
	}
	d.Die()
	for _, p := range d.processes {
		p.kill()
	}
	copied := d.t.TempDir()
	if err := errors.Join(d.Lose(seed, faultfs.KeepNothing), d.Export(copied)); err != nil {
		d.t.Fatal(err)
	}
	db := open(d.t, filepath.Join(copied, "test.db"))
	var whole string
	if err := db.Read(d.t.Context()).Raw("PRAGMA integrity_check").Scan(&whole).Error; err != nil || whole != "ok" {
		d.t.Errorf("the database is not whole: %s %v", whole, err)
	}
	if n := counted(d.t, db); n < least {
		d.t.Errorf("the counter stands at %d; it was durable at %d or more", n, least)
	}
}

// process is one that has the disk's database open and does as it is told.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.Writer
	lines *bufio.Reader
	ended bool
}

func (d *disk) process() *process {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "DATABASE_TEST_OBEY="+filepath.Join(d.Dir(), "test.db"), "DATABASE_TEST_DISK="+string(d.Form()))
	cmd.Stderr = os.Stderr
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		d.t.Fatal(err)
	}
	p := &process{t: d.t, cmd: cmd, in: in, lines: bufio.NewReader(out)}
	d.processes = append(d.processes, p)
	p.does("read", "")
	return p
}

func (p *process) kill() {
	if !p.ended {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
	p.ended = true
}

// asks has the process do something, and gives the code it ended with and what
// was said.
func (p *process) asks(what string) (code, text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, what+"\n"); err != nil {
		p.t.Fatal(err)
	}
	line, err := p.lines.ReadString('\n')
	if err != nil {
		return "dead", err.Error()
	}
	code, text, _ = strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
	return code, text
}

func (p *process) does(what, wanted string) (text string) {
	p.t.Helper()
	code, text := p.asks(what)
	if code != wanted {
		p.t.Fatalf("%s ended with %q (%s), not %q", what, code, text, wanted)
	}
	return text
}

// writes writes durably, once it can.
func (p *process) writes() {
	p.t.Helper()
	for range 10 {
		if code, _ := p.asks("write"); code == "" {
			return
		}
	}
	p.t.Fatal("10 writes failed")
}

func (p *process) unsynced() {
	p.t.Helper()
	for range 4 {
		p.does("unsynced", "")
	}
}

// obeyInChild does what stdin says, a line each, and tells how it ended.
func obeyInChild(path string, form faultfs.Form) error {
	ctx := context.Background()
	var openLog func(string) (database.Log, error)
	if form == faultfs.VFS {
		v, err := vfs.Register()
		if err != nil {
			return err
		}
		defer runtime.KeepAlive(v)
		openLog = func(path string) (database.Log, error) { return faultfs.Open(path, false) }
	}
	db, err := database.Open(ctx, "sqlite:"+path, counters(), database.WithLog(openLog))
	if err != nil {
		return err
	}
	does := map[string]func() error{
		"read":      func() error { return db.Read(ctx).Exec("SELECT n FROM counter").Error },
		"write":     func() error { return db.Write(ctx, count) },
		"unsynced":  func() error { return db.WriteUnsynced(ctx, grow) },
		"sync":      func() error { return db.Sync(ctx) },
		"copy":      func() error { return db.Checkpoint(ctx) },
		"close":     db.Close,
		"two syncs": func() error { return twoSyncs(ctx, db) },
		"read on and on": func() error {
			return db.Snapshot(ctx, func(tx *gorm.DB) error {
				if err := tx.Exec("SELECT n FROM counter").Error; err != nil {
					return err
				}
				_, _ = fmt.Fprintln(os.Stdout)
				_, err := io.Copy(io.Discard, os.Stdin) // until it is killed
				return err
			})
		},
	}
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		err := does[commands.Text()]()
		said := string(api.CodeOf(err))
		if err != nil {
			said += ": " + err.Error() + " | " + fmt.Sprint(errors.Unwrap(err))
		}
		if _, err := fmt.Fprintln(os.Stdout, said); err != nil {
			return err
		}
	}
	return commands.Err()
}

// twoSyncs says how the better of two at once ended.
func twoSyncs(ctx context.Context, db *database.DB) error {
	ended := make(chan error)
	for range 2 {
		go func() { ended <- db.Sync(ctx) }()
	}
	first, second := <-ended, <-ended
	if first == nil || second == nil {
		return nil
	}
	return first
}
