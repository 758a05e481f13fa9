package order_test

import (
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
)

// SQLite would build a table of the values of an IN, for each row.
func TestNoCheckOfAnOrderBuildsATable(t *testing.T) {
	s := newShop(t)
	for _, statement := range []string{
		"INSERT INTO orders DEFAULT VALUES",
		"UPDATE orders SET state = 'confirmed' WHERE id = 'an id'",
	} {
		var steps []struct{ Opcode string }
		if err := s.DB().Read(t.Context()).Raw("EXPLAIN " + statement).Scan(&steps).Error; err != nil || len(steps) == 0 {
			t.Fatal(statement, err)
		}
		for _, step := range steps {
			if step.Opcode == "OpenEphemeral" {
				t.Errorf("%s builds a table", statement)
			}
		}
	}
}

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
