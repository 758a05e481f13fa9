package database_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
)

func TestOfRowsThatAreNotAllGoodNoneIsInserted(t *testing.T) {
	db := open(t, newPath(t))
	rows := make([][]any, 100) // one statement
	for i := range rows {
		rows[i] = []any{int64(i + 10), int64(i)}
	}
	rows[70][0] = rows[30][0]
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		return database.InsertAll(tx, "counter", []string{"id", "n"}, rows, appendRow)
	})
	if !database.IsConstraint(err) {
		t.Errorf("an id twice: %v", err)
	}
	left := -1
	if _, err := database.ScanOne(db.Read(t.Context()), []any{&left}, "SELECT count(*) FROM counter WHERE id >= 10"); err != nil || left != 0 {
		t.Errorf("%d rows are there, %v", left, err)
	}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error {
		return database.InsertAll(tx, "counter", []string{"id", "n"}, rows[:70], appendRow)
	}); err != nil {
		t.Errorf("and then good ones: %v", err)
	}
}

// More different statements than a session keeps prepared run all the same, with
// values of any type that has one of the driver's.
func TestAnyNumberOfDifferentCommandsRuns(t *testing.T) {
	db := open(t, newPath(t))
	type amount int
	three, nothing := amount(3), (*int64)(nil)
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		for n := range 450 {
			statement := fmt.Sprintf("INSERT INTO counter (id, n) VALUES (?, coalesce(?, ?) + %d)", n)
			if changed, err := database.Exec(tx, statement, n+10, nothing, &three); err != nil || changed != 1 {
				return fmt.Errorf("%d rows: %w", changed, err)
			}
		}
		return nil
	})
	sum := 0
	_, scanned := database.ScanOne(db.Read(t.Context()), []any{&sum}, "SELECT sum(n) FROM counter WHERE id >= 10")
	if err := errors.Join(err, scanned); err != nil || sum != 450*3+450*449/2 {
		t.Errorf("they make %d, %v", sum, err)
	}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error {
		_, err := database.Exec(tx, "UPDATE counter SET n = ?", make(chan int))
		return err
	}); err == nil || !strings.Contains(err.Error(), "argument 1") {
		t.Errorf("a value that the driver has no type for: %v", err)
	}
}
