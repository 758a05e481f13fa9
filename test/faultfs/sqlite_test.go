package faultfs_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/bazar-store/bazar/test/faultfs"
)

// SQLite in WAL mode shares memory and locks files through it; what it has
// committed is there after any loss, and nothing else is harmed.
func TestItCarriesSQLite(t *testing.T) {
	for _, direct := range []bool{false, true} {
		t.Run(fmt.Sprintf("direct %t", direct), func(t *testing.T) {
			f := mount(t, faultfs.Options{Direct: direct})
			does(t, f, "count test.db 1")
			committed := 1
			for seed := range uint64(12) {
				cut := f.CutAfter(int64(20 + 25*seed))
				committed += countUntil(t, f, cut)
				if err := f.Lose(seed, faultfs.KeepSome); err != nil {
					t.Fatal(err)
				}
				found := rows(t, f)
				if found < committed {
					t.Fatalf("seed %d: %d rows, %d were committed", seed, found, committed)
				}
				committed = found
			}
			does(t, f, "count test.db 1")
		})
	}
}

// countUntil has two processes write until the power goes, and gives how many
// commits they were told of.
func countUntil(t *testing.T, f *faultfs.FS, cut <-chan struct{}) (told int) {
	t.Helper()
	var programs []*exec.Cmd
	var outs [2]bytes.Buffer
	var done sync.WaitGroup
	for i := range outs {
		cmd := program(t, f, "count test.db 100000")
		cmd.Stdout = &outs[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		programs = append(programs, cmd)
	}
	<-cut
	for _, cmd := range programs {
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	f.Die()
	for i, cmd := range programs {
		done.Go(func() { _ = cmd.Wait() })
		done.Wait()
		told += bytes.Count(outs[i].Bytes(), []byte("\n"))
	}
	return told
}

// rows counts in a copy, which SQLite finds as it would the disk.
func rows(t *testing.T, f *faultfs.FS) (n int) {
	t.Helper()
	dir := t.TempDir()
	if err := f.Export(dir); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := errors.Join(db.QueryRow("PRAGMA integrity_check").Scan(&verdict), db.QueryRow("SELECT count(*) FROM t").Scan(&n)); err != nil || verdict != "ok" {
		t.Fatalf("%q, %v", verdict, err)
	}
	return n
}
