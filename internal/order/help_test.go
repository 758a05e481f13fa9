package order_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// Properties are checked as often as a short test run allows; -rapid.checks
// asks for more.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "15")
	os.Exit(m.Run())
}

var errLost = errors.New("lost on the way")

// way is how a call gets to the catalog, and its answer back.
type way func(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error)

func open(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
	return at.Reserve(ctx, batch)
}

// broken loses the request, lost the answer.
func broken(err error) way {
	return func(context.Context, order.Catalog, []api.ReservationRequest) ([]api.Reservation, error) {
		return nil, err
	}
}

func lost(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
	if _, err := at.Reserve(ctx, batch); err != nil {
		return nil, err
	}
	return nil, errLost
}

func silent(ctx context.Context, _ order.Catalog, _ []api.ReservationRequest) ([]api.Reservation, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// wayBack is how a call to release gets to the catalog, and its answer back.
type wayBack func(ctx context.Context, at order.Catalog, id string) (api.Reservation, error)

func openBack(ctx context.Context, at order.Catalog, id string) (api.Reservation, error) {
	return at.Release(ctx, id)
}

func brokenBack(err error) wayBack {
	return func(context.Context, order.Catalog, string) (api.Reservation, error) {
		return api.Reservation{}, err
	}
}

func lostBack(ctx context.Context, at order.Catalog, id string) (api.Reservation, error) {
	if _, err := at.Release(ctx, id); err != nil {
		return api.Reservation{}, err
	}
	return api.Reservation{}, errLost
}

// line is the real catalog behind ways that change.
type line struct {
	real order.Catalog

	mu    sync.Mutex
	way   way
	back  wayBack
	calls int
}

func (l *line) set(w way) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.way, l.calls = w, 0
}

func (l *line) setBack(w wayBack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.back = w
}

func (l *line) called() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

func (l *line) Reserve(ctx context.Context, batch []api.ReservationRequest) ([]api.Reservation, error) {
	l.mu.Lock()
	w := l.way
	l.calls++
	l.mu.Unlock()
	return w(ctx, l.real, batch)
}

func (l *line) Release(ctx context.Context, id string) (api.Reservation, error) {
	l.mu.Lock()
	back := l.back
	l.calls++
	l.mu.Unlock()
	return back(ctx, l.real, id)
}

// shop is an order service with the real catalog at the end of a line.
type shop struct {
	*order.Service

	t     testing.TB
	path  string
	books *catalog.Service
	line  *line
}

func newShop(t testing.TB) *shop {
	t.Helper()
	s := openShop(t)
	t.Cleanup(s.close)
	return s
}

func (s *shop) close() {
	if err := errors.Join(s.Close(), s.books.Close()); err != nil {
		s.t.Errorf("close: %v", err)
	}
}

func openShop(t testing.TB) *shop {
	t.Helper()
	dir := t.TempDir()
	books, err := catalog.Open(t.Context(), catalog.Options{Database: "sqlite:" + filepath.Join(dir, "catalog.db"), Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, path: filepath.Join(dir, "order.db"), books: books, line: &line{real: books, way: open, back: openBack}}
	s.Service = s.another()
	// What opens when it is first used is opened here, outside of any bubble: the
	// catalog's writer by a movement of no book. A new book would do so as well, but
	// has work on the index in the background that may reach into a bubble.
	one := int64(1)
	_, err = books.Move(t.Context(), "1", api.NewID(), api.MovementRequest{Delta: &one})
	wants(t, err, api.CodeNotFound)
	return s
}

// another opens the same orders once more, as a second process would.
func (s *shop) another() *order.Service {
	s.t.Helper()
	service, err := order.Open(s.t.Context(), order.Options{Database: "sqlite:" + s.path, Catalog: s.line, Log: quiet()})
	if err != nil {
		s.t.Fatal(err)
	}
	// What opens when it is first used is opened here, outside of any bubble.
	if err := service.DB().Write(s.t.Context(), func(*gorm.DB) error { return nil }); err != nil {
		s.t.Fatal(err)
	}
	return service
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (s *shop) book(title string, cents, stock int64) int64 {
	s.t.Helper()
	b, err := s.books.Create(s.t.Context(), api.BookEdit{
		Title: api.Some(title), Price: api.Some(api.Money{Amount: cents, Currency: "USD"}), Stock: api.Some(stock),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return b.ID
}

func (s *shop) stock(book int64) int64 {
	s.t.Helper()
	b, err := s.books.Book(s.t.Context(), fmt.Sprint(book))
	if err != nil {
		s.t.Fatal(err)
	}
	return b.Stock
}

func wish(lines ...api.LineRequest) api.OrderRequest { return api.OrderRequest{Lines: lines} }

func copies(book, quantity int64) api.LineRequest {
	return api.LineRequest{BookID: book, Quantity: quantity}
}

func (s *shop) order(id string) api.Order {
	s.t.Helper()
	o, err := s.Order(s.t.Context(), api.LocalAccount, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// answer is a reply over HTTP.
type answer struct {
	status int
	header http.Header
	body   string
}

// put sends PUT /v1/orders/{id} through the service's routes.
func (s *shop) put(id string, body any) answer {
	s.t.Helper()
	data, isText := body.(string)
	if !isText {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		data = string(encoded)
	}
	return s.ask(http.MethodPut, "/v1/orders/"+id, data)
}

// post sends POST /v1/orders/{id}/cancel through the service's routes.
func (s *shop) post(id string) answer {
	s.t.Helper()
	return s.ask(http.MethodPost, "/v1/orders/"+id+"/cancel", "")
}

func (s *shop) ask(method, path, data string) answer {
	s.t.Helper()
	engine := web.NewEngine(web.EngineOptions{Log: quiet()}, s.Routes())
	r := httptest.NewRequestWithContext(s.t.Context(), method, "http://localhost"+path, strings.NewReader(data))
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	reply, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{w.Code, w.Header(), string(reply)}
}

// wants fails unless err has the code and says every one of the texts.
func wants(t testing.TB, err error, code api.Code, texts ...string) {
	t.Helper()
	if api.CodeOf(err) != code {
		t.Fatalf("error %v (%s), want code %q", err, api.CodeOf(err), code)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

// checkSettled proves that orders and reservations say the same, and that each
// was decided once.
func (s *shop) checkSettled() {
	s.t.Helper()
	page, err := s.Orders(s.t.Context(), order.ListQuery{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	decided, err := s.books.Reservations(s.t.Context(), 1000, "")
	if err != nil {
		s.t.Fatal(err)
	}
	states := map[string]api.ReservationState{}
	for _, r := range decided.Reservations {
		states[r.ID] = r.State
	}
	want := map[api.OrderState][]api.ReservationState{
		api.OrderConfirmed: {api.Taken}, api.OrderRejected: {api.Refused}, api.OrderCancelled: {api.Released, api.Refused},
	}
	for _, o := range page.Orders {
		if !slices.Contains(want[o.State], states[o.ID]) {
			s.t.Errorf("order %s is %s, its reservation %q", o.ID, o.State, states[o.ID])
		}
		var total int64
		for _, l := range o.Lines {
			if l.Price != nil {
				total += l.Price.Amount * l.Quantity
			}
		}
		if o.State == api.OrderConfirmed && o.Total.Amount != total {
			s.t.Errorf("order %s costs %d, not %d", o.ID, o.Total.Amount, total)
		}
	}
	if len(page.Orders) != len(decided.Reservations) {
		s.t.Errorf("%d orders, %d reservations", len(page.Orders), len(decided.Reservations))
	}
}
