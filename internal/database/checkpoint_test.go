package database_test

import (
	"os"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
)

func TestTheLogDoesNotGrowForEver(t *testing.T) {
	path := newPath(t)
	db := open(t, path)
	blob := make([]byte, 1<<20)
	exec := func(statement string, args ...any) {
		t.Helper()
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(statement, args...).Error }); err != nil {
			t.Fatal(err)
		}
	}
	for range 60 {
		exec("UPDATE counter SET n = n + 1, data = ?", blob)
	}
	db.WaitForCheckpoints()
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() > 40<<20 {
		t.Errorf("the log has %d bytes after 60 MiB, %v", info.Size(), err)
	}
	var n int64
	if found, err := database.ScanOne(db.Read(t.Context()), []any{&n}, "SELECT n FROM counter"); !found || err != nil || n != 60 {
		t.Errorf("the counter stands at %d, %v", n, err)
	}
}
