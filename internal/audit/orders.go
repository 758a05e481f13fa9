package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/bazar-store/bazar/pkg/api"
)

// purchase is all there is under one id: the order, what the catalog decided
// and what that moved, a page of it at most. What is not there is nil.
type purchase struct {
	id          string
	order       *api.Order
	reservation *api.Reservation
	movements   []api.Movement
}

// merge reads orders, reservations and the ledger side by side, in the order of
// ids.
type merge struct {
	orders       *stream[api.Order]
	reservations *stream[api.Reservation]
	movements    *stream[api.Movement]
	looked       int // pages read when the ended lists were last looked at again
}

func newMerge(ctx context.Context, s Store) *merge {
	return &merge{
		orders: newStream(ctx, func(o *api.Order) string { return o.ID }, func(ctx context.Context, after string) ([]api.Order, *string, error) {
			page, err := s.AllOrders(ctx, api.MaxLimit, after)
			return page.Orders, page.NextCursor, err
		}),
		reservations: newStream(ctx, func(r *api.Reservation) string { return r.ID }, func(ctx context.Context, after string) ([]api.Reservation, *string, error) {
			page, err := s.Reservations(ctx, api.MaxLimit, after)
			return page.Reservations, page.NextCursor, err
		}),
		movements: newStream(ctx, func(m *api.Movement) string { return fmt.Sprint(m.ID) }, func(ctx context.Context, after string) ([]api.Movement, *string, error) {
			page, err := s.Movements(ctx, api.MovementQuery{Sort: api.MovementsByOperation, After: after, Limit: api.MaxLimit})
			return page.Movements, page.NextCursor, err
		}),
	}
}

// next is the purchase with the next id; nil at the end.
func (m *merge) next(ctx context.Context) (*purchase, error) {
	for {
		m.catchUp(ctx)
		order, orderErr := m.orders.head(ctx)
		reservation, reservationErr := m.reservations.head(ctx)
		movement, movementErr := m.movements.head(ctx)
		if err := errors.Join(orderErr, reservationErr, movementErr); err != nil {
			return nil, err
		}
		if movement != nil && !isOfOrder(movement) {
			m.movements.take() // there may be a million under one id
			continue
		}
		id := ""
		if order != nil {
			id = order.ID
		}
		if reservation != nil {
			id = earlier(id, reservation.ID)
		}
		if movement != nil {
			id = earlier(id, movement.Operation)
		}
		if id == "" {
			return nil, nil
		}
		return m.take(ctx, id)
	}
}

// take is the purchase with an id, which is then over.
func (m *merge) take(ctx context.Context, id string) (*purchase, error) {
	p := &purchase{id: id}
	order, orderErr := m.orders.head(ctx)
	if order != nil && order.ID == id {
		p.order = m.orders.take()
	}
	reservation, reservationErr := m.reservations.head(ctx)
	if reservation != nil && reservation.ID == id {
		p.reservation = m.reservations.take()
	}
	movement, movementErr := m.movements.head(ctx)
	for movement != nil && movement.Operation == id {
		if isOfOrder(movement) && len(p.movements) < api.MaxLimit {
			p.movements = append(p.movements, *movement)
		}
		m.movements.take()
		movement, movementErr = m.movements.head(ctx)
	}
	return p, errors.Join(orderErr, reservationErr, movementErr)
}

// catchUp looks behind the end of lists that ended before the others, which
// have had a page since: all of them grow while others buy.
func (m *merge) catchUp(ctx context.Context) {
	pages := m.orders.pages + m.reservations.pages + m.movements.pages
	if pages == m.looked || (m.orders.ended() && m.reservations.ended() && m.movements.ended()) {
		return
	}
	m.looked = pages
	m.reservations.again(ctx)
	m.movements.again(ctx)
	m.orders.again(ctx)
}

// earlier is the smaller of two ids, "" being none.
func earlier(a, b string) string {
	if a == "" {
		return b
	}
	return min(a, b)
}

// orders checks every purchase. One that seems wrong is read again by its id:
// its parts were read at different moments.
func (r *run) orders(ctx context.Context) error {
	all := newMerge(ctx, r.store)
	for {
		p, err := all.next(ctx)
		if err != nil || p == nil {
			return err
		}
		if len(p.faults()) > 0 {
			if p, err = r.atOnce(ctx, p.id); err != nil {
				return err
			}
		}
		if r.overdue(p) {
			continue
		}
		if err := r.tell(p); err != nil {
			return err
		}
	}
}

// overdue keeps an order for later that is open for too long.
func (r *run) overdue(p *purchase) bool {
	if !p.open() || r.Now().Sub(p.order.UpdatedAt) <= overdue {
		return false
	}
	id, err := uuid.Parse(p.id)
	if err != nil {
		return false
	}
	r.late = append(r.late, id)
	return true
}

// tell counts a purchase, and says what is wrong with it.
func (r *run) tell(p *purchase) error {
	r.count(p)
	for _, f := range p.faults() {
		if err := r.fault(f); err != nil {
			return err
		}
	}
	return nil
}

// count adds a purchase to the sums.
func (r *run) count(p *purchase) {
	r.step()
	if p.reservation != nil {
		r.sums.Reservations[p.reservation.State]++
	}
	if p.order == nil {
		return
	}
	r.sums.Orders[p.order.State]++
	if p.order.State == api.OrderConfirmed && p.order.Total != nil {
		r.sums.Money[p.order.Total.Currency] += p.order.Total.Amount
	}
}

// atOnce reads all that is under an id as it was at one moment: a part that is
// the same before and after the others were read was so all the while, for no
// order or reservation comes back to what it has been.
func (r *run) atOnce(ctx context.Context, id string) (*purchase, error) {
	for {
		before, err := r.decided(ctx, id)
		if err != nil {
			return nil, err
		}
		moved, err := r.store.Movements(ctx, api.MovementQuery{Operation: id, Limit: api.MaxLimit})
		if err != nil {
			return nil, err
		}
		after, err := r.decided(ctx, id)
		if err != nil {
			return nil, err
		}
		if same(before, after) {
			after.movements = moved.Movements
			return after, nil
		}
	}
}

// decided reads an order, and then its reservation.
func (r *run) decided(ctx context.Context, id string) (*purchase, error) {
	p := &purchase{id: id}
	order, err := r.store.Order(ctx, id)
	switch api.CodeOf(err) {
	case "":
		p.order = &order
	case api.CodeNotFound:
	default:
		return nil, err
	}
	reservation, err := r.store.Reservation(ctx, id)
	switch api.CodeOf(err) {
	case "":
		p.reservation = &reservation
	case api.CodeNotFound:
	default:
		return nil, err
	}
	return p, nil
}

// same says whether two readings of an id found the same states.
func same(a, b *purchase) bool {
	return (a.order == nil) == (b.order == nil) && (a.order == nil || a.order.State == b.order.State) &&
		(a.reservation == nil) == (b.reservation == nil) && (a.reservation == nil || a.reservation.State == b.reservation.State)
}
