package contract_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// The front end's own routes answer as their twins under /v1.
func walkFrontEnd(s *shop) {
	for own, twin := range map[string]string{
		"/search/distributed-systems":                "/v1/books?topic=distributed-systems",
		"/search/Distributed%20Systems?limit=2":      "/v1/books?topic=Distributed+Systems&limit=2",
		"/search/distributed%2Fsystems?limit=2":      "/v1/books?topic=distributed%2Fsystems&limit=2",
		"/search/no-such-topic":                      "/v1/books?topic=no-such-topic",
		"/search/%21":                                "/v1/books?topic=%21",
		"/search/go?limit=1001":                      "/v1/books?topic=go&limit=1001",
		"/search/go?cursor=nonsense":                 "/v1/books?topic=go&cursor=nonsense",
		"/info/8":                                    "/v1/books/8",
		"/info/978-1-4493-7332-0":                    "/v1/books/978-1-4493-7332-0",
		"/info/999":                                  "/v1/books/999",
		"/info/abc":                                  "/v1/books/abc",
		"/info/8?verbose=true":                       "/v1/books/8?verbose=true",
		"/search/" + strings.Repeat("a", 501):        "/v1/books?topic=" + strings.Repeat("a", 501),
		"/search/distributed-systems?limit=2&limit=": "/v1/books?topic=distributed-systems&limit=2&limit=",
	} {
		s.same(s.get(twin), s.get(own))
	}
	s.get("/search/go?topic=c").fails(api.CodeInvalid)
	s.get("/search/go?sort=price").fails(api.CodeInvalid)
	s.conditional("/info/8")

	page := as[api.BookList](s.get("/search/distributed-systems?limit=2").is(http.StatusOK))
	next := as[api.BookList](s.get("/search/distributed-systems?limit=2&cursor=" + *page.NextCursor).is(http.StatusOK))
	if len(page.Books) != 2 || next.Books[0].ID <= page.Books[1].ID {
		s.Errorf("first %+v, then %+v", page, next)
	}
	s.hidden()
}

// hidden wants what the front end does not list not to be there, nor to come
// to a service: whoever resolves dots and slashes on the way must not find a
// route that the front end never saw.
func (s *shop) hidden() {
	s.Helper()
	for _, r := range [][2]string{
		{http.MethodPost, "/v1/orders/../reservations/cancel"},
		{http.MethodPost, "/v1/orders/%2e%2e/cancel"},
		{http.MethodPost, "/v1/reservations/"},
		{http.MethodGet, "//v1/store"},
		{http.MethodGet, "/v1//store"},
		{http.MethodGet, "/v1/store/"},
		{http.MethodGet, "/v1/../v1/reservations"},
		{http.MethodGet, "/v1/books/.."},
		{http.MethodGet, "/v1/books/."},
		{http.MethodGet, "/v1/books/%2e%2e"},
		{http.MethodGet, "/v1/books/..%2Freservations"},
		{http.MethodGet, "/v1/books/%2e%2e%2freservations"},
		{http.MethodGet, "/v1/books/8%2Fhistory"},
		{http.MethodPut, "/v1/books/../movements/" + api.NewID()},
		{http.MethodGet, "/v1/books/../history"},
		{http.MethodPut, "/v1/orders/.."},
		{http.MethodGet, "/v1/orders/..%2f..%2fv1%2freservations"},
		{http.MethodGet, "/V1/store"},
		{http.MethodGet, "/v1%2Fstore"},
		{http.MethodGet, "/info/.."},
		{http.MethodGet, "/info/..%2Freservations"},
		{http.MethodPost, "/purchase/.."},
		{http.MethodGet, "/info/"},
		{http.MethodGet, "/search/"},
		{http.MethodGet, "/"},
		{http.MethodGet, "/healthz"},
		{http.MethodGet, "/metrics"},
		{http.MethodGet, "/openapi.yaml"},
		{http.MethodGet, "/v1/books/%00"},
		{http.MethodGet, "/v1/books/%ff"},
	} {
		var before int64
		if s.calls != nil {
			before = s.calls.Load()
		}
		a := s.askAt(s.front, r[0], r[1], "")
		if a.status() != http.StatusNotFound && a.status() != http.StatusBadRequest {
			s.Errorf("%s %s is answered %d %s", r[0], r[1], a.status(), a.got)
		}
		if s.calls != nil && s.calls.Load() != before {
			s.Errorf("%s %s came to a service", r[0], r[1])
		}
	}
	// What was reserved may be read here, but nobody reserves.
	for path, method := range map[string]string{
		"/v1/reservations": http.MethodPost, "/v1/reservations/" + api.NewID(): http.MethodDelete, "/v1/movements": http.MethodPost,
	} {
		s.askAt(s.front, method, path, "{}").fails(api.CodeMethod)
	}
}

func walkPurchases(s *shop) {
	for body, want := range map[string]string{
		"":                                   `{"lines":[{"book_id":8,"quantity":1}]}`,
		"{}":                                 `{"lines":[{"book_id":8,"quantity":1}]}`,
		`{"quantity":2}`:                     `{"lines":[{"book_id":8,"quantity":2}]}`,
		`{"quantity":null,"max_price":null}`: `{"lines":[{"book_id":8,"quantity":1}]}`,
		`{"max_price":{"amount":4499,"currency":"USD"}}`: `{"lines":[{"book_id":8,"quantity":1,"max_price":{"amount":4499,"currency":"USD"}}]}`,
		`{"quantity":101}`: `{"lines":[{"book_id":8,"quantity":101}]}`,
		`{"quantity":0}`:   `{"lines":[{"book_id":8,"quantity":0}]}`,
		`{"quantity":13}`:  `{"lines":[{"book_id":8,"quantity":13}]}`,
		`{"max_price":{"amount":4498,"currency":"USD"}}`:      `{"lines":[{"book_id":8,"quantity":1,"max_price":{"amount":4498,"currency":"USD"}}]}`,
		`{"max_price":{"amount":9999,"currency":"EUR"}}`:      `{"lines":[{"book_id":8,"quantity":1,"max_price":{"amount":9999,"currency":"EUR"}}]}`,
		`{"max_price":{"amount":9999,"currency":"Zorkmids"}}`: `{"lines":[{"book_id":8,"quantity":1,"max_price":{"amount":9999,"currency":"Zorkmids"}}]}`,
	} {
		id := api.NewID()
		bought := s.post("/purchase/8", body, "Idempotency-Key: "+id)
		again := s.put("/v1/orders/"+id, want)
		if bought.status() == http.StatusCreated {
			again.is(http.StatusOK)
			if bought.header("Location") != "/v1/orders/"+id {
				s.Errorf("bought at %s", bought.header("Location"))
			}
		} else {
			again.is(bought.status())
		}
		if !bytes.Equal(bought.got, again.got) {
			s.Errorf("%s: %s, as an order %s", body, bought.got, again.got)
		}
	}
	order := as[api.Order](s.post("/purchase/978-1-4493-7332-0", "").is(http.StatusCreated))
	if order.Lines[0].BookID != 8 || order.Lines[0].Quantity != 1 {
		s.Errorf("bought %+v", order)
	}
	s.post("/purchase/8", "", "Content-Type: application/x-www-form-urlencoded").is(http.StatusCreated)
	s.post("/purchase/8", "quantity=2", "Content-Type: application/x-www-form-urlencoded").fails(api.CodeInvalid)
	s.post("/purchase/8?quantity=2", "").fails(api.CodeInvalid)
	s.post("/purchase/999", "").fails(api.CodeNotFound)
	s.post("/purchase/9780306406157", "").fails(api.CodeNotFound)
	for _, ref := range notBooks() {
		s.post("/purchase/"+ref, "").fails(api.CodeInvalid)
	}
	for _, body := range append(badJSON(), `{"quantity":"2"}`, `{"quantity":1.5}`, `{"quantity":1}{}`, `{"max_price":44.99}`, `{"Quantity":2}`) {
		if strings.TrimSpace(body) != "" {
			s.post("/purchase/8", body).fails(api.CodeInvalid)
		}
	}
	s.patch("/v1/books/8", `{"state":"retired"}`).is(http.StatusOK)
	s.post("/purchase/8", "").fails(api.CodeRetired)
}

// The same key is the same order: one movement, one answer.
func walkKeys(s *shop) {
	const wish = `{"quantity":2}`
	keys := []string{"a basket of mine", `"quoted"`, api.NewID(), strings.Repeat("k", 255), "\u00fc\u00df"}
	for i, key := range keys {
		first := s.post("/purchase/1", wish, "Idempotency-Key: "+key).is(http.StatusCreated)
		for _, same := range []string{key, `"` + strings.Trim(key, `"`) + `"`} {
			if again := s.post("/purchase/1", wish, "Idempotency-Key: "+same).is(http.StatusOK); !bytes.Equal(again.got, first.got) {
				s.Errorf("%s: first %s, then %s", key, first.got, again.got)
			}
		}
		s.post("/purchase/1", `{"quantity":3}`, "Idempotency-Key: "+key).fails(api.CodeIDReused)
		s.post("/purchase/2", wish, "Idempotency-Key: "+key).fails(api.CodeIDReused)
		if sold := s.sold("/v1/books/1"); sold != i+1 {
			s.Errorf("%d keys, %d movements", i+1, sold)
		}
	}
	orders := as[api.OrderList](s.get("/v1/orders")).Orders
	if book := as[api.Book](s.get("/v1/books/1")); len(orders) != len(keys) || book.Stock != 20-2*int64(len(keys)) {
		s.Errorf("%d keys, %d orders, %d copies left", len(keys), len(orders), book.Stock)
	}
	for range 2 {
		s.post("/purchase/1", wish).is(http.StatusCreated)
	}
	if sold := s.sold("/v1/books/1"); sold != len(keys)+2 {
		s.Errorf("without a key, every request is an order: %d", sold)
	}
	refused := s.post("/purchase/1", `{"quantity":99}`, "Idempotency-Key: too many")
	refused.fails(api.CodeOutOfStock)
	if again := s.post("/purchase/1", `{"quantity":99}`, "Idempotency-Key: too many"); !bytes.Equal(again.got, refused.got) {
		s.Errorf("refused %s, then %s", refused.got, again.got)
	}
	for _, bad := range []string{`""`, strings.Repeat("k", 256)} {
		s.post("/purchase/1", wish, "Idempotency-Key: "+bad).fails(api.CodeInvalid)
	}
	s.twoKeys(wish)
}

// sold counts how often a book was sold.
func (s *shop) sold(path string) (n int) {
	s.Helper()
	for _, entry := range as[api.History](s.get(path + "/history?limit=1000").is(http.StatusOK)).Entries {
		if entry.Reason == "sold" {
			n++
		}
	}
	return n
}

// twoKeys wants a request with two keys to be refused: it cannot be two orders.
func (s *shop) twoKeys(wish string) {
	s.Helper()
	r := request(s.T, s.front, http.MethodPost, "/purchase/1", wish, nil)
	r.Header["Idempotency-Key"] = []string{"one", "two"}
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		s.Fatal(err)
	}
	answer{s.T, exchange{request: r, reply: reply, got: body}}.fails(api.CodeInvalid)
}

// Every GET answers HEAD with the same status and headers, and no body.
func (s *shop) heads(path string) {
	s.Helper()
	want := s.get(path)
	for _, base := range []string{s.base(path), s.front} {
		if base == s.front && private(path) {
			continue
		}
		reply, err := http.DefaultTransport.RoundTrip(request(s.T, base, http.MethodHead, path, "", s.credentials()))
		if err != nil {
			s.Fatal(err)
		}
		defer reply.Body.Close()
		got := fmt.Sprint(reply.StatusCode, reply.Header["Content-Length"], reply.Header["Content-Type"], reply.Header["Etag"])
		if expected := fmt.Sprint(want.status(), want.reply.Header["Content-Length"], want.reply.Header["Content-Type"], want.reply.Header["Etag"]); got != expected {
			s.Errorf("HEAD %s: %s, GET %s", path, got, expected)
		}
	}
}
