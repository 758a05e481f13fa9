package contract_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// An order that is taken back is cancelled once, in the same words, and its
// copies are on the shelf again.
func walkCancels(s *shop) {
	id := api.NewID()
	path, wish := "/v1/orders/"+id, `{"lines":[{"book_id":8,"quantity":2},{"book_id":1,"quantity":1}]}`
	placed := as[api.Order](s.put(path, wish).is(http.StatusCreated))
	first := s.post(path+"/cancel", "").is(http.StatusOK)
	if o := as[api.Order](first); o.State != api.OrderCancelled || o.Reason != nil || *o.Total != *placed.Total || len(o.Lines) != 2 {
		s.Errorf("cancelled %+v", o)
	}
	for _, again := range []answer{s.post(path+"/cancel", ""), s.post("/v1/orders/"+strings.ToUpper(id)+"/cancel", ""), s.get(path)} {
		if !bytes.Equal(again.is(http.StatusOK).got, first.got) {
			s.Errorf("cancelled %s, then %s", first.got, again.got)
		}
	}
	if p := s.put(path, wish).fails(api.CodeCancelled); p.OrderID != id {
		s.Errorf("placed again: %+v", p)
	}
	s.put(path, `{"lines":[{"book_id":8,"quantity":3}]}`).fails(api.CodeIDReused)
	if got := as[api.Book](s.get("/v1/books/8")); got.Stock != 12 || got.Version != 1 {
		s.Errorf("after the cancel: %+v", got)
	}
	entries := as[api.History](s.get("/v1/books/8/history").is(http.StatusOK)).Entries
	if last := entries[len(entries)-1]; last.Reason != "released" || last.Change != 2 || last.Operation != id {
		s.Errorf("the history ends with %+v", last)
	}
	s.cancelUnseen(wish)
	s.cancelRejected()
}

// cancelUnseen wants an id that was given up to stay so.
func (s *shop) cancelUnseen(wish string) {
	s.Helper()
	path := newOrder()
	first := s.post(path+"/cancel", "").is(http.StatusOK)
	if o := as[api.Order](first); o.State != api.OrderCancelled || len(o.Lines) != 0 || o.Total != nil {
		s.Errorf("cancelled %+v", o)
	}
	if p := s.put(path, wish).fails(api.CodeCancelled); "/v1/orders/"+p.OrderID != path {
		s.Errorf("placed late: %+v", p)
	}
	s.post("/purchase/8", "", "Idempotency-Key: "+strings.TrimPrefix(path, "/v1/orders/")).fails(api.CodeCancelled)
	if again := s.post(path+"/cancel", "").is(http.StatusOK); !bytes.Equal(again.got, first.got) {
		s.Errorf("cancelled %s, then %s", first.got, again.got)
	}
	s.get("/v1/orders").is(http.StatusOK)
}

func (s *shop) cancelRejected() {
	s.Helper()
	path, wish := newOrder(), `{"lines":[{"book_id":8,"quantity":13}]}`
	first := s.put(path, wish)
	first.fails(api.CodeOutOfStock)
	if p := s.post(path+"/cancel", "").fails(api.CodeConflict); "/v1/orders/"+p.OrderID != path {
		s.Errorf("cancelled a rejected order: %+v", p)
	}
	if again := s.put(path, wish); !bytes.Equal(again.got, first.got) {
		s.Errorf("refused %s, then %s", first.got, again.got)
	}
	s.post(newOrder()+"/cancel?now=true", "").fails(api.CodeInvalid)
	for _, bad := range []string{"1", "x", "00000000-0000-0000-0000-000000000000"} {
		s.post("/v1/orders/"+bad+"/cancel", "").fails(api.CodeInvalid)
	}
}

func walkReleases(s *shop) {
	if s.catalog == "" {
		s.Skip("the catalog of one process has no address")
	}
	release := func(id string) answer { return s.ask(http.MethodDelete, "/v1/reservations/"+id, "") }
	taken, refused, unseen := api.NewID(), api.NewID(), api.NewID()
	batch := func(ids ...string) string {
		var list []string
		for i, id := range ids {
			list = append(list, fmt.Sprintf(`{"id":%q,"lines":[{"book_id":8,"quantity":%d}]}`, id, 12+i))
		}
		return `{"reservations":[` + strings.Join(list, ",") + `]}`
	}
	s.post("/v1/reservations", batch(taken, refused)).is(http.StatusOK)
	for id, want := range map[string]api.ReservationState{taken: api.Released, refused: api.Refused, unseen: api.Refused} {
		first := release(id).is(http.StatusOK)
		if r := as[api.Reservation](first); r.ID != id || r.State != want || (len(r.Lines) == 0) != (id == unseen) {
			s.Errorf("released %+v", r)
		}
		if again := release(strings.ToUpper(id)).is(http.StatusOK); !bytes.Equal(again.got, first.got) {
			s.Errorf("released %s, then %s", first.got, again.got)
		}
	}
	late := as[api.ReservationResults](s.post("/v1/reservations", batch(taken, refused, unseen)).is(http.StatusOK)).Results
	if late[0].State != api.Released || *late[1].Reason != api.CodeOutOfStock || *late[2].Reason != api.CodeCancelled {
		s.Errorf("asked late %+v", late)
	}
	if got := as[api.Book](s.get("/v1/books/8")); got.Stock != 12 {
		s.Errorf("12 copies given back are %d", got.Stock)
	}
	s.get("/v1/reservations").is(http.StatusOK)
	release("x").fails(api.CodeInvalid)
	s.ask(http.MethodDelete, "/v1/reservations/"+taken+"?x=1", "").fails(api.CodeInvalid)
}
