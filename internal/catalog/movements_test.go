package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/pkg/api"
)

// By operation the ledger comes in the order of what caused it, whatever order
// it was written in, so that it can be merged with the reservations.
func TestTheLedgerIsListedByOperation(t *testing.T) {
	s := empty(t)
	var books []api.Book
	for _, title := range []string{"One", "Two", "Three"} {
		books = append(books, add(t, s, titled(title, 9)))
	}
	mustImport(t, s, api.ImportRequest{Source: "test", Rows: []api.ImportRow{{Title: new("Four"), Price: new(usd(1)), Stock: new(int64(4))}}})
	var wanted []string
	for _, id := range []string{"c", "a", "b"} {
		id = strings.Replace("x1890a62-1c2f-7a5e-9d1b-2f6f0c3f8a11", "x", id, 1)
		var lines []api.LineRequest
		for i := range books {
			lines = append(lines, api.LineRequest{BookID: books[len(books)-1-i].ID, Quantity: 1})
		}
		if _, err := s.Reserve(t.Context(), []api.ReservationRequest{{ID: id, Lines: lines}}); err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, id, id, id)
	}
	slices.Sort(wanted)
	var sold []string
	last := api.Movement{}
	for q := (api.MovementQuery{Sort: api.MovementsByOperation, Limit: 2}); ; {
		page, err := s.Movements(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Movements {
			if m.Operation < last.Operation || (m.Operation == last.Operation && m.BookID <= last.BookID) {
				t.Errorf("%+v comes after %+v", m, last)
			}
			if m.Cause == api.CauseSold {
				sold = append(sold, m.Operation)
			}
			last = m
		}
		if page.NextCursor == nil {
			break
		}
		q.After = *page.NextCursor
	}
	if !slices.Equal(sold, wanted) {
		t.Errorf("sold %v", sold)
	}
}

// A page of it costs the same wherever it begins.
func TestTheLedgerByOperationIsReadFromItsIndex(t *testing.T) {
	s := empty(t)
	var steps []struct{ Detail string }
	err := s.DB().Snapshot(t.Context(), func(tx *gorm.DB) error {
		return tx.Raw(`EXPLAIN QUERY PLAN SELECT * FROM ledger WHERE stock_change IS NOT NULL AND cause <> 'imported'
			AND (operation, book_id, cause) > (SELECT operation, book_id, cause FROM ledger WHERE id = 7) ORDER BY operation, book_id, cause LIMIT 5`).Scan(&steps).Error
	})
	if err != nil || len(steps) == 0 || !strings.Contains(steps[0].Detail, "SEARCH ledger USING INDEX ledger_once (operation>?)") {
		t.Errorf("%+v, %v", steps, err)
	}
}
