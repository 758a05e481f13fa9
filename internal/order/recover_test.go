package order_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/pkg/api"
)

// after runs the services' recoveries for a while; the time is the bubble's,
// the databases are real.
func (s *shop) after(d time.Duration, services ...*order.Service) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), d)
	defer cancel()
	ended := make(chan error)
	for _, service := range services {
		go func() { ended <- service.Recover(ctx) }()
	}
	for range services {
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}
}

// inBubble runs f in a bubble of time. The shop is opened outside, because
// a database is made in real time.
func inBubble(t *testing.T, f func(t *testing.T, s *shop)) {
	s := openShop(t)
	synctest.Test(t, func(t *testing.T) {
		s.t = t
		defer s.close()
		f(t, s)
	})
}

func (s *shop) place(book int64) (id string, state api.OrderState) {
	s.t.Helper()
	id = api.NewID()
	placed, _, err := s.Place(s.t.Context(), api.LocalAccount, id, wish(copies(book, 1)))
	if err != nil {
		s.t.Fatal(err)
	}
	return id, placed.State
}

// Only an explicit decision decides.
func TestWithoutADecisionAnOrderStaysPendingAndIsRecovered(t *testing.T) {
	for name, w := range map[string]way{
		"unreachable":    broken(api.Errorf(api.CodeUnavailable, "connection refused")),
		"full":           broken(api.Errorf(api.CodeStorageFull, "full")),
		"internal":       broken(api.Errorf(api.CodeInternal, "500")),
		"too many":       broken(&api.Error{Status: http.StatusTooManyRequests, Code: "rate_limited"}),
		"refused as bad": broken(api.Errorf(api.CodeInvalid, "400")),
		"reset":          broken(errLost),
		"no answer":      silent,
		"answer lost":    lost,
		"no results": func(context.Context, order.Catalog, []api.ReservationRequest) ([]api.Reservation, error) {
			return nil, nil
		},
		"another's results": func(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
			return []api.Reservation{{ID: api.NewID(), State: api.Taken, Lines: make([]api.ReservedLine, len(batch[0].Lines))}}, nil
		},
		"no decision": func(_ context.Context, _ order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
			return []api.Reservation{{ID: batch[0].ID, State: "claimed"}}, nil
		},
		"taken, but other lines": func(_ context.Context, _ order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
			return []api.Reservation{{ID: batch[0].ID, State: api.Taken, Lines: []api.ReservedLine{{BookID: 77, Quantity: 1}}}}, nil
		},
		"refused without a reason": func(_ context.Context, _ order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
			return []api.Reservation{{ID: batch[0].ID, State: api.Refused}}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *shop) {
				book := s.book("T", 100, 5)
				s.line.set(w)
				id, state := s.place(book)
				if state != api.OrderPending {
					t.Fatalf("order %s", state)
				}
				s.after(8*time.Second, s.Service)
				if o := s.order(id); o.State != api.OrderPending {
					t.Fatalf("order %s", o.State)
				}
				s.line.set(open)
				s.after(9*time.Second, s.Service)
				if o := s.order(id); o.State != api.OrderConfirmed || o.Total.Amount != 100 {
					t.Errorf("order %+v", o)
				}
				if s.stock(book) != 4 {
					t.Errorf("%d left", s.stock(book))
				}
				s.checkSettled()
			})
		})
	}
}

func TestALiveOrderIsLeftToItsRequest(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.line.set(broken(errLost))
		id, _ := s.place(s.book("T", 100, 5))
		s.line.set(open)
		s.after(4900*time.Millisecond, s.Service)
		if n := s.line.called(); n != 0 || s.order(id).State != api.OrderPending {
			t.Errorf("recovery called %d times within 5 s", n)
		}
		s.after(1200*time.Millisecond, s.Service)
		if o := s.order(id); o.State != api.OrderConfirmed {
			t.Errorf("after 6 s the order is %s", o.State)
		}
	})
}

func TestRecoveryBacksOffAndComesBackAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		book := s.book("T", 100, 500)
		s.line.set(broken(errLost))
		s.line.setBack(brokenBack(api.Errorf(api.CodeUnavailable, "down")))
		for i := range 30 {
			if id, _ := s.place(book); i%3 == 0 {
				s.cancel(id)
			}
		}
		s.line.set(broken(api.Errorf(api.CodeUnavailable, "down")))
		s.after(5*time.Second, s.Service)
		s.line.set(broken(api.Errorf(api.CodeUnavailable, "down")))
		s.after(30*time.Second, s.Service)
		if n := s.line.called(); n < 12 || n > 60 {
			t.Errorf("a catalog that is down was called %d times in 30 s", n)
		}
		s.line.set(open)
		s.line.setBack(openBack)
		s.after(3*time.Second, s.Service)
		s.checkSettled()
	})
}

// While it is alive a spoiler is looked for at once; that must not go on when it
// is down.
func TestACatalogThatGoesDownIsNotAskedInHalvesForLong(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.manyPending(1_000, s.book("T", 100, 1_000))
		asked, down := 0, api.Errorf(api.CodeInternal, "down")
		s.line.set(func(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
			if asked++; asked > 2 {
				return nil, down
			}
			return at.Reserve(ctx, batch)
		})
		s.after(35*time.Second, s.Service)
		if n := s.line.called(); n < 12 || n > 60 {
			t.Errorf("a catalog that went down was called %d times in 30 s", n)
		}
		s.line.set(open)
		s.after(3*time.Second, s.Service)
		s.checkSettled()
	})
}

// poisoned breaks each call that has an order with it.
func poisoned(err error) func(id string) way {
	return func(id string) way {
		return func(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
			if slices.ContainsFunc(batch, func(r api.ReservationRequest) bool { return r.ID == id }) {
				return nil, err
			}
			return at.Reserve(ctx, batch)
		}
	}
}

// Not even those that come while it fails again and again.
func TestAnOrderThatAlwaysFailsHoldsUpNoLaterOne(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		book := s.book("T", 100, 500)
		s.line.set(broken(errLost))
		spoiler, _ := s.place(book)
		s.line.set(poisoned(api.Errorf(api.CodeInternal, "500"))(spoiler))
		s.after(30*time.Second, s.Service)
		if n := s.line.called(); n < 12 || n > 60 {
			t.Errorf("an order that fails was tried %d times in 30 s", n)
		}
		s.line.set(broken(errLost))
		var ids []string
		for range 30 {
			id, _ := s.place(book)
			ids = append(ids, id)
		}
		s.line.set(poisoned(api.Errorf(api.CodeInternal, "500"))(spoiler))
		s.after(8*time.Second, s.Service)
		for i, id := range ids {
			if o := s.order(id); o.State != api.OrderConfirmed {
				t.Errorf("order %d is %s", i, o.State)
			}
		}
	})
}

func TestAnOrderThatCannotBeDecidedHoldsUpNoOther(t *testing.T) {
	for name, poison := range map[string]func(id string) way{
		"its answer makes no sense": func(id string) way {
			return func(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
				results, err := at.Reserve(ctx, slices.DeleteFunc(slices.Clone(batch), func(r api.ReservationRequest) bool { return r.ID == id }))
				if i := slices.IndexFunc(batch, func(r api.ReservationRequest) bool { return r.ID == id }); i >= 0 {
					if len(batch) == 1 {
						results, err = nil, nil
					}
					results = slices.Insert(results, i, api.Reservation{ID: id, State: "claimed"})
				}
				return results, err
			}
		},
		"it is refused as a bad request":      poisoned(api.Errorf(api.CodeInvalid, "400")),
		"the catalog fails at it":             poisoned(api.Errorf(api.CodeInternal, "500")),
		"the catalog is unavailable for it":   poisoned(api.Errorf(api.CodeUnavailable, "503")),
		"the connection breaks when it comes": poisoned(errLost),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *shop) {
				book := s.book("T", 100, 500)
				s.line.set(broken(errLost))
				var ids []string
				for range 20 {
					id, _ := s.place(book)
					ids = append(ids, id)
				}
				s.line.set(poison(ids[7]))
				s.after(12*time.Second, s.Service)
				for i, id := range ids {
					if o := s.order(id); (o.State == api.OrderConfirmed) == (i == 7) {
						t.Errorf("order %d is %s", i, o.State)
					}
				}
			})
		})
	}
}

func TestRecoveriesOfSeveralProcessesShareTheWork(t *testing.T) {
	s := openShop(t)
	other := s.another()
	synctest.Test(t, func(t *testing.T) {
		s.t = t
		defer s.close()
		defer other.Close()
		book := s.book("T", 100, 150)
		s.line.set(broken(errLost))
		for range 230 {
			s.place(book)
		}
		s.line.set(open)
		s.after(8*time.Second, s.Service, other)
		if n := s.line.called(); n > 16 {
			t.Errorf("230 orders took %d calls", n)
		}
		if s.stock(book) != 0 {
			t.Errorf("%d left", s.stock(book))
		}
		s.checkSettled()
	})
}

// Recovery looks for due orders every second, and however many orders there are, and
// an outage leaves, it reads those that it takes.
func TestRecoveryLooksForDueOrdersByTheirIndex(t *testing.T) {
	s := newShop(t)
	for _, query := range []string{"SELECT 1 FROM orders WHERE " + order.IsDue + " LIMIT 1", "SELECT id FROM orders WHERE " + order.IsDue + " ORDER BY attempt_at LIMIT 9"} {
		var steps []struct{ Detail string }
		if err := s.DB().Read(t.Context()).Raw("EXPLAIN QUERY PLAN "+query, false, 0).Scan(&steps).Error; err != nil {
			t.Fatal(err)
		}
		if len(steps) != 1 || !strings.Contains(steps[0].Detail, "INDEX orders_due (<expr>=? AND attempt_at<?)") {
			t.Errorf("%s: %v", query, steps)
		}
	}
}

// Orders that are recovered together are not more than a batch carries.
func TestRecoveryOfLongOrdersIsDoneInParts(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		var long []api.LineRequest
		for i := range api.MaxOrderLines {
			long = append(long, copies(s.book(fmt.Sprint("T", i), 100, 50), 1))
		}
		s.line.set(broken(errLost))
		for n := range 45 {
			if placed, _, err := s.Place(t.Context(), api.LocalAccount, api.NewID(), wish(long[:100-n%2]...)); err != nil || placed.State != api.OrderPending {
				t.Fatal(placed.State, err)
			}
		}
		var calls []int
		s.line.set(func(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
			lines := 0
			for _, r := range batch {
				lines += len(r.Lines)
			}
			calls = append(calls, lines)
			return at.Reserve(ctx, batch)
		})
		s.after(8*time.Second, s.Service)
		if len(calls) != 3 || slices.Max(calls) > 2_000 {
			t.Errorf("calls of %v lines", calls)
		}
		s.checkSettled()
	})
}

func TestALeaseThatNobodyEndedRunsOut(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		book := s.book("T", 100, 5)
		s.line.set(broken(errLost))
		id, _ := s.place(book)
		s.line.set(silent)
		s.after(6*time.Second, s.Service) // is cut off while it waits for the answer
		s.line.set(open)
		s.after(6*time.Second, s.Service)
		if o := s.order(id); o.State != api.OrderConfirmed {
			t.Errorf("order %s", o.State)
		}
		s.checkSettled()
	})
}

// The customer goes, the order goes on.
func TestWhoLeavesDoesNotStopTheOrder(t *testing.T) {
	s := newShop(t)
	book, id := s.book("T", 100, 5), api.NewID()
	ctx, cancel := context.WithCancel(t.Context())
	arrived, decided := make(chan struct{}), make(chan struct{})
	s.line.set(func(c context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
		close(arrived)
		<-ctx.Done()
		defer close(decided)
		return at.Reserve(c, batch)
	})
	go func() {
		<-arrived
		cancel()
	}()
	placed, _, err := s.Place(ctx, api.LocalAccount, id, wish(copies(book, 1)))
	<-decided
	if err != nil || placed.State != api.OrderConfirmed || s.stock(book) != 4 {
		t.Errorf("%s, %v", placed.State, err)
	}
}

func TestAReplayWhileTheFirstIsUnderWay(t *testing.T) {
	s := newShop(t)
	book, id := s.book("T", 100, 50), api.NewID()
	results := make(chan error, 10)
	for range cap(results) {
		go func() {
			placed, _, err := s.Place(t.Context(), api.LocalAccount, id, wish(copies(book, 1)))
			if err == nil && placed.State != api.OrderConfirmed {
				err = errors.New(fmt.Sprint("order ", placed.State))
			}
			results <- err
		}()
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if s.stock(book) != 49 {
		t.Errorf("%d left", s.stock(book))
	}
}
