package database_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
)

// fillLog writes so many MiB to the log, none of which is there already.
func fillLog(t *testing.T, db *database.DB, mib int) {
	t.Helper()
	blob := make([]byte, 1<<20)
	for range mib {
		_, _ = rand.Read(blob) // never fails
		err := db.WriteUnsynced(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("UPDATE counter SET n = n + 1, data = ?", blob).Error
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func logSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size() >> 20
}

func TestTheLogDoesNotGrowForEver(t *testing.T) {
	path := newPath(t)
	db := open(t, path)
	fillLog(t, db, 20)
	db.WaitForCheckpoints()
	after := logSize(t, path)
	if after > 24 {
		t.Errorf("the log has %d MiB after a checkpoint", after)
	}
	fillLog(t, db, 10)
	if mib := logSize(t, path); mib != after {
		t.Errorf("the log has %d MiB and then %d: it does not begin anew", after, mib)
	}
	for range 5 { // slowly: who writes faster than the disk copies makes it longer
		fillLog(t, db, 10)
		db.WaitForCheckpoints()
	}
	if mib := logSize(t, path); mib > 40 {
		t.Errorf("the log has %d MiB after 80", mib)
	}
	if n := counted(t, db); n != 80 {
		t.Errorf("the counter stands at %d", n)
	}
}

// A link to the database is the database: it has one log, and one turnstile.
func TestADatabaseBehindALinkIsTheSame(t *testing.T) {
	path := newPath(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	direct, linked := open(t, path), open(t, link)
	fillLog(t, linked, 20)
	linked.WaitForCheckpoints()
	if err := linked.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	if begun := linked.Checkpoints(); begun != 1 {
		t.Errorf("%d checkpoints of 20 MiB", begun)
	}
	if n := counted(t, direct); n != 20 {
		t.Errorf("the counter stands at %d", n)
	}
	if locks, err := filepath.Glob(link + ".*"); err != nil || len(locks) > 0 {
		t.Errorf("lock files beside the link: %v, %v", locks, err)
	}
}

// While a reader of an old state is in the way, writers are not made to wait for
// a checkpoint that can't end, again and again.
func TestALongReaderDoesNotSlowWriters(t *testing.T) {
	path := newPath(t)
	db, other := open(t, path), open(t, path)
	err := other.Snapshot(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT n FROM counter").Error; err != nil {
			return err
		}
		fillLog(t, db, 24)
		db.WaitForCheckpoints()
		before := db.Checkpoints()
		fillLog(t, db, 8)
		db.WaitForCheckpoints()
		if tried := db.Checkpoints() - before; tried > 1 {
			t.Errorf("%d checkpoints for 8 MiB more", tried)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	fillLog(t, db, 20) // which reaches the limit that the reader raised
	db.WaitForCheckpoints()
	before := logSize(t, path)
	fillLog(t, db, 10)
	if mib := logSize(t, path); mib != before {
		t.Errorf("the log has %d MiB and then %d: it does not begin anew after the reader has left", before, mib)
	}
}

// Another process may hold the turnstile for as long as it likes: whoever has
// done its work ends.
func TestCloseDoesNotWaitForACheckpointsTurn(t *testing.T) {
	path := newPath(t)
	busy, db := open(t, path), open(t, path)
	fillLog(t, db, 15)
	fillLog(t, db, 1)
	release := hold(t, busy)
	defer release()
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
