package order_test

import (
	"path/filepath"
	"testing"

	"github.com/bazar-store/bazar/internal/database/databasetest"
	"github.com/bazar-store/bazar/internal/order"
)

// SQLite would build a table of the values of an IN, for each row. Nor does it
// for whoever opens older orders, and has read the schema that they had.
func TestNoCheckOfAnOrderBuildsATable(t *testing.T) {
	written := []string{
		"INSERT INTO orders DEFAULT VALUES",
		"UPDATE orders SET state = 'confirmed' WHERE id = 'an id'",
	}
	s := newShop(t)
	databasetest.BuildsNoTable(t, s.DB(), written...)
	for number := range 2 {
		path := olderOrders(t, number+1)
		older, err := order.Open(t.Context(), order.Options{Database: "sqlite:" + path, Catalog: s.line, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		databasetest.BuildsNoTable(t, older.DB(), written...)
		databasetest.SoundAndChecked(t, older.DB(), "UPDATE orders SET state = 'lost'")
		if err := older.Close(); err != nil {
			t.Error(err)
		}
	}
}

const olderID = "01890a5d-ac96-774b-bcce-b302099a8059"

// olderOrders makes a database as a program made it that knew only the first
// migrations, with an order in it.
func olderOrders(t *testing.T, migrations int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "order.db")
	databasetest.Older(t, path, migrations,
		`INSERT INTO orders VALUES ('`+olderID+`', 'local', 'rejected', 'not_found', '[{"book_id":9,"title":null,"quantity":1,"max_price":null,"price":null}]',
			'[{"book_id":9,"code":"not_found","available":null,"price":null}]', NULL, NULL, 0, 1, 2, 3)`)
	return path
}
