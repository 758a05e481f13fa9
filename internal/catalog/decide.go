package catalog

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// takeAll decides the claimed reservations in turn, and writes what they took.
func takeAll(tx *gorm.DB, claimed []*api.ReservationRequest, decided map[string]api.Reservation) error {
	if len(claimed) == 0 {
		return nil
	}
	books, err := lockBooks(tx, claimed)
	if err != nil {
		return err
	}
	last, err := lastEntry(tx)
	if err != nil {
		return err
	}
	taking := taking{books: books, moves: map[int64]int64{}, last: last, at: now()}
	for _, c := range claimed {
		r := taking.decide(c)
		decided[c.ID] = r
		taking.rows = append(taking.rows, r)
	}
	return taking.flush(tx)
}

// lockBooks reads the books that the reservations name, in the order of ids.
func lockBooks(tx *gorm.DB, claimed []*api.ReservationRequest) (map[int64]*bookRow, error) {
	books := map[int64]*bookRow{}
	var ids []int64
	for _, c := range claimed {
		for _, line := range c.Lines {
			if _, seen := books[line.BookID]; !seen {
				books[line.BookID] = nil
				ids = append(ids, line.BookID)
			}
		}
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("lock books: %w", err)
	}
	return books, database.ScanAll(tx, func(rows *sql.Rows) error {
		b := &bookRow{}
		err := rows.Scan(&b.ID, &b.Title, &b.PriceAmount, &b.PriceCurrency, &b.Stock, &b.State, &b.Sales, &b.LastSale, &b.LastStop)
		books[b.ID] = b
		return err
	}, `SELECT id, title, price_amount, price_currency, stock, state, sales, last_sale, last_stop FROM books
		WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`, string(list))
}

// taking is one transaction of decisions.
type taking struct {
	books  map[int64]*bookRow
	moves  map[int64]int64
	rows   []api.Reservation
	ledger []*ledgerRow
	last   int64 // the ledger's newest row
	at     int64
}

// decide takes all lines of a reservation, or none.
func (t *taking) decide(r *api.ReservationRequest) api.Reservation {
	answer := api.Reservation{ID: r.ID, State: api.Taken, Lines: make([]api.ReservedLine, len(r.Lines))}
	currency := ""
	for i := range r.Lines {
		line := t.examine(&r.Lines[i], &currency)
		answer.Lines[i] = line
		if line.Code != nil && answer.Reason == nil {
			answer.State, answer.Reason = api.Refused, line.Code
		}
	}
	if answer.State == api.Taken {
		t.take(r)
	}
	return answer
}

// examine says what a line gets, or why it gets nothing. currency is that of
// the lines before.
func (t *taking) examine(l *api.LineRequest, currency *string) api.ReservedLine {
	line := api.ReservedLine{BookID: l.BookID, Quantity: l.Quantity}
	b := t.books[l.BookID]
	if b == nil {
		return refusedLine(line, api.CodeNotFound)
	}
	price, stock := b.price(), b.Stock
	line.Title, line.Price, line.Available = &b.Title, &price, &stock
	if *currency == "" {
		*currency = price.Currency
	}
	switch {
	case !b.onSale():
		return refusedLine(line, api.CodeRetired)
	case price.Currency != *currency || (l.MaxPrice != nil && l.MaxPrice.Currency != price.Currency):
		return refusedLine(line, api.CodeMixedCurrency)
	case l.MaxPrice != nil && price.Amount > l.MaxPrice.Amount:
		return refusedLine(line, api.CodePriceChanged)
	case stock < l.Quantity:
		return refusedLine(line, api.CodeOutOfStock)
	}
	return line
}

func refusedLine(line api.ReservedLine, code api.Code) api.ReservedLine {
	line.Code = &code
	return line
}

func (t *taking) take(r *api.ReservationRequest) {
	for _, l := range r.Lines {
		b, change := t.books[l.BookID], -l.Quantity
		b.Stock += change
		t.moves[b.ID] += change
		entry := &ledgerRow{BookID: b.ID, At: t.at, Cause: sold, Operation: r.ID}
		entry.stocked(change, b.Stock)
		t.last++
		b.sell(entry, t.last)
		t.ledger = append(t.ledger, entry)
	}
}

// flush writes decisions, stock and ledger. Ids come before books, in their
// order, for every writer.
func (t *taking) flush(tx *gorm.DB) error {
	slices.SortFunc(t.rows, func(a, b api.Reservation) int { return cmp.Compare(a.ID, b.ID) })
	err := database.InsertAll(tx, "reservations", []string{"id", "state", "reason", "lines", "created_at"}, t.rows,
		func(args []any, r api.Reservation) []any {
			return append(args, r.ID, string(r.State), r.Reason, reservedLines(r.Lines), t.at)
		})
	if err != nil {
		return err
	}
	if err := flushSales(tx, t.moves, t.books); err != nil {
		return err
	}
	return database.InsertAll(tx, "ledger", ledgerColumns(), t.ledger, appendEntry)
}
