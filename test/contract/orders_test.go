package contract_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

func newOrder() string { return "/v1/orders/" + api.NewID() }

func walkOrders(s *shop) {
	id := api.NewID()
	path, wish := "/v1/orders/"+id, `{"lines":[{"book_id":8,"quantity":2,"max_price":{"amount":4499,"currency":"USD"}},{"book_id":1,"quantity":1,"max_price":null}]}`
	placed := s.put(path, wish).is(http.StatusCreated)
	order := as[api.Order](placed)
	if order.State != api.OrderConfirmed || *order.Total != (api.Money{Amount: 2*4499 + 1000, Currency: "USD"}) || *order.Lines[1].Title == "" {
		s.Errorf("placed %+v", order)
	}
	if placed.header("Location") != path {
		s.Errorf("placed at %s, is at %s", path, placed.header("Location"))
	}
	for _, again := range []answer{
		s.put(path, wish), s.get(path), s.get("/v1/orders/" + strings.ToUpper(id)),
	} {
		if !bytes.Equal(again.is(http.StatusOK).got, placed.got) {
			s.Errorf("placed %s, is %s", placed.got, again.got)
		}
	}
	s.put(path, `{"lines":[{"book_id":8,"quantity":3}]}`).fails(api.CodeIDReused)
	s.put(path, `{"lines":[{"book_id":8,"quantity":2},{"book_id":1,"quantity":1}]}`).fails(api.CodeIDReused)
	if got := as[api.Book](s.get("/v1/books/8")); got.Stock != 10 || got.Version != 1 {
		s.Errorf("after the purchase: %+v", got)
	}
	s.get(newOrder()).fails(api.CodeNotFound)
	s.get(path + "?verbose=true").fails(api.CodeInvalid)
	s.put(newOrder()+"?dry_run=true", wish).fails(api.CodeInvalid)
	for _, bad := range []string{"1", "x", strings.ReplaceAll(api.NewID(), "-", ""), "00000000-0000-0000-0000-000000000000", "urn:uuid:" + api.NewID()} {
		s.get("/v1/orders/" + bad).fails(api.CodeInvalid)
		s.put("/v1/orders/"+bad, wish).fails(api.CodeInvalid)
	}
	for _, body := range append(badJSON(), "", "{}", `{"lines":null}`, `{"lines":{}}`, wish+wish, `{"lines":[{"book_id":8,"quantity":1}],"account_id":"ada"}`) {
		s.put(newOrder(), body).fails(api.CodeInvalid)
	}
	for _, lines := range badLines() {
		s.put(newOrder(), `{"lines":`+lines+`}`).fails(api.CodeInvalid)
	}
	s.put(newOrder(), `{"lines":`+mixedLimits()+`}`).fails(api.CodeMixedCurrency)
	s.put(newOrder(), `{"lines":`+manyLines(api.MaxOrderLines)+`}`).fails(api.CodeNotFound)
}

// badLines are lines that no order may have.
func badLines() []string {
	return []string{
		`[]`, `[null]`, `[{}]`, `[{"book_id":8}]`, `[{"quantity":1}]`, `[{"book_id":0,"quantity":1}]`, `[{"book_id":1000000000,"quantity":1}]`,
		`[{"book_id":"8","quantity":1}]`, `[{"book_id":8,"quantity":0}]`, `[{"book_id":8,"quantity":101}]`, `[{"book_id":8,"quantity":-1}]`,
		`[{"book_id":8,"quantity":1.5}]`, `[{"book_id":8,"quantity":1},{"book_id":8,"quantity":1}]`, `[{"book_id":8,"quantity":1,"price":1}]`,
		`[{"book_id":8,"quantity":1,"max_price":{"amount":-1,"currency":"USD"}}]`, `[{"book_id":8,"quantity":1,"max_price":{"amount":1,"currency":"XXX"}}]`,
		`[{"book_id":8,"quantity":1,"max_price":44.99}]`, `[{"book_id":8,"quantity":1,"quantity":2}]`, manyLines(api.MaxOrderLines + 1),
	}
}

func manyLines(n int) string {
	var lines []string
	for i := range n {
		lines = append(lines, fmt.Sprintf(`{"book_id":%d,"quantity":1}`, 500+i))
	}
	return "[" + strings.Join(lines, ",") + "]"
}

func mixedLimits() string {
	return `[{"book_id":8,"quantity":1,"max_price":{"amount":9999,"currency":"USD"}},{"book_id":9,"quantity":1,"max_price":{"amount":9999,"currency":"EUR"}}]`
}

// A refused order is refused for good, in the same words, and takes nothing.
func walkRefusals(s *shop) {
	s.patch("/v1/books/7", `{"state":"retired"}`).is(http.StatusOK)
	s.patch("/v1/books/6", `{"price":{"amount":900,"currency":"EUR"}}`).is(http.StatusOK)
	for _, c := range []struct {
		lines string
		code  api.Code
		errs  int
	}{
		{`[{"book_id":8,"quantity":13}]`, api.CodeOutOfStock, 1},
		{`[{"book_id":1,"quantity":1},{"book_id":8,"quantity":13}]`, api.CodeOutOfStock, 1},
		{`[{"book_id":8,"quantity":1,"max_price":{"amount":4498,"currency":"USD"}}]`, api.CodePriceChanged, 1},
		{`[{"book_id":7,"quantity":1}]`, api.CodeRetired, 1},
		{`[{"book_id":999,"quantity":1},{"book_id":7,"quantity":1}]`, api.CodeNotFound, 2},
		{`[{"book_id":1,"quantity":1},{"book_id":6,"quantity":1}]`, api.CodeMixedCurrency, 1},
		{`[{"book_id":6,"quantity":1,"max_price":{"amount":9999,"currency":"USD"}}]`, api.CodeMixedCurrency, 1},
	} {
		path := newOrder()
		first := s.put(path, `{"lines":`+c.lines+`}`)
		p := first.fails(c.code)
		if "/v1/orders/"+p.OrderID != path || len(p.Errors) != c.errs || p.Errors[0].Code != c.code {
			s.Errorf("%s is refused with %+v", c.lines, p)
		}
		if again := s.put(path, `{"lines":`+c.lines+`}`); !bytes.Equal(again.got, first.got) {
			s.Errorf("refused %s, then %s", first.got, again.got)
		}
		order := as[api.Order](s.get(path).is(http.StatusOK))
		if order.State != api.OrderRejected || *order.Reason != c.code || order.Total != nil {
			s.Errorf("%s became %+v", c.lines, order)
		}
		s.put(path, `{"lines":[{"book_id":2,"quantity":1}]}`).fails(api.CodeIDReused)
	}
	if one, eight := as[api.Book](s.get("/v1/books/1")), as[api.Book](s.get("/v1/books/8")); one.Stock != 20 || eight.Stock != 12 {
		s.Errorf("refused orders left %d and %d copies", one.Stock, eight.Stock)
	}
}

func walkOrderLists(s *shop) {
	if got := as[api.OrderList](s.get("/v1/orders").is(http.StatusOK)); got.Orders == nil || len(got.Orders) != 0 || got.NextCursor != nil {
		s.Errorf("no orders: %+v", got)
	}
	var ids []string
	for range 5 {
		ids = append(ids, as[api.Order](s.put(newOrder(), `{"lines":[{"book_id":1,"quantity":1}]}`).is(http.StatusCreated)).ID)
	}
	s.put(newOrder(), `{"lines":[{"book_id":8,"quantity":13}]}`).fails(api.CodeOutOfStock)
	for _, query := range []string{"", "&sort=oldest", "&all=true", "&all=false", "&sort=newest"} {
		var paged []string
		for after := ""; ; {
			page := as[api.OrderList](s.get("/v1/orders?limit=2" + query + after).is(http.StatusOK))
			for _, order := range page.Orders {
				if order.State == api.OrderConfirmed {
					paged = append(paged, order.ID)
				}
			}
			if page.NextCursor == nil {
				break
			}
			after = "&after=" + *page.NextCursor
		}
		if strings.Contains(query, "newest") {
			slices.Reverse(paged)
		}
		if !slices.Equal(paged, ids) {
			s.Errorf("%s: %v, want %v", query, paged, ids)
		}
	}
	for _, query := range []string{"sort=price", "all=1", "after=x", "after=1", "cursor=x", "state=pending", "all=true&all=true"} {
		s.get("/v1/orders?" + query).fails(api.CodeInvalid)
	}
	s.badLimits("/v1/orders")
}
