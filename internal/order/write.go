package order

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
)

// step is what a write does to its order.
type step string

// Each step changes an order in one state, and no other.
const (
	place     step = "place"      // what is not there yet
	settle    step = "settle"     // what is pending
	endCancel step = "end cancel" // what is cancelling
)

// write is a step of an order that waits to be written. All steps share their
// batches, and so a sync: those who are settled travel with those who come.
type write struct {
	step step
	row  *orderRow
}

func (w write) key() string { return string(w.step) + " " + w.row.ID }

// run takes the step, unless the order is in another state than it is for.
func (w write) run(tx *gorm.DB) (changed int64, err error) {
	switch w.step {
	case place:
		return insert(tx, w.row)
	case settle:
		return w.row.settle(tx)
	case endCancel:
		return w.row.endCancel(tx)
	default:
		return 0, fmt.Errorf("there is no step %q", w.step)
	}
}

// insert records an order, unless its id is known.
func insert(tx *gorm.DB, o *orderRow) (changed int64, err error) {
	return database.Exec(tx, `INSERT INTO orders (id, account_id, state, lines, refusal, attempts, attempt_at, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		o.ID, o.AccountID, string(o.State), o.Lines.text, o.Refusal.text, int64(o.Attempts), o.AttemptAt, o.CreatedAt, o.UpdatedAt)
}

// settle writes the catalog's decision.
func (o *orderRow) settle(tx *gorm.DB) (changed int64, err error) {
	return database.Exec(tx, `UPDATE orders SET state = ?, reason = ?, lines = ?, refusal = ?, total_amount = ?, total_currency = ?, updated_at = ?
		WHERE id = ? AND state = 'pending'`,
		string(o.State), database.Plain(o.Reason), o.Lines.text, o.Refusal.text, database.Plain(o.TotalAmount), database.Plain(o.TotalCurrency), o.UpdatedAt, o.ID)
}

// endCancel writes that the order is cancelled.
func (o *orderRow) endCancel(tx *gorm.DB) (changed int64, err error) {
	return database.Exec(tx, "UPDATE orders SET state = ?, updated_at = ? WHERE id = ? AND state = 'cancelling'",
		string(o.State), o.UpdatedAt, o.ID)
}

// writeAll takes steps in one transaction, in their order, and gives for each
// what is recorded of its order then: the write's own row, if it changed
// something, or what was there.
func (s *Service) writeAll(ctx context.Context, writes []write) (recorded []*orderRow, err error) {
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		recorded = make([]*orderRow, len(writes))
		var others []string
		for i, w := range writes {
			changed, err := w.run(tx)
			if err != nil {
				return err
			}
			if changed == 1 {
				recorded[i] = w.row
			} else {
				others = append(others, w.row.ID)
			}
		}
		return recall(tx, writes, others, recorded)
	})
	return recorded, err
}

// recall reads the orders that some writes did not change into their places.
func recall(tx *gorm.DB, writes []write, ids []string, recorded []*orderRow) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return fmt.Errorf("recall: %w", err)
	}
	var known []orderRow
	if err := tx.Where("id IN (SELECT value FROM json_each(?))", string(list)).Find(&known).Error; err != nil {
		return err
	}
	byID := make(map[string]*orderRow, len(known))
	for i := range known {
		byID[known[i].ID] = &known[i]
	}
	for i, w := range writes {
		if recorded[i] != nil {
			continue
		}
		if recorded[i] = byID[w.row.ID]; recorded[i] == nil {
			return fmt.Errorf("order %s is not there", w.row.ID)
		}
	}
	return nil
}

// each makes one step of many orders.
func each(s step, rows []*orderRow) []write {
	writes := make([]write, len(rows))
	for i, row := range rows {
		writes[i] = write{s, row}
	}
	return writes
}
