package catalog

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// Move changes a book's stock once, however often it is asked for the same id.
// It answers the book as it is then.
func (s *Service) Move(ctx context.Context, ref, id string, m api.MovementRequest) (book api.Book, err error) {
	if err := checkMovement(&m); err != nil {
		return book, err
	}
	var reason *string
	if m.Reason != "" {
		reason = &m.Reason
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		b, err := findBook(tx, ref)
		if err != nil {
			return err
		}
		done, err := movedBefore(tx, b, id, &m)
		if err != nil {
			return err
		}
		if !done {
			change := newShelf(moved, id, reason)
			if err := move(change, b, &m); err != nil {
				return err
			}
			if err := change.flush(tx); err != nil {
				return err
			}
		}
		book = b.book()
		return nil
	})
	return book, err
}

func checkMovement(m *api.MovementRequest) error {
	switch {
	case (m.Delta == nil) == (m.Set == nil):
		return api.Errorf(api.CodeInvalid, "give either delta or set")
	case m.Delta != nil && (*m.Delta == 0 || *m.Delta > api.MaxStock || *m.Delta < -api.MaxStock):
		return api.Errorf(api.CodeInvalid, "delta is a number of copies from -%d to %d, but not 0", int64(api.MaxStock), int64(api.MaxStock))
	case m.Set != nil:
		if err := checkStock(*m.Set); err != nil {
			return err
		}
	}
	return api.CheckText("reason", m.Reason, api.MaxReason)
}

// movedBefore says whether this very movement has been made already.
func movedBefore(tx *gorm.DB, b *bookRow, id string, m *api.MovementRequest) (bool, error) {
	var before ledgerRow
	err := tx.Where("operation = ? AND cause = ?", id, moved).Take(&before).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	same := before.BookID == b.ID && before.StockChange != nil &&
		((m.Delta != nil && *before.StockChange == *m.Delta) || (m.Set != nil && *before.StockAfter == *m.Set))
	if !same {
		return false, api.Errorf(api.CodeIDReused, "movement %s has been made already, and was another one", id)
	}
	return true, nil
}

func move(change *shelf, b *bookRow, m *api.MovementRequest) error {
	delta := int64(0)
	if m.Delta != nil {
		delta = *m.Delta
	} else {
		delta = *m.Set - b.Stock
	}
	if b.Stock+delta < 0 {
		return api.Errorf(api.CodeOutOfStock, "book %d has %d copies; %d can't be removed", b.ID, b.Stock, -delta)
	}
	if err := checkStock(b.Stock + delta); err != nil {
		return err
	}
	// A set to what is there already is recorded too: that the shelf was
	// counted is worth knowing, and the id is then known as done.
	change.move(b, delta)
	return nil
}

// History gives what changed a book's price and stock, oldest first. A row of
// the ledger that touched both makes two entries, price first.
func (s *Service) History(ctx context.Context, ref string, limit int, cursor string) (page api.History, err error) {
	after, err := parsePosition(cursor)
	if err != nil {
		return page, err
	}
	err = s.db.Snapshot(ctx, func(tx *gorm.DB) error {
		b, err := findBook(tx, ref)
		if err != nil {
			return err
		}
		// An odd position stands between the two entries of one row.
		rows, err := entriesFrom(tx, b, (after+1)/2, limit+2)
		page = historyPage(rows, after, limit)
		return err
	})
	return page, err
}

// entriesOf finds a book's rows in the ledger, but for its sales.
const entriesOf = "book_id = ? AND id >= ? AND cause <> 'sold'"

// entriesFrom reads a book's ledger from row from on, so many rows at most.
func entriesFrom(tx *gorm.DB, b *bookRow, from int64, limit int) ([]ledgerRow, error) {
	var rows []ledgerRow
	err := tx.Where(entriesOf, b.ID, from).Order("id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	sales, err := salesFrom(tx, b.ID, from, limit)
	rows = append(rows, sales...)
	slices.SortFunc(rows, func(a, b ledgerRow) int { return cmp.Compare(a.ID, b.ID) })
	return rows[:min(limit, len(rows))], err
}

func historyPage(rows []ledgerRow, after int64, limit int) api.History {
	page := api.History{Entries: []api.HistoryEntry{}}
	last := after
	for i := range rows {
		for half, entry := range rows[i].entries() {
			at := 2*rows[i].ID + int64(half)
			if entry == nil || at <= after {
				continue
			}
			if len(page.Entries) == limit {
				next := strconv.FormatInt(last, 10)
				page.NextCursor = &next
				return page
			}
			page.Entries = append(page.Entries, *entry)
			last = at
		}
	}
	return page
}

// entries gives the row's price change and its stock change; nil for none.
func (l *ledgerRow) entries() [2]*api.HistoryEntry {
	var both [2]*api.HistoryEntry
	reason := string(l.Cause)
	if l.Reason != nil {
		reason = *l.Reason
	}
	if l.PriceChange != nil {
		both[0] = &api.HistoryEntry{
			At: instant(l.At), Kind: api.KindPrice, Change: *l.PriceChange, After: *l.PriceAfter,
			Currency: l.Currency, Reason: reason, Operation: l.Operation,
		}
	}
	if l.StockChange != nil {
		both[1] = &api.HistoryEntry{
			At: instant(l.At), Kind: api.KindStock, Change: *l.StockChange, After: *l.StockAfter,
			Reason: reason, Operation: l.Operation,
		}
	}
	return both
}

// Topics gives the topics that have books on sale, by slug.
func (s *Service) Topics(ctx context.Context, limit int, cursor string) (page api.TopicList, err error) {
	var rows []topicRow
	find := s.db.Read(ctx).Where("slug > ? AND books > 0", cursor).Order("slug").Limit(limit + 1).Find(&rows)
	page.Topics = []api.Topic{}
	for _, row := range rows[:min(limit, len(rows))] {
		page.Topics = append(page.Topics, api.Topic(row))
	}
	if len(rows) > limit {
		page.NextCursor = &rows[limit-1].Slug
	}
	return page, database.Explain(find.Error)
}

// parsePosition reads the cursor of a list that is kept in the order of a
// number; "" is before the first.
func parsePosition(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(cursor, 10, 62)
	if err != nil || n < 0 {
		return 0, api.Errorf(api.CodeInvalid, "%q is not a cursor of this list", cursor)
	}
	return n, nil
}
