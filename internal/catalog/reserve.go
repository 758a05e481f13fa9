package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/batch"
	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// maxReservations is how many reservations one request may carry.
const maxReservations = 256

// Reserve takes the lines of each reservation off the shelf, all or none, and
// answers what was decided, in their order. An id is decided once: again, it
// gets the same answer, whatever its lines say.
func (s *Service) Reserve(ctx context.Context, requests []api.ReservationRequest) ([]api.Reservation, error) {
	if err := checkReservations(requests); err != nil {
		return nil, err
	}
	decided, err := s.reservations.Do(ctx, requests)
	if full, ok := errors.AsType[*batch.Full](err); ok {
		return nil, api.Wrap(api.CodeUnavailable, err, full.Error())
	}
	return decided, err
}

func checkReservations(batch []api.ReservationRequest) error {
	if len(batch) == 0 || len(batch) > maxReservations {
		return api.Errorf(api.CodeInvalid, "1 to %d reservations at a time, not %d", maxReservations, len(batch))
	}
	for i := range batch {
		id, err := api.ParseID(batch[i].ID)
		if err != nil {
			return err
		}
		batch[i].ID = id
		if err := (&api.OrderRequest{Lines: batch[i].Lines}).Check(); err != nil {
			return err
		}
	}
	return nil
}

func countLines(batch []api.ReservationRequest) (n int) {
	for i := range batch {
		n += len(batch[i].Lines)
	}
	return n
}

// decide decides a batch of requests in one transaction.
func (s *Service) decide(ctx context.Context, requests [][]api.ReservationRequest) (answers [][]api.Reservation, err error) {
	wanted := distinct(requests)
	decided := make(map[string]api.Reservation, len(wanted))
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		clear(decided)
		claimed, err := claim(tx, wanted)
		if err != nil {
			return err
		}
		if err := recall(tx, wanted, claimed, decided); err != nil {
			return err
		}
		return takeAll(tx, claimed, decided)
	})
	if err != nil {
		return nil, err
	}
	for _, request := range requests {
		answer := make([]api.Reservation, len(request))
		for i := range request {
			answer[i] = decided[request[i].ID]
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// distinct gives each id's first reservation, in the order they came.
func distinct(requests [][]api.ReservationRequest) (wanted []*api.ReservationRequest) {
	seen := map[string]bool{}
	for _, request := range requests {
		for i := range request {
			if !seen[request[i].ID] {
				seen[request[i].ID] = true
				wanted = append(wanted, &request[i])
			}
		}
	}
	return wanted
}

// claim makes the ids this transaction's to decide, and gives those that were
// nobody's before. Ids come before books, in their order, for every writer.
func claim(tx *gorm.DB, wanted []*api.ReservationRequest) (claimed []*api.ReservationRequest, err error) {
	ids := make([]string, len(wanted))
	byID := make(map[string]*api.ReservationRequest, len(wanted))
	for i, w := range wanted {
		ids[i], byID[w.ID] = w.ID, w
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	var mine []string
	err = tx.Raw(`INSERT INTO reservations (id, state, lines, created_at)
		SELECT value, 'claimed', '[]', ? FROM json_each(?) WHERE true ORDER BY value
		ON CONFLICT DO NOTHING RETURNING id`, now(), string(list)).Scan(&mine).Error
	for _, id := range mine {
		delete(byID, id)
	}
	for _, w := range wanted { // who came first is served first
		if _, known := byID[w.ID]; !known {
			claimed = append(claimed, w)
		}
	}
	return claimed, err
}

// recall reads what was decided before of the ids that were not claimed now.
func recall(tx *gorm.DB, wanted, claimed []*api.ReservationRequest, decided map[string]api.Reservation) error {
	if len(claimed) == len(wanted) {
		return nil
	}
	mine := make(map[string]bool, len(claimed))
	for _, c := range claimed {
		mine[c.ID] = true
	}
	var ids []string
	for _, w := range wanted {
		if !mine[w.ID] {
			ids = append(ids, w.ID)
		}
	}
	var rows []reservationRow
	err := tx.Where("id IN ?", ids).Find(&rows).Error
	for i := range rows {
		decided[rows[i].ID] = rows[i].reservation()
	}
	return err
}

// takeAll decides the claimed reservations in turn, and writes what they took.
func takeAll(tx *gorm.DB, claimed []*api.ReservationRequest, decided map[string]api.Reservation) error {
	if len(claimed) == 0 {
		return nil
	}
	books, err := lockBooks(tx, claimed)
	if err != nil {
		return err
	}
	taking := taking{books: books, moves: map[int64]int64{}, at: now()}
	for _, c := range claimed {
		r := taking.decide(c)
		decided[c.ID] = r
		taking.rows = append(taking.rows, decisionRow{ID: r.ID, State: r.State, Reason: r.Reason, Lines: r.Lines})
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
	var rows []bookRow
	err = tx.Raw(`SELECT id, title, price_amount, price_currency, stock, state FROM books
		WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`, string(list)).Scan(&rows).Error
	for i := range rows {
		books[rows[i].ID] = &rows[i]
	}
	return books, err
}

// taking is one transaction of decisions.
type taking struct {
	books  map[int64]*bookRow
	moves  map[int64]int64
	rows   []decisionRow
	ledger [][]any
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
		entry := ledgerRow{BookID: b.ID, At: t.at, Cause: sold, Operation: r.ID}
		entry.stocked(change, b.Stock)
		t.ledger = append(t.ledger, entry.values())
	}
}

// decisionRow is how a decision travels into its statement.
type decisionRow struct {
	ID     string               `json:"id"`
	State  api.ReservationState `json:"state"`
	Reason *api.Code            `json:"reason"`
	Lines  []api.ReservedLine   `json:"lines"`
}

type moveRow struct {
	ID     int64 `json:"id"`
	Change int64 `json:"change"`
}

// flush writes decisions, stock and ledger, a statement each.
func (t *taking) flush(tx *gorm.DB) error {
	decisions, err := json.Marshal(t.rows)
	if err != nil {
		return fmt.Errorf("decisions: %w", err)
	}
	err = tx.Exec(`UPDATE reservations SET state = d.value->>'state', reason = d.value->>'reason', lines = d.value->'lines'
		FROM json_each(?) AS d WHERE reservations.id = d.value->>'id'`, string(decisions)).Error
	if err != nil || len(t.moves) == 0 {
		return err
	}
	var moves []moveRow
	for id, change := range t.moves {
		moves = append(moves, moveRow{id, change})
	}
	slices.SortFunc(moves, func(a, b moveRow) int { return cmp.Compare(a.ID, b.ID) })
	list, err := json.Marshal(moves)
	if err != nil {
		return fmt.Errorf("moves: %w", err)
	}
	err = tx.Exec(`UPDATE books SET stock = stock + (m.value->>'change')
		FROM json_each(?) AS m WHERE books.id = m.value->>'id'`, string(list)).Error
	if err != nil {
		return err
	}
	return database.InsertAll(tx, "ledger", ledgerColumns(), t.ledger)
}

// Reservations gives the decided reservations in the order of their ids.
func (s *Service) Reservations(ctx context.Context, limit int, after string) (page api.ReservationList, err error) {
	var rows []reservationRow
	if err := s.db.Read(ctx).Where("id > ?", after).Order("id").Limit(limit + 1).Find(&rows).Error; err != nil {
		return page, database.Explain(err)
	}
	page.Reservations = []api.Reservation{}
	for i := range rows[:min(limit, len(rows))] {
		page.Reservations = append(page.Reservations, rows[i].reservation())
	}
	if len(rows) > limit {
		page.NextCursor = &rows[limit-1].ID
	}
	return page, nil
}
