package catalog_test

import (
	"testing"

	"github.com/bazar-store/bazar/internal/database/databasetest"
	"github.com/bazar-store/bazar/pkg/api"
)

// olderStore makes a store as a program made it that knew only the first
// migrations, with two books that were imported, and one sale; and what more
// statements write.
func olderStore(t *testing.T, migrations int, more ...string) string {
	t.Helper()
	file := newPath(t)
	databasetest.Older(t, file, migrations, append([]string{
		`INSERT INTO store VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', 'USD', 1)`,
		`INSERT INTO books (id, isbn13, title, title_key, authors, topics, price_amount, price_currency, stock, state, version, created_at, updated_at)
			VALUES (1, '` + isbnA + `', 'Old', 'old', '[]', '[]', 500, 'USD', 2, 'on_sale', 1, 1, 1), (2, NULL, 'Older', 'older', '[]', '[]', 500, 'USD', 0, 'on_sale', 1, 1, 1)`,
		`INSERT INTO isbns VALUES (` + isbnA + `, 1)`,
		`INSERT INTO ledger (id, book_id, at, cause, operation, reason, stock_change, stock_after, price_change, price_after, currency) VALUES (1, 1, 1, 'imported', '01890a5d-ac96-774b-bcce-b302099a8058', NULL, 3, 3, 500, 500, 'USD'),
			(2, 2, 1, 'imported', '01890a5d-ac96-774b-bcce-b302099a8058', NULL, NULL, NULL, 500, 500, 'USD'),
			(7, 1, 2, 'sold', '01890a5d-ac96-774b-bcce-b302099a8059', NULL, -1, 2, NULL, NULL, NULL)`,
		`INSERT INTO reservations VALUES ('01890a5d-ac96-774b-bcce-b302099a8059', 'taken', NULL, '[{"book_id":1,"quantity":1}]', 2)`,
	}, more...)...)
	return file
}

func TestAStoreFromBeforeImportsWereRememberedKeepsItsLedger(t *testing.T) {
	s := open(t, olderStore(t, 2), nil)
	checkRows(t, s)
	history, err := s.History(t.Context(), "1", 10, "")
	if err != nil || len(history.Entries) != 3 || history.Entries[2].Reason != "sold" || history.Entries[2].After != 2 {
		t.Errorf("history %s, %v", toJSON(t, history), err)
	}
	list, err := s.Imports(t.Context(), 10, "")
	if err != nil || len(list.Imports) != 0 {
		t.Errorf("imports %s, %v", toJSON(t, list), err)
	}
	r := importing(row("Newer", isbn(isbnA), price(700)), row("New"))
	if got := statuses(mustImport(t, s, r)); got != "changed 1, new 3" {
		t.Errorf("imported as %s", got)
	}
	takeBack(t, s, r.ID)
	if b := read(t, s, 1); b.Title != "Old" || b.Price != usd(500) || b.Stock != 2 || b.State != api.OnSale {
		t.Errorf("book %s", toJSON(t, b))
	}
	checkRows(t, s)
}

// The checks were written anew in the schema itself, behind SQLite's back.
func TestAnOlderStoreIsSoundAndStillChecked(t *testing.T) {
	s := open(t, olderStore(t, 4), nil)
	databasetest.SoundAndChecked(t, s.DB(),
		"UPDATE reservations SET state = 'lost'",
		"UPDATE ledger SET cause = 'lost'",
		"INSERT INTO import_changes (import, book_id, kind, edits, fields) VALUES (1, 1, 'lost', 1, '[]')",
		"INSERT INTO imports (id, source, state, started_at, ended_at, new, changed, same, rejected, undo_book, undo_change, removed, retired, restored, kept) VALUES ('', '', 'lost', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)")
	checkRows(t, s)
}
