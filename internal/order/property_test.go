package order_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/pkg/api"
)

// unreliable loses every third request to the catalog and every third answer.
func (l *line) unreliable(seed uint64) {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 0))
	roll := func() int {
		mu.Lock()
		defer mu.Unlock()
		return dice.IntN(3)
	}
	l.set(func(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
		return []way{open, broken(errLost), lost}[roll()](ctx, at, batch)
	})
	l.setBack(func(ctx context.Context, at order.Catalog, id string) (api.Reservation, error) {
		return []wayBack{openBack, brokenBack(errLost), lostBack}[roll()](ctx, at, id)
	})
}

// acknowledged is what customers were told of orders, by id.
type acknowledged struct {
	mu    sync.Mutex
	told  map[string]map[api.OrderState]bool
	wants map[string]bool // whose cancelling was asked for
}

func (a *acknowledged) add(id string, state api.OrderState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told[id] == nil {
		a.told[id] = map[api.OrderState]bool{}
	}
	a.told[id][state] = true
}

// Customers place and cancel the same few orders at the same time, two services
// recover meanwhile, and calls of the catalog are lost both ways: whatever
// anybody was told holds, and in the end orders and stock agree.
func TestPlacingCancellingAndRecoveringAtOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := openShop(t)
		defer s.close()
		other := s.another()
		defer other.Close()
		stock := rapid.Int64Range(0, 12).Draw(r, "stock")
		book := s.book("T", 100, stock)
		s.line.unreliable(rapid.Uint64().Draw(r, "seed"))

		a := acknowledged{told: map[string]map[api.OrderState]bool{}, wants: map[string]bool{}}
		var ids []string
		for range rapid.IntRange(1, 6).Draw(r, "orders") {
			ids = append(ids, api.NewID())
		}
		var wg sync.WaitGroup
		for range rapid.IntRange(5, 40).Draw(r, "steps") {
			id, at := rapid.SampledFrom(ids).Draw(r, "id"), rapid.SampledFrom([]*order.Service{s.Service, other}).Draw(r, "service")
			switch rapid.SampledFrom([]string{"place", "place", "cancel", "recover"}).Draw(r, "step") {
			case "place":
				wg.Go(func() { a.place(t, at, id, book) })
			case "cancel":
				a.wants[id] = true
				wg.Go(func() { a.cancel(t, at, id) })
			case "recover":
				wg.Go(func() { _ = at.RecoverAll(t.Context()) }) // the calls that it lost are its error
			}
		}
		wg.Wait()
		s.line.set(open)
		s.line.setBack(openBack)
		if err := s.RecoverAll(t.Context()); err != nil {
			t.Error(err)
		}
		s.checkSettled()
		a.check(s, book, stock)
		if t.Failed() {
			r.FailNow()
		}
	})
}

func (a *acknowledged) place(t *testing.T, at *order.Service, id string, book int64) {
	placed, _, err := at.Place(t.Context(), api.LocalAccount, id, wish(copies(book, 2)))
	switch api.CodeOf(err) {
	case "":
		a.add(id, placed.State)
	case api.CodeOutOfStock:
		a.add(id, api.OrderRejected)
	case api.CodeCancelled:
		a.add(id, api.OrderCancelling)
	default:
		t.Errorf("place: %v", err)
	}
}

func (a *acknowledged) cancel(t *testing.T, at *order.Service, id string) {
	o, err := at.Cancel(t.Context(), api.LocalAccount, id)
	switch {
	case err == nil:
		a.add(id, o.State)
	case api.CodeOf(err) == api.CodeConflict && strings.Contains(err.Error(), "was rejected"):
		a.add(id, api.OrderRejected)
	default:
		t.Errorf("cancel: %v", err)
	}
}

// check proves that each order is what was told of it, or a later state, and
// that the shelf lacks what confirmed orders have.
func (a *acknowledged) check(s *shop, book, stock int64) {
	s.t.Helper()
	for id, told := range a.told {
		end := s.order(id).State
		switch {
		case told[api.OrderRejected] && end != api.OrderRejected,
			(told[api.OrderCancelling] || told[api.OrderCancelled]) && end != api.OrderCancelled,
			told[api.OrderConfirmed] && end != api.OrderConfirmed && !a.wants[id],
			end == api.OrderCancelled && !a.wants[id]:
			s.t.Errorf("order %s is %s; told was %v, cancelling wanted: %t", id, end, told, a.wants[id])
		}
		if end == api.OrderConfirmed {
			stock -= 2
		}
	}
	if left := s.stock(book); left != stock {
		s.t.Errorf("%d left, not %d", left, stock)
	}
}
