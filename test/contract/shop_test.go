package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/frontend"
	"github.com/bazar-store/bazar/internal/local"
	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// shop is a store with the starter catalogue, and the way to it. Where catalog
// and orders are "", the services are not reachable but through the front end.
type shop struct {
	*testing.T

	check                  *checker
	catalog, orders, front string
	// accounts is the account service, of a shop that has one; introspect is how
	// services reach it. token is sent along.
	accounts, introspect, token string
	// through sends public requests through the front end.
	through bool
	// calls counts the requests that came to a service.
	calls *atomic.Int64
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func engine(routes []web.Route) *gin.Engine {
	return web.NewEngine(web.EngineOptions{Log: quiet()}, routes)
}

// serve puts a handler on a port of its own, behind the limits of a real server.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// openServices is a store of three servers.
func openServices(t *testing.T, c *checker) *shop {
	t.Helper()
	s := &shop{T: t, check: c, calls: new(atomic.Int64)}
	books, dir := openCatalog(t), t.TempDir()
	s.catalog = serve(t, s.counted(engine(books.Routes())))
	orders := openOrders(t, dir, newClient(t, client.Config{Catalog: []string{s.catalog}}))
	s.orders = serve(t, s.counted(engine(orders.Routes())))
	s.front = openFront(t, s.catalog, s.orders)
	return s
}

// counted counts the requests on their way to h.
func (s *shop) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		h.ServeHTTP(w, r)
	})
}

// openFrontEnd is the same store, of which only the front end is used where
// that is possible.
func openFrontEnd(t *testing.T, c *checker) *shop {
	t.Helper()
	s := openServices(t, c)
	s.through = true
	return s
}

// openOneProcess is a store whose services are behind the front end in its own
// process.
func openOneProcess(t *testing.T, c *checker) *shop {
	t.Helper()
	store, err := local.Open(local.Options{Dir: t.TempDir(), Starter: bookfile.Starter, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, store) })
	return &shop{T: t, check: c, front: serve(t, engine(frontend.New(store.Client()).Routes())), through: true}
}

func closed(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func openCatalog(t *testing.T) *catalog.Service {
	t.Helper()
	s, err := catalog.Open(context.Background(), catalog.Options{
		Database: "sqlite:" + filepath.Join(t.TempDir(), "catalog.db"), Starter: bookfile.Starter, Log: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

func openOrders(t *testing.T, dir string, books order.Catalog) *order.Service {
	t.Helper()
	s, err := order.Open(context.Background(), order.Options{
		Database: "sqlite:" + filepath.Join(dir, "order.db"), Catalog: books, Log: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

func openFront(t *testing.T, catalogURL, ordersURL string) string {
	t.Helper()
	calls := newClient(t, client.Config{Catalog: []string{catalogURL}, Orders: []string{ordersURL}})
	return serve(t, engine(frontend.New(calls).Routes()))
}

func newClient(t *testing.T, config client.Config) *client.Client {
	t.Helper()
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// base is the address that serves a path.
func (s *shop) base(path string) string {
	switch {
	case strings.HasPrefix(path, "/v1/introspect") && s.accounts != "":
		return s.introspect
	case s.accounts != "" && !s.through && isAccounts(path):
		return s.accounts
	case !strings.HasPrefix(path, "/v1/"), isAccounts(path), s.through && (s.catalog == "" || !private(path)):
		return s.front
	case strings.HasPrefix(path, "/v1/orders"):
		return s.orders
	default:
		return s.catalog
	}
}

// isAccounts says whether a path is the account service's.
func isAccounts(path string) bool {
	for _, prefix := range []string{"/v1/accounts", "/v1/me", "/v1/tokens", "/v1/introspect"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// private says whether a path has operations that are for services alone.
func private(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	return path == "/v1/reservations" || strings.HasPrefix(path, "/v1/reservations/")
}

// ask sends a request to who serves its path, and holds the reply against the
// contract. A public GET that a service answers is sent through the front end
// too, and must be answered the same. Headers are written "Name: value".
func (s *shop) ask(method, path, body string, headers ...string) answer {
	s.Helper()
	headers = append(s.credentials(), headers...)
	base := s.base(path)
	a := s.askAt(base, method, path, body, headers...)
	if method == http.MethodGet && base != s.front && base != s.introspect {
		s.same(a, s.askAt(s.front, method, path, body, headers...))
	}
	return a
}

// credentials are the headers that say who asks.
func (s *shop) credentials() []string {
	if s.token == "" {
		return nil
	}
	return []string{"Authorization: Bearer " + s.token}
}

// askAt asks at an address.
func (s *shop) askAt(base, method, path, body string, headers ...string) answer {
	s.Helper()
	e := exchange{request: request(s.T, base, method, path, body, headers), sent: []byte(body), public: base == s.front}
	var err error
	if e.reply, err = http.DefaultTransport.RoundTrip(e.request); err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	defer e.reply.Body.Close()
	if e.got, err = io.ReadAll(e.reply.Body); err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	if err := s.check.check(e); err != nil {
		s.Errorf("%s %s %.200s\n%s %.500s\n%v", method, path, body, e.reply.Status, e.got, err)
	}
	return answer{s.T, e}
}

func request(t *testing.T, base, method, path, body string, headers []string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Request-Id", "walk") // the same each time, so that replies can be compared
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	return r
}

// same wants the front end's answer to be the service's.
func (s *shop) same(direct, front answer) {
	s.Helper()
	if direct.status() != front.status() || !bytes.Equal(direct.got, front.got) {
		s.Errorf("%s: the service says %d %s, the front end %d %s",
			direct.request.URL.RequestURI(), direct.status(), direct.got, front.status(), front.got)
	}
	for _, name := range []string{"Content-Length", "Content-Type", "ETag", "Location", "Retry-After"} {
		if a, b := direct.reply.Header.Get(name), front.reply.Header.Get(name); a != b {
			s.Errorf("%s: the service's %s is %q, the front end's %q", direct.request.URL.RequestURI(), name, a, b)
		}
	}
}

func (s *shop) get(path string, headers ...string) answer {
	s.Helper()
	return s.ask(http.MethodGet, path, "", headers...)
}

func (s *shop) post(path, body string, headers ...string) answer {
	s.Helper()
	return s.ask(http.MethodPost, path, body, headers...)
}

func (s *shop) put(path, body string, headers ...string) answer {
	s.Helper()
	return s.ask(http.MethodPut, path, body, headers...)
}

func (s *shop) patch(path, body string, headers ...string) answer {
	s.Helper()
	return s.ask(http.MethodPatch, path, body, headers...)
}

// answer is what came back.
type answer struct {
	t *testing.T
	exchange
}

func (a answer) status() int { return a.reply.StatusCode }

func (a answer) header(name string) string { return a.reply.Header.Get(name) }

// is wants a status.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status() != status {
		a.t.Errorf("%s %s %.200s: %d %.300s, want %d", a.request.Method, a.request.URL.RequestURI(), a.sent, a.status(), a.got, status)
	}
	return a
}

// fails wants a problem with the code, and gives it.
func (a answer) fails(code api.Code) api.Error {
	a.t.Helper()
	var p api.Error
	if a.status() < 400 || json.Unmarshal(a.got, &p) != nil || p.Code != code {
		a.t.Errorf("%s %s %.200s: %d %.300s, want %s", a.request.Method, a.request.URL.RequestURI(), a.sent, a.status(), a.got, code)
	}
	return p
}

// as decodes the answer's body.
func as[T any](a answer) (v T) {
	a.t.Helper()
	if err := json.Unmarshal(a.got, &v); err != nil {
		a.t.Fatalf("%s %s: %v", a.request.Method, a.request.URL.RequestURI(), err)
	}
	return v
}
