// Package databasetest tests a service's schema: what older programs made with it,
// and what SQLite makes of its checks.
package databasetest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
)

// Older makes a database at path as a program made it that knew only so many of the
// migrations in schema/, with what statements write.
func Older(t *testing.T, path string, migrations int, statements ...string) {
	t.Helper()
	known := fstest.MapFS{}
	files, err := filepath.Glob("schema/*.sql")
	if err != nil || len(files) < migrations {
		t.Fatal(files, err)
	}
	for _, file := range files[:migrations] {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		known[filepath.Base(file)] = &fstest.MapFile{Data: data}
	}
	db, err := database.Open(t.Context(), "sqlite:"+path, known)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *gorm.DB) error {
		for _, statement := range statements {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// BuildsNoTable proves that SQLite builds no table to run a statement, as it does
// for IN with more than two values, for each row that is checked; neither on
// connections that read nor on the one that writes.
func BuildsNoTable(t *testing.T, db *database.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		explain := func(tx *gorm.DB) error {
			var steps []struct{ Opcode string }
			err := tx.Raw("EXPLAIN " + statement).Scan(&steps).Error
			if err == nil && len(steps) == 0 {
				t.Errorf("%s: no steps", statement)
			}
			for _, step := range steps {
				if step.Opcode == "OpenEphemeral" {
					t.Errorf("%s builds a table", statement)
				}
			}
			return err
		}
		if err := errors.Join(explain(db.Read(t.Context())), db.Write(t.Context(), explain)); err != nil {
			t.Fatal(err)
		}
	}
}

// SoundAndChecked proves that the database is whole, and that a check refuses each
// of some statements.
func SoundAndChecked(t *testing.T, db *database.DB, refused ...string) {
	t.Helper()
	var found string
	if err := db.Read(t.Context()).Raw("PRAGMA integrity_check").Scan(&found).Error; err != nil || found != "ok" {
		t.Errorf("integrity %q, %v", found, err)
	}
	for _, statement := range refused {
		err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(statement).Error })
		if err == nil || !strings.Contains(err.Error(), "CHECK constraint failed") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}
