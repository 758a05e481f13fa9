package order_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/pkg/api"
)

func (s *shop) cancel(id string) api.Order {
	s.t.Helper()
	o, err := s.Cancel(s.t.Context(), api.LocalAccount, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func TestAConfirmedOrderIsTakenBackOnce(t *testing.T) {
	s := newShop(t)
	book := s.book("T", 100, 5)
	id, _ := s.place(book)
	first := s.cancel(id)
	if first.State != api.OrderCancelled || first.Total.Amount != 100 || *first.Lines[0].Title != "T" || first.Reason != nil || s.stock(book) != 5 {
		t.Errorf("%+v, %d left", first, s.stock(book))
	}
	if again := s.cancel(id); !reflect.DeepEqual(again, first) || s.stock(book) != 5 || !reflect.DeepEqual(s.order(id), first) {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	_, _, err := s.Place(t.Context(), api.LocalAccount, id, wish(copies(book, 1)))
	wants(t, err, api.CodeCancelled, "order "+id+" was cancelled")
	_, _, err = s.Place(t.Context(), api.LocalAccount, id, wish(copies(book, 2)))
	wants(t, err, api.CodeIDReused)
	s.checkSettled()
}

func TestAnIDThatIsCancelledBeforeItIsPlacedNeverIs(t *testing.T) {
	s := newShop(t)
	book, id := s.book("T", 100, 5), api.NewID()
	first := s.cancel(id)
	if first.State != api.OrderCancelled || first.Lines == nil || len(first.Lines) != 0 || first.Total != nil {
		t.Errorf("%+v", first)
	}
	_, created, err := s.Place(t.Context(), api.LocalAccount, id, wish(copies(book, 1)))
	wants(t, err, api.CodeCancelled, "order "+id+" was cancelled")
	if created || s.stock(book) != 5 || !reflect.DeepEqual(s.cancel(id), first) {
		t.Errorf("created %t, %d left", created, s.stock(book))
	}
	s.checkSettled()
}

func TestAnOrderWhoseDecisionIsNotKnownIsTakenBack(t *testing.T) {
	for name, w := range map[string]way{"it was never asked": broken(errLost), "it was taken": lost} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			book := s.book("T", 100, 5)
			s.line.set(w)
			id, _ := s.place(book)
			s.line.set(open)
			if o := s.cancel(id); o.State != api.OrderCancelled || o.Total != nil || s.stock(book) != 5 {
				t.Errorf("%+v, %d left", o, s.stock(book))
			}
			s.checkSettled()
		})
	}
}

func TestARejectedOrderIsNotCancelled(t *testing.T) {
	s := newShop(t)
	book, id := s.book("T", 100, 0), api.NewID()
	_, _, first := s.Place(t.Context(), api.LocalAccount, id, wish(copies(book, 1)))
	wants(t, first, api.CodeOutOfStock)
	for range 2 {
		_, err := s.Cancel(t.Context(), api.LocalAccount, id)
		wants(t, err, api.CodeConflict, "was rejected")
		if api.AsError(err).OrderID != id {
			t.Errorf("%+v", err)
		}
	}
	_, _, again := s.Place(t.Context(), api.LocalAccount, id, wish(copies(book, 1)))
	if !reflect.DeepEqual(again, first) {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	s.checkSettled()
}

func TestAnotherAccountsOrderIsNotCancelledAndNothingIsToldOfIt(t *testing.T) {
	s := newShop(t)
	book, id, unseen := s.book("T", 100, 5), api.NewID(), api.NewID()
	if _, _, err := s.Place(t.Context(), "ann", id, wish(copies(book, 1))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Cancel(t.Context(), "ann", unseen); err != nil {
		t.Fatal(err)
	}
	for _, one := range []string{id, unseen} {
		_, err := s.Cancel(t.Context(), "bob", one)
		wants(t, err, api.CodeConflict)
		_, _, placed := s.Place(t.Context(), "bob", one, wish(copies(book, 1)))
		if e := api.AsError(err); placed.Error() != err.Error() || strings.Contains(err.Error(), "cancel") || e.OrderID != "" || e.Errors != nil {
			t.Errorf("bob is told %q, or %q", err, placed)
		}
	}
	if s.stock(book) != 4 {
		t.Errorf("%d left", s.stock(book))
	}
	s.checkSettled()
}

// Only the catalog's word ends it.
func TestWithoutAnAnswerAnOrderStaysCancellingAndIsRecovered(t *testing.T) {
	for name, w := range map[string]wayBack{
		"unreachable":  brokenBack(api.Errorf(api.CodeUnavailable, "connection refused")),
		"bad request":  brokenBack(api.Errorf(api.CodeInvalid, "400")),
		"no such path": brokenBack(api.Errorf(api.CodeNotFound, "404")),
		"reset":        brokenBack(errLost),
		"answer lost":  lostBack,
		"no answer": func(ctx context.Context, _ order.Catalog, _ string) (api.Reservation, error) {
			<-ctx.Done()
			return api.Reservation{}, ctx.Err()
		},
		"still taken": func(_ context.Context, _ order.Catalog, id string) (api.Reservation, error) {
			return api.Reservation{ID: id, State: api.Taken}, nil
		},
		"another's": func(context.Context, order.Catalog, string) (api.Reservation, error) {
			return api.Reservation{ID: api.NewID(), State: api.Released}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *shop) {
				book := s.book("T", 100, 5)
				id, _ := s.place(book)
				s.line.setBack(w)
				if o := s.cancel(id); o.State != api.OrderCancelling {
					t.Fatalf("order %s", o.State)
				}
				s.after(8*time.Second, s.Service)
				if o := s.order(id); o.State != api.OrderCancelling {
					t.Fatalf("order %s", o.State)
				}
				s.line.setBack(openBack)
				s.after(9*time.Second, s.Service)
				if o := s.order(id); o.State != api.OrderCancelled || s.stock(book) != 5 {
					t.Errorf("order %s, %d left", o.State, s.stock(book))
				}
				s.checkSettled()
			})
		})
	}
}

func TestACancelThatFailsHoldsUpNoOtherOrder(t *testing.T) {
	for _, failure := range []error{
		api.Errorf(api.CodeInvalid, "400"), api.Errorf(api.CodeInternal, "500"), api.Errorf(api.CodeUnavailable, "503"), errLost,
	} {
		t.Run(failure.Error(), func(t *testing.T) { failACancel(t, failure) })
	}
}

func failACancel(t *testing.T, failure error) {
	inBubble(t, func(t *testing.T, s *shop) {
		book := s.book("T", 100, 50)
		s.line.set(broken(errLost))
		s.line.setBack(brokenBack(errLost))
		var ids []string
		for i := range 12 {
			id, _ := s.place(book)
			if ids = append(ids, id); i%2 == 0 {
				s.cancel(id)
			}
		}
		s.line.set(open)
		s.line.setBack(func(ctx context.Context, at order.Catalog, id string) (api.Reservation, error) {
			if id == ids[0] {
				return api.Reservation{}, failure
			}
			return at.Release(ctx, id)
		})
		s.after(12*time.Second, s.Service)
		for i, id := range ids {
			want := []api.OrderState{api.OrderCancelled, api.OrderConfirmed}[i%2]
			if i == 0 {
				want = api.OrderCancelling
			}
			if o := s.order(id); o.State != want {
				t.Errorf("order %d is %s, want %s", i, o.State, want)
			}
		}
		if s.stock(book) != 44 {
			t.Errorf("%d left", s.stock(book))
		}
	})
}

func TestALiveCancelIsLeftToItsRequest(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		id, _ := s.place(s.book("T", 100, 5))
		s.line.setBack(brokenBack(errLost))
		s.cancel(id)
		s.line.set(open)
		s.line.setBack(openBack)
		s.after(4900*time.Millisecond, s.Service)
		if n := s.line.called(); n != 0 || s.order(id).State != api.OrderCancelling {
			t.Errorf("recovery called %d times within 5 s", n)
		}
		s.after(1200*time.Millisecond, s.Service)
		if o := s.order(id); o.State != api.OrderCancelled {
			t.Errorf("after 6 s the order is %s", o.State)
		}
	})
}

func TestACancelIsAnsweredByItsState(t *testing.T) {
	s := newShop(t)
	book := s.book("T", 100, 5)
	id, _ := s.place(book)
	s.line.setBack(lostBack)
	waiting := s.post(id)
	if waiting.status != http.StatusAccepted || waiting.header.Get("Location") != "/v1/orders/"+id || waiting.header.Get("Retry-After") == "" ||
		!strings.Contains(waiting.body, `"state":"cancelling"`) {
		t.Errorf("%+v", waiting)
	}
	if late := s.put(id, wish(copies(book, 1))); late.status != http.StatusConflict || !strings.Contains(late.body, `"code":"cancelled"`) || !strings.Contains(late.body, `"order_id":"`+id) {
		t.Errorf("%+v", late)
	}
	s.line.setBack(openBack)
	first, again := s.post(strings.ToUpper(id)), s.post(id)
	if first.status != http.StatusOK || !strings.Contains(first.body, `"state":"cancelled"`) || again.body != first.body || again.status != first.status {
		t.Errorf("%+v\n%+v", first, again)
	}
	for _, bad := range []answer{s.post("7"), s.ask(http.MethodPost, "/v1/orders/"+id+"/cancel?now=true", "")} {
		if bad.status != http.StatusBadRequest {
			t.Errorf("%+v", bad)
		}
	}
}

// Orders from before cancelling keep what they are.
func TestOlderOrdersAreMigrated(t *testing.T) {
	path, id := olderOrders(t, 1), olderID
	s := newShop(t)
	service, err := order.Open(t.Context(), order.Options{Database: "sqlite:" + path, Catalog: s.line, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	o, err := service.Order(t.Context(), api.LocalAccount, id)
	if err != nil || o.State != api.OrderRejected || *o.Reason != api.CodeNotFound || len(o.Lines) != 1 || o.UpdatedAt.UnixMilli() != 3 {
		t.Errorf("%+v, %v", o, err)
	}
	_, _, err = service.Place(t.Context(), api.LocalAccount, id, wish(copies(9, 1)))
	wants(t, err, api.CodeNotFound, "no book 9")
}
