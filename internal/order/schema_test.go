package order_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/internal/order"
)

// SQLite would build a table of the values of an IN, for each row. Nor does it
// for whoever opens older orders, and has read the schema that they had.
func TestNoCheckOfAnOrderBuildsATable(t *testing.T) {
	s := newShop(t)
	buildsNoTable(t, s.DB())
	for number := range 2 {
		path := olderOrders(t, number+1)
		older, err := order.Open(t.Context(), order.Options{Database: "sqlite:" + path, Catalog: s.line, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		buildsNoTable(t, older.DB())
		soundAndChecked(t, older.DB())
		if err := older.Close(); err != nil {
			t.Error(err)
		}
	}
}

func buildsNoTable(t *testing.T, db *database.DB) {
	t.Helper()
	for _, statement := range []string{
		"INSERT INTO orders DEFAULT VALUES",
		"UPDATE orders SET state = 'confirmed' WHERE id = 'an id'",
	} {
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

// olderOrders makes a database as a program made it that knew only the first
// migrations, with an order in it.
func olderOrders(t *testing.T, migrations int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "order.db")
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
		return tx.Exec(`INSERT INTO orders VALUES (?, 'local', 'rejected', 'not_found', '[{"book_id":9,"title":null,"quantity":1,"max_price":null,"price":null}]',
			'[{"book_id":9,"code":"not_found","available":null,"price":null}]', NULL, NULL, 0, 1, 2, 3)`, olderID).Error
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

const olderID = "01890a5d-ac96-774b-bcce-b302099a8059"

// soundAndChecked proves that the checks of a schema that was changed behind
// SQLite's back hold, and the database is whole.
func soundAndChecked(t *testing.T, db *database.DB) {
	t.Helper()
	var found string
	if err := db.Read(t.Context()).Raw("PRAGMA integrity_check").Scan(&found).Error; err != nil || found != "ok" {
		t.Errorf("integrity %q, %v", found, err)
	}
	err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE orders SET state = 'lost'").Error })
	if err == nil || !strings.Contains(err.Error(), "CHECK constraint failed") {
		t.Errorf("an order of no state: %v", err)
	}
}
