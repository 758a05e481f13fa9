package contract_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/bazar-store/bazar/internal/frontend"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// sample is a request of an operation, made of the examples in the contract.
type sample struct {
	api.Route

	op         *openapi3.Operation
	path, body string
	headers    []string
}

// samples gives a request of every operation that the shop can be asked for.
func (s *shop) samples() (all []sample) {
	s.Helper()
	for _, r := range api.Routes() {
		if (r.Service == api.Accounts) == (s.accounts != "") && (r.Public || s.catalog != "" || s.accounts != "") {
			all = append(all, s.sample(r))
		}
	}
	return all
}

func (s *shop) sample(r api.Route) sample {
	s.Helper()
	item := s.check.doc.Paths.Value(r.Path)
	one := sample{Route: r, op: item.GetOperation(r.Method), path: r.Path}
	for _, p := range slices.Concat(item.Parameters, one.op.Parameters) {
		value, _ := exampleOf(p.Value.Example, p.Value.Examples).(string)
		switch {
		case p.Value.In == openapi3.ParameterInPath && value == "":
			s.Fatalf("%s: parameter %s has no example", r.Path, p.Value.Name)
		case p.Value.In == openapi3.ParameterInPath:
			one.path = strings.Replace(one.path, "{"+p.Value.Name+"}", url.PathEscape(value), 1)
		case p.Value.In == openapi3.ParameterInHeader && value != "":
			one.headers = append(one.headers, p.Value.Name+": "+value)
		}
	}
	if one.op.RequestBody != nil {
		media := one.op.RequestBody.Value.Content["application/json"]
		body, err := json.Marshal(exampleOf(media.Example, media.Examples))
		if err != nil || string(body) == "null" {
			s.Fatalf("%s %s has no example: %v", r.Method, r.Path, err)
		}
		one.body = string(body)
	}
	return one
}

// exampleOf gives the example; of several the last by name.
func exampleOf(one any, several openapi3.Examples) any {
	if one != nil || len(several) == 0 {
		return one
	}
	return several[slices.Max(slices.Collect(maps.Keys(several)))].Value.Value
}

// Whoever sends the contract's examples to a new store, in their order, succeeds
// with all of them, and reads what the examples of the replies say.
func takeExamples(s *shop) {
	item := s.check.doc.Components.Responses["Book"].Value.Content["application/json"]
	data, err := json.Marshal(item.Example)
	if err != nil {
		s.Fatal(err)
	}
	var example api.Book
	if err := json.Unmarshal(data, &example); err != nil {
		s.Fatal(err)
	}
	book := as[api.Book](s.get("/v1/books/8"))
	book.CreatedAt, book.UpdatedAt = example.CreatedAt, example.UpdatedAt
	if got, err := json.Marshal(book); err != nil || string(got) != string(mustMarshal(s.T, example)) {
		s.Errorf("the store has %s, the example %s", got, data)
	}
	s.sendExamples()
}

func (s *shop) sendExamples() {
	s.Helper()
	for _, one := range s.samples() {
		if a := s.ask(one.Method, one.path, one.body, one.headers...); a.status() >= http.StatusBadRequest {
			s.Errorf("the example %s %s %s is answered %d %s", one.Method, one.path, one.body, a.status(), a.got)
		}
	}
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A body may be as long as the contract says, and not a byte longer.
func walkBodies(s *shop) {
	for _, one := range s.samples() {
		limit, bounded := one.op.Extensions["x-max-body-bytes"].(float64)
		if !bounded {
			continue
		}
		body := `{"x":"` + strings.Repeat("x", int(limit)-len(`{"x":""}`)) + `"}`
		s.ask(one.Method, one.path, body).fails(api.CodeInvalid)
		s.ask(one.Method, one.path, body+" ").fails(api.CodeTooLarge)
		s.ask(one.Method, one.path, body+strings.Repeat(" ", 5<<20)).fails(api.CodeTooLarge)
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json"} {
			s.ask(one.Method, one.path, one.body, "Content-Type: "+kind).fails(api.CodeInvalid)
		}
	}
}

// A path takes the methods of the contract, and says so.
func walkMethods(s *shop) {
	walkOwnMethods(s)
	for _, path := range []string{"/v1", "/v1/", "/v2/books", "/v1/shelves", "/v1/books/8/chapters", "/v1/orders/" + api.NewID() + "/lines", "/favicon.ico"} {
		s.get(path).fails(api.CodeNotFound)
	}
	for _, path := range []string{"/v1/books/999", "/v1/books/abc", "/v1/orders/" + api.NewID()} {
		s.heads(path)
	}
}

func walkOwnMethods(s *shop) {
	for _, one := range s.samples() {
		item := s.check.doc.Paths.Value(one.Route.Path)
		for _, method := range []string{
			http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, "BREW",
		} {
			if item.GetOperation(method) != nil {
				continue
			}
			allowed := strings.Split(s.ask(method, one.path, "").reply.Header.Get("Allow"), ", ")
			for known, op := range item.Operations() {
				if hidden := s.base(one.path) == s.front && op.Extensions["x-public"] == false; slices.Contains(allowed, known) == hidden {
					s.Errorf("%s %s: allowed are %v", method, one.path, allowed)
				}
			}
			s.ask(method, one.path, "").fails(api.CodeMethod)
		}
		s.ask(one.Method, one.path+"/", one.body).fails(api.CodeNotFound)
		if one.Method == http.MethodGet {
			s.heads(one.path)
		}
	}
}

// Without accounts, a server answers this machine alone, and no web page.
func walkGuard(s *shop) {
	if s.catalog == "" {
		s.Skip("the front end guards itself the same everywhere")
	}
	for _, one := range s.samples() {
		for _, header := range []string{
			"Host: bazar.example", "Host: 192.0.2.1", "Origin: https://bazar.example", "Origin: null", "Sec-Fetch-Site: cross-site",
		} {
			s.ask(one.Method, one.path, one.body, header).fails(api.CodeForbidden)
			if one.Public {
				s.askAt(s.front, one.Method, one.path, one.body, header).fails(api.CodeForbidden)
			}
		}
	}
	s.get("/v1/store", "Host: localhost").is(http.StatusOK)
	s.get("/v1/store", "Sec-Fetch-Site: none").is(http.StatusOK)
}

func walkRequestIDs(s *shop) {
	for _, id := range []string{"a", "A-Z.a_z-09", strings.Repeat("x", 64)} {
		if got := s.get("/v1/books/999", "X-Request-Id: "+id).header("X-Request-Id"); got != id {
			s.Errorf("%s became %s", id, got)
		}
	}
	for _, id := range []string{strings.Repeat("x", 65), "two words", "<script>", ""} {
		for _, base := range []string{s.base("/v1/store"), s.front} {
			p := s.askAt(base, http.MethodGet, "/v1/books/999", "", "X-Request-Id: "+id).fails(api.CodeNotFound)
			if p.RequestID == id {
				s.Errorf("%q is taken as it is", id)
			}
		}
	}
}

// Whatever the services behind it do, the front end's answers are the
// contract's.
func walkFaults(t *testing.T, c *checker) {
	hangUp := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	stranger := serve(t, http.NotFoundHandler())
	gateway := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, fault := range []struct {
		name, services string
		read, write    api.Code
	}{
		{"gone", gone.URL, api.CodeUnavailable, api.CodeUnavailable},
		{"hanging up", hangUp, api.CodeUnavailable, api.CodeOutcomeUnknown},
		{"strangers", stranger, api.CodeInternal, api.CodeInternal},
		{"behind a gateway", gateway, api.CodeUnavailable, api.CodeOutcomeUnknown},
	} {
		t.Run(fault.name, func(t *testing.T) {
			s := &shop{T: t, check: c, front: openFront(t, fault.services, fault.services), through: true}
			for _, one := range s.samples() {
				want := fault.write
				if one.Method == http.MethodGet {
					want = fault.read
				}
				s.ask(one.Method, one.path, one.body, one.headers...).fails(want)
			}
		})
	}
	t.Run("a catalog that is back later", func(t *testing.T) { walkPending(t, c) })
}

// walkPending places orders while the catalog cannot be reached: they are
// recorded, and settled once it can be.
func walkPending(t *testing.T, c *checker) {
	books := engine(openCatalog(t).Routes())
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	dir := t.TempDir()
	down := openOrders(t, dir, newClient(t, client.Config{Catalog: []string{gone.URL}}))
	s := &shop{T: t, check: c, orders: serve(t, engine(down.Routes()))}
	s.front = openFront(t, gone.URL, s.orders)

	id := api.NewID()
	const wish = `{"lines":[{"book_id":8,"quantity":1}]}`
	for range 2 {
		waiting := s.put("/v1/orders/"+id, wish).is(http.StatusAccepted)
		if waiting.header("Location") != "/v1/orders/"+id || as[api.Order](waiting).State != api.OrderPending {
			t.Errorf("waits at %s: %s", waiting.header("Location"), waiting.got)
		}
	}
	bought := s.post("/purchase/8", "", "Idempotency-Key: "+id).is(http.StatusAccepted)
	if again := s.get("/v1/orders/" + id).is(http.StatusOK); string(again.got) != string(bought.got) {
		t.Errorf("bought %s, is %s", bought.got, again.got)
	}
	s.put("/v1/orders/"+id, `{"lines":[{"book_id":9,"quantity":1}]}`).fails(api.CodeIDReused)
	s.get("/v1/orders").is(http.StatusOK)
	undone := api.NewID()
	s.put("/v1/orders/"+undone, wish).is(http.StatusAccepted)
	for range 2 {
		waiting := s.post("/v1/orders/"+undone+"/cancel", "").is(http.StatusAccepted)
		if waiting.header("Location") != "/v1/orders/"+undone || as[api.Order](waiting).State != api.OrderCancelling {
			t.Errorf("waits at %s: %s", waiting.header("Location"), waiting.got)
		}
	}
	s.put("/v1/orders/"+undone, wish).fails(api.CodeCancelled)

	calls := newClient(t, client.Config{Catalog: []string{serve(t, books)}})
	s.orders = serve(t, engine(openOrders(t, dir, calls).Routes()))
	s.front = serve(t, engine(frontend.New(newClient(t, client.Config{Orders: []string{s.orders}})).Routes()))
	settled := as[api.Order](s.put("/v1/orders/"+id, wish).is(http.StatusOK))
	if settled.State != api.OrderConfirmed || settled.UpdatedAt.Sub(settled.CreatedAt) > time.Minute {
		t.Errorf("settled %+v", settled)
	}
	if cancelled := as[api.Order](s.post("/v1/orders/"+undone+"/cancel", "").is(http.StatusOK)); cancelled.State != api.OrderCancelled {
		t.Errorf("cancelled %+v", cancelled)
	}
}
