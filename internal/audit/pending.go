package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/bazar-store/bazar/pkg/api"
)

// id is an order's, in 16 bytes.
type id = uuid.UUID

// pending looks at the overdue orders once more, when there was time to settle
// them.
func (r *run) pending(ctx context.Context) error {
	deadline := r.Now().Add(grace)
	for _, late := range r.late {
		if err := r.await(ctx, late.String(), deadline); err != nil {
			return err
		}
		p, err := r.atOnce(ctx, late.String())
		if err != nil {
			return err
		}
		if err := r.tell(p); err != nil {
			return err
		}
		if !p.open() {
			continue
		}
		f := p.fault(CheckPending, "order %s is %s since %s", p.id, p.order.State, p.order.UpdatedAt.UTC().Format(time.RFC3339))
		if err := r.fault(f); err != nil {
			return err
		}
	}
	return nil
}

// await waits until an order is not open any more, or the deadline is over. To
// repair, it is driven on meanwhile.
func (r *run) await(ctx context.Context, id string, deadline time.Time) error {
	for driven := false; ; {
		order, err := r.store.Order(ctx, id)
		if err != nil {
			return err
		}
		if open := (&purchase{order: &order}).open(); !open {
			if driven {
				r.sums.Repaired++
			}
			return nil
		}
		if r.Repair {
			if driven, err = true, r.drive(ctx, &order); err != nil {
				return err
			}
		}
		if !r.Now().Before(deadline) {
			return nil // it is told as it is
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// drive asks for an order or its cancelling again, as it was asked for: the order
// service goes on with it, and takes nothing that it would not have taken.
func (r *run) drive(ctx context.Context, order *api.Order) error {
	if order.State == api.OrderCancelling {
		_, err := r.store.CancelOrder(ctx, order.ID)
		return r.driven(order, err)
	}
	request := api.OrderRequest{Lines: make([]api.LineRequest, len(order.Lines))}
	for i, l := range order.Lines {
		request.Lines[i] = api.LineRequest{BookID: l.BookID, Quantity: l.Quantity, MaxPrice: l.MaxPrice}
	}
	_, err := r.store.PlaceOrder(ctx, order.ID, request)
	return r.driven(order, err)
}

func (*run) driven(order *api.Order, err error) error {
	if err == nil || api.CodeOf(err).Retryable() || api.AsError(err).OrderID == order.ID {
		return nil // what became of it, the order itself tells
	}
	return fmt.Errorf("order %s: %w", order.ID, err)
}

// pause waits a moment.
func pause(ctx context.Context) error {
	timer := time.NewTimer(100 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
