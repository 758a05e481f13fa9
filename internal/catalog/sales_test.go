package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

// pages reads a book's whole history by pages of a size, as lines of text.
func pages(t *testing.T, s *catalog.Service, book int64, size int) (lines []string) {
	t.Helper()
	for cursor := ""; ; {
		page, err := s.History(t.Context(), fmt.Sprint(book), size, cursor)
		if err != nil || len(page.Entries) > size {
			t.Fatalf("%d entries of %d: %v", len(page.Entries), size, err)
		}
		for _, e := range page.Entries {
			lines = append(lines, fmt.Sprint(e.Kind, e.Change, e.After, e.Reason, e.Operation))
		}
		if page.NextCursor == nil {
			return lines
		}
		cursor = *page.NextCursor
	}
}

// recorded reads the same from the ledger itself, row by row.
func recorded(t *testing.T, s *catalog.Service, book int64) (lines []string) {
	t.Helper()
	var rows []struct {
		Cause, Operation        string
		StockChange, StockAfter *int64
		PriceChange, PriceAfter *int64
	}
	err := s.DB().Snapshot(t.Context(), func(tx *gorm.DB) error {
		return tx.Raw("SELECT * FROM ledger WHERE book_id = ? ORDER BY id", book).Scan(&rows).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.PriceChange != nil {
			lines = append(lines, fmt.Sprint(api.KindPrice, *r.PriceChange, *r.PriceAfter, r.Cause, r.Operation))
		}
		if r.StockChange != nil {
			lines = append(lines, fmt.Sprint(api.KindStock, *r.StockChange, *r.StockAfter, r.Cause, r.Operation))
		}
	}
	return lines
}

func checkHistory(t *testing.T, s *catalog.Service, books ...int64) {
	t.Helper()
	for _, book := range books {
		want := recorded(t, s, book)
		for _, size := range []int{1, 7, 100, 255, 256, 257, 1000} {
			if size < 100 && len(want) > 100 {
				continue
			}
			if got := pages(t, s, book, size); !slices.Equal(got, want) {
				t.Errorf("book %d by pages of %d: %d entries, want %d", book, size, len(got), len(want))
			}
		}
	}
}

// One book sells a thousand times, another now and then; in between copies come,
// go and are given back. Whatever the pages, the history is the ledger's.
func TestTheHistoryOfABookThatSellsMuch(t *testing.T) {
	s := empty(t)
	hot, slow, never := add(t, s, titled("Hot", 5_000)), add(t, s, titled("Slow", 5_000)), add(t, s, titled("Never", 1))
	for range 9 {
		var batch []api.ReservationRequest
		for n := range 120 {
			lines := []api.LineRequest{line(hot, 1)}
			if n%40 == 0 {
				lines = append(lines, line(slow, 2))
			}
			batch = append(batch, api.ReservationRequest{ID: api.NewID(), Lines: lines})
		}
		sold := reserveAll(t, s, batch...)
		move(t, s, hot, api.NewID(), delta(3))
		release(t, s, sold[7].ID)
		release(t, s, sold[40].ID)
	}
	checkHistory(t, s, hot.ID, slow.ID, never.ID)
	checkRows(t, s)
}

func TestAnOlderStoreKeepsWhatItSold(t *testing.T) {
	const sales = 800
	numbers := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", sales)
	s := open(t, olderStore(t, 4,
		fmt.Sprintf("UPDATE books SET stock = %d WHERE id = 2", sales),
		fmt.Sprintf("INSERT INTO ledger (book_id, at, cause, operation, stock_change, stock_after) VALUES (2, 1, 'moved', 'a', %d, %d)", 2*sales, 2*sales),
		numbers+fmt.Sprintf("INSERT INTO ledger (book_id, at, cause, operation, stock_change, stock_after) SELECT 2, 3, 'sold', format('%%05d', i), -1, %d - i FROM n", 2*sales),
		numbers+`INSERT INTO reservations SELECT format('%05d', i), 'taken', NULL, '[{"book_id":2,"quantity":1}]', 2 FROM n`,
	), nil)
	checkRows(t, s)
	checkHistory(t, s, 1, 2)
	reserve(t, s, line(read(t, s, 2), 3))
	checkRows(t, s)
	checkHistory(t, s, 1, 2)
}

// What asks the ledger by book is answered from its index, where sales are not.
func TestTheLedgerIsAskedByBookThroughItsIndex(t *testing.T) {
	s := empty(t)
	for _, query := range catalog.LedgerQueries() {
		var steps []struct{ Detail string }
		err := s.DB().Snapshot(t.Context(), func(tx *gorm.DB) error {
			return tx.Raw("EXPLAIN QUERY PLAN " + strings.ReplaceAll(query, "?", "'[]'")).Scan(&steps).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			if strings.Contains(step.Detail, "SCAN ledger") || strings.Contains(step.Detail, "SCAN l ") && !strings.Contains(step.Detail, "USING COVERING INDEX ledger_book") {
				t.Errorf("%s\n%v", query, steps)
			}
		}
	}
}
