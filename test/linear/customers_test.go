package linear

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// customer does what an order service and the staff do, as fast as it can.
type customer struct {
	number int
	calls  []*client.Client // one for each catalog
	chance *rand.Rand
	books  []*history
	failed error
}

// act does so many operations.
func (c *customer) act(ctx context.Context, times int) {
	for range times {
		h := c.books[c.chance.IntN(len(c.books))]
		o, ok := c.choose(h)
		if !ok {
			continue
		}
		called := time.Now()
		a, err := c.do(ctx, h, o)
		switch {
		case err == nil:
			h.note(c.number, o, called, a)
		case api.CodeOf(err) == api.CodeOutcomeUnknown:
			h.note(c.number, o, called, answer{lost: true})
			c.wait()
		case api.CodeOf(err) == api.CodeUnavailable: // nothing was done, or read
			c.wait()
		default:
			c.failed = errors.Join(c.failed, err)
		}
	}
}

// wait gives a catalog that was killed time to come back.
func (c *customer) wait() { <-time.After(time.Duration(c.chance.IntN(int(30 * time.Millisecond)))) }

// choose draws what to do with a book.
func (c *customer) choose(h *history) (o operation, ok bool) {
	ids := h.known()
	old := operation{}
	if len(ids) > 0 {
		old = ids[c.chance.IntN(len(ids))].first
	}
	n := c.chance.IntN(100)
	if h.isHazy() {
		n = 99
	}
	switch {
	case n < 30:
		return h.slot(api.NewID(), reserve, int64(1+c.chance.IntN(3)))
	case n < 34:
		return h.slot(api.NewID(), release, 0)
	case n < 42:
		return h.slot(api.NewID(), add, []int64{-2, -1, 1, 2, 4}[c.chance.IntN(5)])
	case n < 45:
		return h.slot(api.NewID(), set, int64(c.chance.IntN(6)))
	case n < 75 && len(ids) > 0:
		return c.again(old, n), true
	default:
		return operation{kind: read}, true
	}
}

// again uses an id that was used: a movement can only be asked for again, a
// reservation be released or looked at, too.
func (c *customer) again(old operation, n int) operation {
	switch {
	case old.kind == add || old.kind == set:
	case n < 60:
		old.kind = release
	case n < 68:
		old.kind = look
	case old.kind == release:
		old.kind, old.copies = reserve, 1
	}
	return old
}

func (c *customer) do(ctx context.Context, h *history, o operation) (answer, error) {
	calls, ref := c.calls[c.chance.IntN(len(c.calls))], strconv.FormatInt(h.book, 10)
	switch o.kind {
	case read:
		book, err := calls.Book(ctx, ref)
		return answer{stock: book.Stock}, err
	case reserve:
		got, err := calls.Reserve(ctx, []api.ReservationRequest{{ID: h.id(o), Lines: []api.LineRequest{{BookID: h.book, Quantity: o.copies}}}})
		if err == nil && len(got) != 1 {
			err = errors.New("one reservation has not one answer")
		}
		if err != nil {
			return answer{}, err
		}
		return understand(&got[0]), nil
	case release:
		got, err := calls.Release(ctx, h.id(o))
		if err != nil {
			return answer{}, err
		}
		return understand(&got), nil
	case look:
		got, err := calls.Reservation(ctx, h.id(o))
		if api.CodeOf(err) == api.CodeNotFound {
			return answer{}, nil
		}
		if err != nil {
			return answer{}, err
		}
		return understand(&got), nil
	default:
		return c.move(ctx, calls, h.id(o), ref, o)
	}
}

func (c *customer) move(ctx context.Context, calls *client.Client, id, ref string, o operation) (answer, error) {
	asked := api.MovementRequest{Set: &o.copies}
	if o.kind == add {
		asked = api.MovementRequest{Delta: &o.copies}
	}
	book, err := calls.Move(ctx, ref, id, asked)
	if api.CodeOf(err) == api.CodeOutOfStock {
		return answer{short: true}, nil
	}
	return answer{stock: book.Stock}, err
}

// understand is what a reservation says.
func understand(r *api.Reservation) (a answer) {
	switch {
	case r.State == api.Taken:
		a.decision = taken
	case r.State == api.Released:
		a.decision = released
	case r.Reason != nil && *r.Reason == api.CodeCancelled:
		a.decision = tombstone
	default:
		a.decision = refused
	}
	if len(r.Lines) == 1 && r.Lines[0].Available != nil {
		a.available = *r.Lines[0].Available
	}
	return a
}
