package audit

import (
	"context"
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
		hindrance, err := r.await(ctx, late.String(), deadline)
		if err != nil {
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
		r.sums.Overdue++
		f := p.fault(CheckPending, "order %s is %s since %s%s", p.id, p.order.State, p.order.UpdatedAt.UTC().Format(time.RFC3339), hindrance)
		if err := r.fault(f); err != nil {
			return err
		}
	}
	return nil
}

// await waits until an order is not open any more, or the deadline is over. To
// repair, it is driven on meanwhile, once at least; hindrance says what the order
// service had against that.
func (r *run) await(ctx context.Context, id string, deadline time.Time) (hindrance string, err error) {
	driven := false
	for last := false; ; {
		order, err := r.store.Order(ctx, id)
		if api.CodeOf(err) == api.CodeNotFound {
			return "", nil // gone meanwhile; what it left is told
		}
		if err != nil {
			return "", err
		}
		if open := (&purchase{order: &order}).open(); !open {
			if driven {
				r.sums.Repaired++
			}
			return "", nil
		}
		if last {
			return hindrance, nil
		}
		if r.Repair {
			hindrance = refused(&order, r.drive(ctx, &order))
			driven = driven || hindrance == ""
		}
		if last = !r.Now().Before(deadline); last {
			continue // what driving it on has done is to be seen
		}
		if err := pause(ctx); err != nil {
			return "", err
		}
	}
}

// drive asks for an order or its cancelling again, as it was asked for: the order
// service goes on with it, and takes nothing that it would not have taken.
func (r *run) drive(ctx context.Context, order *api.Order) error {
	if order.State == api.OrderCancelling {
		_, err := r.store.CancelOrder(ctx, order.ID)
		return err
	}
	request := api.OrderRequest{Lines: make([]api.LineRequest, len(order.Lines))}
	for i, l := range order.Lines {
		request.Lines[i] = api.LineRequest{BookID: l.BookID, Quantity: l.Quantity, MaxPrice: l.MaxPrice}
	}
	_, err := r.store.PlaceOrder(ctx, order.ID, request)
	return err
}

// refused says what the order service has against driving an order on, to go on
// the sentence that it is open; "" if nothing. An answer with the order's id is
// what became of it. A conflict without one is of somebody else's order: nobody
// but its account, and the order service itself, drives it on.
func refused(order *api.Order, err error) string {
	switch code := api.CodeOf(err); {
	case code == "", code.Retryable(), api.AsError(err).OrderID == order.ID:
		return ""
	case code == api.CodeConflict:
		return "; it is another account's, so the order service alone drives it on"
	default:
		return "; it cannot be driven on: " + err.Error()
	}
}

// pause waits a moment.
func pause(ctx context.Context) error {
	select {
	case <-time.After(100 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
