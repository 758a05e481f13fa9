package database_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

var errRefused = errors.New("refused")

// hold starts a write that lasts until release is called.
func hold(t testing.TB, db *database.DB) (release func()) {
	t.Helper()
	begun, end, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		ended <- db.Write(context.Background(), func(*gorm.DB) error {
			close(begun)
			<-end
			return nil
		})
	}()
	<-begun
	return sync.OnceFunc(func() {
		close(end)
		if err := <-ended; err != nil {
			t.Errorf("the long write: %v", err)
		}
	})
}

func TestReadersCannotWrite(t *testing.T) {
	db := open(t, newPath(t))
	err := db.Read(t.Context()).Exec("UPDATE counter SET n = 7").Error
	wants(t, database.Explain(err), api.CodeUnavailable, "read-only")
	err = db.Snapshot(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DELETE FROM counter").Error })
	wants(t, err, api.CodeUnavailable, "read-only")
	if n := counted(t, db); n != 0 {
		t.Errorf("counter at %d", n)
	}
}

func TestASnapshotSeesOneState(t *testing.T) {
	db := open(t, newPath(t))
	err := db.Snapshot(t.Context(), func(tx *gorm.DB) error {
		for range 3 {
			var n int64
			if err := tx.Raw("SELECT n FROM counter").Scan(&n).Error; err != nil || n != 0 {
				t.Errorf("the snapshot sees %d, %v", n, err)
			}
			if err := db.Write(t.Context(), count); err != nil {
				return err
			}
		}
		return nil
	})
	if n := counted(t, db); err != nil || n != 3 {
		t.Errorf("counted %d, %v", n, err)
	}
}

func TestWritesAreOneAfterTheOther(t *testing.T) {
	const handles, writers, times = 3, 4, 15
	path := newPath(t)
	var wg sync.WaitGroup
	for range handles {
		db := open(t, path)
		for range writers {
			wg.Go(func() {
				for range times {
					if err := db.Write(t.Context(), count); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	if n := counted(t, open(t, path)); n != handles*writers*times {
		t.Errorf("counted %d, want %d", n, handles*writers*times)
	}
}

func TestWritesAreOneAfterTheOtherOverProcesses(t *testing.T) {
	const processes, times = 5, 60
	path := newPath(t) // the first of the processes makes it
	var wg sync.WaitGroup
	for range processes {
		cmd := child(t, path, times)
		wg.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("a process: %v", err)
			}
		})
	}
	wg.Wait()
	if n := counted(t, open(t, path)); n != processes*times {
		t.Errorf("counted %d, want %d", n, processes*times)
	}
}

func TestNoWriterStarves(t *testing.T) {
	path := newPath(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer func() { close(stop); wg.Wait() }()
	for range 8 {
		db := open(t, path)
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := db.Write(context.Background(), count); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	db, longest := open(t, path), time.Duration(0)
	for range 30 {
		start := time.Now()
		if err := db.Write(t.Context(), count); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(start))
	}
	if longest > 2*time.Second {
		t.Errorf("a writer waited %v", longest)
	}
}

func TestWhoLeavesTheQueueHoldsNobodyUp(t *testing.T) {
	path := newPath(t)
	busy, db := open(t, path), open(t, path)
	for name, holder := range map[string]*database.DB{"another handle writes": busy, "this handle writes": db} {
		t.Run(name, func(t *testing.T) {
			release := hold(t, holder)
			defer release()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err := db.Write(ctx, func(*gorm.DB) error {
				t.Error("it ran all the same")
				return nil
			})
			wants(t, err, api.CodeUnavailable, "busy")
			before := counted(t, db)
			release()
			for _, writer := range []*database.DB{db, busy, db} {
				if err := writer.Write(t.Context(), count); err != nil {
					t.Errorf("a later write: %v", err)
				}
			}
			if n := counted(t, db); n != before+3 {
				t.Errorf("counted %d, want %d", n, before+3)
			}
		})
	}
}

// A wait for a file lock holds a thread of the system; a server whose callers
// come and go while another process keeps the lock must not run out of them.
func TestThoseWhoLeaveDoNotPileUp(t *testing.T) {
	path := newPath(t)
	db := open(t, path)
	release := hold(t, open(t, path))
	defer release()
	before := runtime.NumGoroutine()
	for range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		wants(t, db.Write(ctx, count), api.CodeUnavailable)
		cancel()
	}
	if more := runtime.NumGoroutine() - before; more > 5 {
		t.Errorf("%d goroutines were left behind", more)
	}
	release()
	if err := db.Write(t.Context(), count); err != nil {
		t.Error(err)
	}
}

func TestAChangeRunsToItsEndOnceItsTurnHasCome(t *testing.T) {
	db := open(t, newPath(t))
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Write(ctx, func(tx *gorm.DB) error {
		cancel()
		return count(tx)
	})
	if n := counted(t, db); err != nil || n != 1 {
		t.Errorf("counted %d, %v", n, err)
	}
}

func TestWhatFailsChangesNothing(t *testing.T) {
	db := open(t, newPath(t))
	for name, fail := range map[string]func(tx *gorm.DB) error{
		"an error":      func(*gorm.DB) error { return errRefused },
		"a check":       func(tx *gorm.DB) error { return tx.Exec("UPDATE counter SET n = -1").Error },
		"a duplicate":   func(tx *gorm.DB) error { return tx.Exec("INSERT INTO counter VALUES (1, 1, NULL)").Error },
		"a null":        func(tx *gorm.DB) error { return tx.Exec("INSERT INTO counter VALUES (2, NULL, NULL)").Error },
		"no such table": func(tx *gorm.DB) error { return tx.Exec("DELETE FROM nothing").Error },
		"a panic":       func(*gorm.DB) error { panic("boom") },
		"a write elsewhere's panic": func(tx *gorm.DB) error {
			panic(tx.Exec("UPDATE counter SET n = 100").Error)
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := counted(t, db)
			err := panicking(func() error {
				return db.Write(t.Context(), func(tx *gorm.DB) error {
					if err := count(tx); err != nil {
						t.Error(err)
					}
					return fail(tx)
				})
			})
			if err == nil {
				t.Error("no error")
			}
			if n := counted(t, db); n != before {
				t.Errorf("the counter went from %d to %d", before, n)
			}
			if err := db.Write(t.Context(), count); err != nil {
				t.Errorf("the next write: %v", err)
			}
		})
	}
}

// panicking makes a panic an error.
func panicking(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("panic")
		}
	}()
	return f()
}

func TestErrorsOfAChangeComeBackAsTheyAre(t *testing.T) {
	db := open(t, newPath(t))
	if err := db.Write(t.Context(), func(*gorm.DB) error { return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("error %v", err)
	}
	err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE counter SET n = -1").Error })
	if !database.IsConstraint(err) {
		t.Errorf("%v is no constraint", err)
	}
}

func TestAFullDiskRefusesAndRecovers(t *testing.T) {
	dir := mountSmall(t, 2048)
	db := open(t, filepath.Join(dir, "test.db"))
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	err := writeUntil(t, db, func(err error) bool { return err != nil })
	wants(t, err, api.CodeStorageFull, "full", "nothing was recorded")
	before := counted(t, db)
	wants(t, db.Write(t.Context(), grow), api.CodeStorageFull)
	if n := counted(t, db); n != before {
		t.Errorf("the counter went from %d to %d on a full disk", before, n)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), grow); err != nil {
		t.Errorf("there is space again: %v (%v)", err, errors.Unwrap(err))
	}
	if n := counted(t, db); n != before+1 {
		t.Errorf("counted %d, want %d", n, before+1)
	}
}

// What SQLite keeps beside the database must not go with a writer that failed:
// on a full disk it could not be made again, and nobody could read.
func TestReadsGoOnWhileTheDiskIsFull(t *testing.T) {
	dir := mountSmall(t, 2048)
	db := open(t, filepath.Join(dir, "test.db"))
	fill(t, filepath.Join(dir, "ballast"))
	var err error
	for range 300 { // a page of the log each, none of the database
		if err = db.Write(t.Context(), count); err != nil {
			break
		}
	}
	for i := range 5 {
		wants(t, err, api.CodeStorageFull)
		fill(t, filepath.Join(dir, fmt.Sprint("more", i))) // whatever was given back is taken
		counted(t, db)
		err = db.Write(t.Context(), count)
	}
}

// TestAFullDatabaseRefusesAndRecovers is the same where no disk can be had: the
// database may not have one page more.
func TestAFullDatabaseRefusesAndRecovers(t *testing.T) {
	db := open(t, newPath(t))
	limit := func(pages string) {
		if err := db.Write(t.Context(), func(tx *gorm.DB) error {
			var set int
			return tx.Raw("PRAGMA max_page_count = " + pages).Scan(&set).Error
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	wants(t, db.Write(t.Context(), grow), api.CodeStorageFull, "full")
	if n := counted(t, db); n != 0 {
		t.Errorf("counter at %d", n)
	}
	limit("1000000")
	if err := db.Write(t.Context(), grow); err != nil {
		t.Errorf("there is space again: %v", err)
	}
}

// grow counts and takes 40 KB more.
func grow(tx *gorm.DB) error {
	return errors.Join(count(tx), tx.Exec("INSERT INTO counter (n, data) VALUES (0, zeroblob(40000))").Error)
}

func writeUntil(t *testing.T, db *database.DB, enough func(error) bool) (err error) {
	t.Helper()
	for range 200 {
		if err = db.Write(t.Context(), grow); enough(err) {
			return err
		}
	}
	t.Fatalf("200 writes: %v", err)
	return err
}

// fill takes most of the space there is.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 320 { // 1.25 MiB
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return
		}
	}
}

func TestCloseWaitsForTheWriterAndMayComeTwice(t *testing.T) {
	db := open(t, newPath(t))
	release := hold(t, db)
	closed := make(chan error, 2)
	go func() { closed <- db.Close() }()
	select {
	case err := <-closed:
		t.Errorf("closed under the writer: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	release()
	if err := errors.Join(<-closed, db.Close()); err != nil {
		t.Error(err)
	}
}

func TestAClosedDatabaseRefuses(t *testing.T) {
	db := open(t, newPath(t))
	db.Close()
	refused := make(chan error, 1)
	go func() { refused <- db.Write(context.Background(), count) }()
	select {
	case err := <-refused:
		wants(t, err, api.CodeUnavailable, "closed")
	case <-time.After(5 * time.Second):
		t.Error("a write waits for ever")
	}
	if err := db.Read(t.Context()).Exec("SELECT 1").Error; err == nil {
		t.Error("a read goes on")
	}
}

func TestCloseDoesNotWaitForOneWhoLeft(t *testing.T) {
	path := newPath(t)
	busy, db := open(t, path), open(t, path)
	release := hold(t, busy)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	wants(t, db.Write(ctx, count), api.CodeUnavailable)
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("close hangs")
	}
}

func TestScanOne(t *testing.T) {
	db := open(t, newPath(t))
	var id, n int64
	if found, err := database.ScanOne(db.Read(t.Context()), []any{&id, &n}, "SELECT id, n FROM counter WHERE id = ?", 1); !found || err != nil || id != 1 {
		t.Errorf("found %t, %v: %d", found, err, id)
	}
	if found, err := database.ScanOne(db.Read(t.Context()), []any{&id}, "SELECT id FROM counter WHERE id = 9"); found || err != nil {
		t.Errorf("found %t, %v", found, err)
	}
	if _, err := database.ScanOne(db.Read(t.Context()), []any{&id}, "SELECT id FROM nothing"); err == nil {
		t.Error("no error for a table that is not there")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := database.ScanOne(db.Read(gone), []any{&id}, "SELECT id + 1 FROM counter"); !errors.Is(err, context.Canceled) {
		t.Errorf("for a caller who has left: %v", err)
	}
}

func TestInsertAllTakesAnyNumberOfRows(t *testing.T) {
	db := open(t, newPath(t))
	for _, n := range []int{0, 1, 9, 10, 11, 99, 100, 111, 2345} {
		var ids []int64
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			rows := make([][]any, n)
			for i := range rows {
				rows[i] = []any{int64(i + 10), int64(2 * i)}
			}
			if err := database.InsertAll(tx, "counter", []string{"id", "n"}, rows, appendRow); err != nil {
				return err
			}
			return errors.Join(tx.Raw("SELECT n FROM counter WHERE id >= 10 ORDER BY id").Scan(&ids).Error,
				tx.Exec("DELETE FROM counter WHERE id >= 10").Error)
		})
		if err != nil || len(ids) != n || !slices.IsSorted(ids) {
			t.Errorf("%d rows: %d are there, %v", n, len(ids), err)
		}
	}
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		return database.InsertAll(tx, "counter", []string{"id", "n"}, [][]any{{int64(2), int64(0)}, {int64(3), int64(-1)}}, appendRow)
	})
	if !database.IsConstraint(err) {
		t.Errorf("a negative count: %v", err)
	}
}

func appendRow(args, row []any) []any { return append(args, row...) }

// What is committed without a sync is there for all, in its order, and a sync
// does not disturb who writes.
func TestUnsyncedWritesAreSeenAndSynced(t *testing.T) {
	path := newPath(t)
	db, other := open(t, path), open(t, path)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := errors.Join(db.WriteUnsynced(t.Context(), count), db.Write(t.Context(), count), db.Sync(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := counted(t, other); n != 40 {
		t.Errorf("the counter stands at %d", n)
	}
}

func TestNothingToSyncIsSynced(t *testing.T) {
	db := open(t, newPath(t))
	if err := db.Sync(t.Context()); err != nil {
		t.Error(err)
	}
}
