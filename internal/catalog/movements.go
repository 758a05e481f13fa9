package catalog

import (
	"context"
	"strconv"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// Movements gives a page of the stock ledger of all books, in the order that
// the query asks for. A cursor is the id of the movement before.
func (s *Service) Movements(ctx context.Context, q api.MovementQuery) (page api.MovementList, err error) {
	after, err := parsePosition(q.After)
	if err != nil {
		return page, err
	}
	find := s.db.Read(ctx).Select("id, book_id, at, cause, operation, reason, stock_change, stock_after").Where("stock_change IS NOT NULL")
	if q.Operation != "" {
		find = find.Where("operation = ?", q.Operation)
	}
	switch q.Sort {
	case "", api.MovementsByID:
		find = find.Where("id > ?", after).Order("id")
	case api.MovementsByOperation:
		find = byOperation(find, after)
	default:
		return page, api.Errorf(api.CodeInvalid, "sort is id or operation, not %q", q.Sort)
	}
	var rows []ledgerRow
	if err := find.Limit(q.Limit + 1).Find(&rows).Error; err != nil {
		return page, database.Explain(err)
	}
	page.Movements = []api.Movement{}
	for i := range rows[:min(q.Limit, len(rows))] {
		page.Movements = append(page.Movements, rows[i].movement())
	}
	if len(rows) > q.Limit {
		next := strconv.FormatInt(rows[q.Limit-1].ID, 10)
		page.NextCursor = &next
	}
	return page, nil
}

// byOperation is in the order of the index ledger_once, which leaves imports
// out.
func byOperation(find *gorm.DB, after int64) *gorm.DB {
	find = find.Where("cause <> 'imported'").Order("operation, book_id, cause")
	if after == 0 {
		return find
	}
	return find.Where("(operation, book_id, cause) > (SELECT operation, book_id, cause FROM ledger WHERE id = ?)", after)
}

func (l *ledgerRow) movement() api.Movement {
	entry := l.entries()[1]
	return api.Movement{
		ID: l.ID, BookID: l.BookID, Change: entry.Change, After: entry.After, Cause: api.MovementCause(l.Cause),
		Reason: entry.Reason, Operation: entry.Operation, At: entry.At,
	}
}
