package order

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// Cancel takes an order back: it is recorded as cancelling, the catalog gives
// back what it took, and then it is cancelled. An id that was never placed is
// kept as cancelled, so that it never will be. Again, it answers the same. The
// order it gives may still be cancelling: recovery goes on with it. A rejected
// order and one of another account are [api.CodeConflict].
func (s *Service) Cancel(ctx context.Context, account, id string) (order api.Order, err error) {
	row, err := s.beginCancel(ctx, account, id)
	if err != nil {
		return order, err
	}
	switch {
	case row.AccountID != account:
		return order, taken(id)
	case row.State == api.OrderRejected:
		e := api.Errorf(api.CodeConflict, "order %s was rejected, so there is nothing to cancel", id)
		e.OrderID = id
		return order, e
	case row.State == api.OrderCancelling:
		row = s.driveCancel(ctx, row)
	}
	return row.order(), nil
}

// beginCancel records that an order is to be cancelled, and gives what is
// recorded then. It belongs to this request for as long as a new order does.
func (s *Service) beginCancel(ctx context.Context, account, id string) (*orderRow, error) {
	var row orderRow
	tombstone := newTombstone(account, id)
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		changed, err := database.Exec(tx, `UPDATE orders SET state = 'cancelling', attempts = 0, attempt_at = ?, updated_at = max(?, created_at)
			WHERE id = ? AND account_id = ? AND state IN ('pending', 'confirmed')`,
			tombstone.AttemptAt, tombstone.UpdatedAt, id, account)
		if err == nil && changed == 0 {
			_, err = insert(tx, tombstone)
		}
		if err != nil {
			return err
		}
		return tx.Take(&row, "id = ?", id).Error
	})
	return &row, err
}

// driveCancel has the catalog release a cancelling order. Whatever goes wrong,
// the order stays as it is, for recovery; and who asked may leave.
func (s *Service) driveCancel(ctx context.Context, row *orderRow) *orderRow {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	ended, err := s.cancelAll(ctx, []*orderRow{row}, false)
	if err != nil {
		s.log.WarnContext(ctx, "the order stays cancelling", "order", row.ID, "error", err)
		return row
	}
	return ended[0]
}

// cancelAll has the catalog release cancelling orders, and gives those that are
// cancelled then. One that the catalog makes no sense of holds up no other. Nor
// does one at which it fails, while it is known to be alive; else it is not asked
// for the rest, and recovery comes back to them in smaller parts.
func (s *Service) cancelAll(ctx context.Context, rows []*orderRow, alive bool) (ended []*orderRow, err error) {
	var released []*orderRow
	var errs []error
	for _, row := range rows {
		r, err := s.catalog.Release(ctx, row.ID)
		if err != nil && !spoiled(err) {
			errs = append(errs, err)
			if !alive {
				break
			}
			alive = false // until it is seen to be
			continue
		}
		alive = true
		if err == nil && (r.ID != row.ID || !isOff(&r)) {
			err = fmt.Errorf("the catalog's answer on cancelled order %s is no end: %s %q", row.ID, r.ID, r.State)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		done := *row
		done.State, done.UpdatedAt = api.OrderCancelled, max(now(), row.UpdatedAt)
		released = append(released, &done)
	}
	if len(released) > 0 {
		ended, err = s.writeAll(ctx, each(endCancel, released))
	}
	return ended, errors.Join(append(errs, err)...)
}

// isOff says whether a reservation takes nothing, and never will.
func isOff(r *api.Reservation) bool { return r.State == api.Released || r.State == api.Refused }

// isUndone says whether a reservation was cancelled, after it was taken or
// before it was asked for. Its order is not pending any more.
func isUndone(r *api.Reservation) bool {
	return r.State == api.Released || (r.State == api.Refused && r.Reason != nil && *r.Reason == api.CodeCancelled)
}

// taken is the error of an id that belongs to another account; it tells nothing
// of that order.
func taken(id string) error {
	return api.Errorf(api.CodeConflict, "order id %s can't be used; take a new one", id)
}

// cancelled is the error of an order that was cancelled, or is about to be.
func cancelled(id string) error {
	e := api.Errorf(api.CodeCancelled, "order %s was cancelled; to buy after all, take a new id", id)
	e.OrderID = id
	return e
}
