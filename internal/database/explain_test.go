package database_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// Each of these provokes SQLite itself: what its errors are called is its own
// affair, what we say of them is ours.
func TestErrorsOfTheSurroundingsAreExplained(t *testing.T) {
	for _, c := range []struct {
		name, text string
		code       api.Code
		provoke    func(t *testing.T) error
	}{
		{"locked", "busy", api.CodeUnavailable, provokeBusy},
		{"full", "full", api.CodeStorageFull, func(t *testing.T) error {
			db := raw(t, newPath(t), "")
			return errors.Join(run(db, "CREATE TABLE t (x)"), run(db, "PRAGMA max_page_count = 2"), run(db, "INSERT INTO t VALUES (zeroblob(100000))"))
		}},
		{"read-only", "read-only", api.CodeUnavailable, func(t *testing.T) error {
			return run(raw(t, newPath(t), "?_query_only=1"), "CREATE TABLE t (x)")
		}},
		{"not to be opened", "can't be opened", api.CodeUnavailable, func(t *testing.T) error {
			return run(raw(t, filepath.Join(t.TempDir(), "no", "dir"), ""), "CREATE TABLE t (x)")
		}},
		{"not a database", "damaged", api.CodeInternal, func(t *testing.T) error {
			path := newPath(t)
			if err := os.WriteFile(path, make([]byte, 8192), 0o600); err != nil {
				t.Fatal(err)
			}
			return run(raw(t, path, ""), "SELECT * FROM sqlite_schema")
		}},
		// SQLite says the same of a read that the disk fails.
		{"damaged", "disk can't be read, or its database is damaged", api.CodeUnavailable, func(t *testing.T) error {
			path := newPath(t)
			open(t, path).Close()
			if err := os.Truncate(path, 8192); err != nil {
				t.Fatal(err)
			}
			return run(raw(t, path, ""), "SELECT * FROM counter")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cause := c.provoke(t)
			err := database.Explain(cause)
			wants(t, err, c.code, c.text)
			if !errors.Is(err, cause) {
				t.Error("the cause is lost to the log")
			}
		})
	}
}

func provokeBusy(t *testing.T) error {
	path := newPath(t)
	one, other := raw(t, path, ""), raw(t, path, "")
	tx, err := one.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec("CREATE TABLE t (x)"); err != nil {
		t.Fatal(err)
	}
	return run(other, "CREATE TABLE u (x)")
}

func TestOtherErrorsStayAsTheyAre(t *testing.T) {
	known := api.Errorf(api.CodeConflict, "known")
	db := raw(t, newPath(t), "")
	if err := run(db, "CREATE TABLE t (x UNIQUE, CHECK (x > 0))"); err != nil {
		t.Fatal(err)
	}
	check := run(db, "INSERT INTO t VALUES (-1)")
	twice := errors.Join(run(db, "INSERT INTO t VALUES (1)"), run(db, "INSERT INTO t VALUES (1)"))
	for _, err := range []error{nil, known, errRefused, check, twice, run(db, "no SQL")} {
		if got := database.Explain(err); got != err { //nolint:errorlint // the very same is meant
			t.Errorf("%v became %v", err, got)
		}
	}
	for err, want := range map[error]bool{check: true, twice: true, errRefused: false, known: false} {
		if database.IsConstraint(err) != want {
			t.Errorf("IsConstraint(%v) = %t", err, !want)
		}
	}
}

func raw(t *testing.T, path, query string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+query)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func run(db *sql.DB, query string) error {
	_, err := db.Exec(query)
	return err
}
