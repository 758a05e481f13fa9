package faultfs_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/bazar-store/bazar/test/faultfs"
)

// forms are the ways that SQLite has to it.
func forms() []faultfs.Options {
	return []faultfs.Options{
		{Form: faultfs.FUSE}, {Form: faultfs.FUSE, Direct: true}, {Form: faultfs.VFS}, {Form: faultfs.VFS, Direct: true},
	}
}

// SQLite in WAL mode shares memory and locks files through it; what it has
// committed is there after any loss, and nothing else is harmed.
func TestItCarriesSQLite(t *testing.T) {
	for _, o := range forms() {
		t.Run(fmt.Sprintf("%s, direct %t", o.Form, o.Direct), func(t *testing.T) {
			f := mount(t, o)
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

// What is committed is lost where a sync does nothing: or else the test above
// proves nothing.
func TestSQLiteLosesWhatADeafDiskDidNotSync(t *testing.T) {
	for _, o := range forms() {
		t.Run(fmt.Sprintf("%s, direct %t", o.Form, o.Direct), func(t *testing.T) {
			f := mount(t, o)
			does(t, f, "count test.db 1")
			f.Deaf(true)
			committed := 1 + countUntil(t, f, f.CutAfter(200))
			if err := f.Lose(1, faultfs.KeepNothing); err != nil {
				t.Fatal(err)
			}
			if found := rows(t, f); found >= committed {
				t.Errorf("%d rows are there; %d were committed", found, committed)
			}
		})
	}
}

// SQLite says the same of a fault, whichever way it comes.
func TestSQLiteMeetsTheSameFaults(t *testing.T) {
	const database, log = "test.db", "test.db-wal"
	for _, form := range []faultfs.Form{faultfs.FUSE, faultfs.VFS} {
		for name, c := range map[string]struct {
			fault faultfs.Fault
			code  int
		}{
			"no space":                   {faultfs.Fault{Names: []string{log}, Ops: faultfs.Grow, Err: syscall.ENOSPC, Skip: 1}, sqlite3.SQLITE_FULL},
			"space for less than a page": {faultfs.Full(1_000, log), sqlite3.SQLITE_FULL},
			"no space for a name":        {faultfs.Full(0, log), sqlite3.SQLITE_CANTOPEN},
			"no write":                   {faultfs.Fault{Names: []string{log}, Ops: faultfs.Write, Err: syscall.EIO}, sqlite3.SQLITE_IOERR_WRITE},
			"no sync":                    {faultfs.Fault{Names: []string{log}, Ops: faultfs.Sync, Err: syscall.EIO}, sqlite3.SQLITE_IOERR_FSYNC},
			"no read":                    {faultfs.Fault{Names: []string{database}, Ops: faultfs.Read, Err: syscall.EIO, Skip: 2}, sqlite3.SQLITE_IOERR_CORRUPTFS},
		} {
			t.Run(fmt.Sprintf("%s, %s", form, name), func(t *testing.T) {
				f := mount(t, faultfs.Options{Form: form, Direct: true})
				does(t, f, "sql test.db CREATE TABLE t (text TEXT)")
				lift := f.Inject(c.fault)
				does(t, f, fmt.Sprintf("sql test.db INSERT INTO t VALUES ('new') => code %d", c.code))
				lift()
				does(t, f, "sql test.db INSERT INTO t VALUES ('new')")
				if n := rows(t, f); n != 1 {
					t.Errorf("%d rows", n)
				}
			})
		}
	}
}

// countUntil has two processes write until the power goes, and gives how many
// commits they were told of.
func countUntil(t *testing.T, f *faultfs.FS, cut <-chan struct{}) (told int) {
	t.Helper()
	var programs [2]*exec.Cmd
	var outs [2]bytes.Buffer
	ended := make(chan error, len(programs))
	for i := range programs {
		cmd := program(t, f, "count test.db 100000")
		cmd.Stdout, cmd.Stderr = &outs[i], os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		programs[i] = cmd
		go func() { ended <- cmd.Wait() }()
	}
	select {
	case <-cut:
	case err := <-ended:
		t.Fatalf("a program has ended before the power went: %v", err)
	}
	for _, cmd := range programs {
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	f.Die()
	for range programs {
		<-ended
	}
	for i := range outs {
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
