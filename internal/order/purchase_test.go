package order_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm/schema"

	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// A model that has drifted from its table would lose a column in silence.
func TestTheModelIsTheMigratedSchema(t *testing.T) {
	s := newShop(t)
	parsed, err := schema.Parse(order.Model(), &sync.Map{}, schema.NamingStrategy{})
	if err != nil {
		t.Fatal(err)
	}
	var columns []struct {
		Name    string
		NotNull bool `gorm:"column:notnull"`
	}
	if err := s.DB().Read(t.Context()).Raw(`SELECT name, "notnull" FROM pragma_table_info(?)`, parsed.Table).Scan(&columns).Error; err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
		if field := parsed.FieldsByDBName[c.Name]; field != nil && (field.FieldType.Kind() == reflect.Pointer) == c.NotNull {
			t.Errorf("%s: NOT NULL is %t, the model's field %s", c.Name, c.NotNull, field.FieldType)
		}
	}
	if len(names) == 0 || !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(parsed.DBNames))) {
		t.Errorf("the table has %v, the model %v", names, parsed.DBNames)
	}
}

func TestAPurchase(t *testing.T) {
	s := newShop(t)
	a, b := s.book("A", 1250, 5), s.book("B", 99, 7)
	id := api.NewID()
	placed, created, err := s.Place(t.Context(), api.LocalAccount, id, wish(copies(b, 3), copies(a, 2)))
	if err != nil || !created || placed.State != api.OrderConfirmed || placed.ID != id || placed.AccountID != api.LocalAccount {
		t.Fatalf("%+v, %t, %v", placed, created, err)
	}
	if *placed.Total != (api.Money{Amount: 3*99 + 2*1250, Currency: "USD"}) || *placed.Lines[0].Title != "B" || placed.Lines[1].Price.Amount != 1250 || placed.Reason != nil {
		t.Errorf("%+v", placed)
	}
	if s.stock(a) != 3 || s.stock(b) != 4 {
		t.Errorf("%d and %d are left", s.stock(a), s.stock(b))
	}
	if got := s.order(id); !reflect.DeepEqual(got, placed) {
		t.Errorf("answered %+v\nkept     %+v", placed, got)
	}
	s.checkSettled()
}

func TestTwentyCopiesAreSoldTwentyTimes(t *testing.T) {
	s := newShop(t)
	other := &shop{Service: s.another(), t: t}
	defer other.Close()
	hot := s.book("Hot", 100, 20)
	var confirmed, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 200 {
		seller := []*shop{s, other}[i%2] // two processes, as far as they can tell
		wg.Go(func() {
			placed, _, err := seller.Place(t.Context(), api.LocalAccount, api.NewID(), wish(copies(hot, 1)))
			switch {
			case err == nil && placed.State == api.OrderConfirmed:
				confirmed.Add(1)
			case api.CodeOf(err) == api.CodeOutOfStock:
				refused.Add(1)
			default:
				t.Errorf("%s, %v", placed.State, err)
			}
		})
	}
	wg.Wait()
	if confirmed.Load() != 20 || refused.Load() != 180 || s.stock(hot) != 0 {
		t.Errorf("%d confirmed, %d refused, %d left", confirmed.Load(), refused.Load(), s.stock(hot))
	}
	s.checkSettled()
}

func TestAnOrderIsPlacedOnceHoweverOftenItIsSent(t *testing.T) {
	s := newShop(t)
	book, id := s.book("T", 100, 50), api.NewID()
	var first atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			placed, created, err := s.Place(t.Context(), api.LocalAccount, id, wish(copies(book, 2)))
			if err != nil || placed.State != api.OrderConfirmed || placed.Total.Amount != 200 {
				t.Errorf("%+v, %v", placed, err)
			}
			if created {
				first.Add(1)
			}
		})
	}
	wg.Wait()
	if first.Load() != 1 || s.stock(book) != 48 {
		t.Errorf("placed %d times, %d left", first.Load(), s.stock(book))
	}
	s.checkSettled()
}

func TestAnIDBelongsToItsOrderAndAccount(t *testing.T) {
	s := newShop(t)
	book, id := s.book("T", 100, 50), api.NewID()
	limit := api.Money{Amount: 100, Currency: "USD"}
	asked := wish(copies(book, 2), copies(9, 1))
	_, _, err := s.Place(t.Context(), "ann", id, asked)
	wants(t, err, api.CodeNotFound)
	for name, other := range map[string]api.OrderRequest{
		"more copies":   wish(copies(book, 3), copies(9, 1)),
		"another book":  wish(copies(book, 2), copies(8, 1)),
		"fewer lines":   wish(copies(book, 2)),
		"another order": wish(copies(9, 1), copies(book, 2)),
		"a limit":       wish(api.LineRequest{BookID: book, Quantity: 2, MaxPrice: &limit}, copies(9, 1)),
	} {
		if _, _, err := s.Place(t.Context(), "ann", id, other); api.CodeOf(err) != api.CodeIDReused {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err = s.Place(t.Context(), "bob", id, asked)
	wants(t, err, api.CodeConflict)
	if strings.Contains(err.Error(), "ann") || strings.Contains(err.Error(), "book") {
		t.Errorf("bob is told %q", err)
	}
	if _, err := s.Order(t.Context(), "bob", id); api.CodeOf(err) != api.CodeNotFound {
		t.Errorf("bob reads ann's order: %v", err)
	}
}

// Two callers with one id may sit in one batch; the second is not the first.
func TestOneIDForTwoWishesAtOnce(t *testing.T) {
	s := newShop(t)
	book := s.book("T", 100, 1000)
	for range 20 {
		id := api.NewID()
		var wg sync.WaitGroup
		var placed, reused, conflict atomic.Int64
		for i := range 9 {
			wg.Go(func() {
				account := []string{"ann", "bob"}[i%2]
				_, _, err := s.Place(t.Context(), account, id, wish(copies(book, int64(1+i%3))))
				switch api.CodeOf(err) {
				case "":
					placed.Add(1)
				case api.CodeIDReused:
					reused.Add(1)
				case api.CodeConflict:
					conflict.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if placed.Load() < 1 || placed.Load() > 2 || placed.Load()+reused.Load()+conflict.Load() != 9 {
			t.Errorf("%d placed, %d reused, %d conflicts", placed.Load(), reused.Load(), conflict.Load())
		}
	}
	s.checkSettled()
}

func TestARefusalIsRepeatedByteForByte(t *testing.T) {
	s := newShop(t)
	few, dear := s.book("Few", 100, 1), s.book("Dear", 5000, 5)
	limit := api.Money{Amount: 4999, Currency: "USD"}
	id, body := api.NewID(), wish(copies(few, 2), api.LineRequest{BookID: dear, Quantity: 1, MaxPrice: &limit}, copies(77, 1))
	first := s.put(id, body)
	want := fmt.Sprintf(`"code":"out_of_stock","retryable":false,"request_id":"","order_id":"%s","errors":[`+
		`{"book_id":%d,"code":"out_of_stock","available":1,"price":{"amount":100,"currency":"USD"}},`+
		`{"book_id":%d,"code":"price_changed","available":5,"price":{"amount":5000,"currency":"USD"}},`+
		`{"book_id":77,"code":"not_found","available":null,"price":null}]`, id, few, dear)
	anonymous := func(a answer) string {
		return regexp.MustCompile(`"request_id":"[^"]*"`).ReplaceAllString(a.body, `"request_id":""`)
	}
	if first.status != http.StatusConflict || !strings.Contains(anonymous(first), want) || first.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s\nlacks %s", first.status, first.body, want)
	}
	for _, part := range []string{"has only 1 in stock, not 2", "costs 50.00 USD, more than 49.99 USD", "no book 77"} {
		if !strings.Contains(first.body, part) {
			t.Errorf("%s does not say %q", first.body, part)
		}
	}
	five := int64(5)
	if _, err := s.books.Move(t.Context(), fmt.Sprint(few), api.NewID(), api.MovementRequest{Set: &five}); err != nil {
		t.Fatal(err)
	}
	if again := s.put(id, body); again.status != first.status || anonymous(again) != anonymous(first) {
		t.Errorf("first %s\nagain %s", first.body, again.body)
	}
	if o := s.order(id); o.State != api.OrderRejected || *o.Reason != api.CodeOutOfStock || o.Total != nil {
		t.Errorf("%+v", o)
	}
	s.checkSettled()
}

func TestAnOrderIsAnsweredByItsState(t *testing.T) {
	s := newShop(t)
	book, id := s.book("T", 100, 5), api.NewID()
	s.line.set(broken(errLost))
	pending := s.put(id, wish(copies(book, 1)))
	if pending.status != http.StatusAccepted || pending.header.Get("Location") != "/v1/orders/"+id || pending.header.Get("Retry-After") == "" || !strings.Contains(pending.body, `"state":"pending"`) {
		t.Errorf("%+v", pending)
	}
	s.line.set(open)
	if settled := s.put(id, wish(copies(book, 1))); settled.status != http.StatusOK || !strings.Contains(settled.body, `"state":"confirmed"`) {
		t.Errorf("%+v", settled)
	}
	upper := api.NewID()
	if created := s.put(strings.ToUpper(upper), wish(copies(book, 1))); created.status != http.StatusCreated || created.header.Get("Location") != "/v1/orders/"+upper {
		t.Errorf("%+v", created)
	}
	if again := s.put(upper, wish(copies(book, 1))); again.status != http.StatusOK {
		t.Errorf("%+v", again)
	}
	for _, bad := range []answer{s.put("7", wish(copies(book, 1))), s.put(api.NewID(), wish()), s.put(api.NewID(), `{"lines": [], "x": 1}`), s.put(api.NewID(), "")} {
		if bad.status != http.StatusBadRequest {
			t.Errorf("%+v", bad)
		}
	}
	if s.stock(book) != 3 {
		t.Errorf("%d left", s.stock(book))
	}
}

func TestOrdersAreListedFromBothEnds(t *testing.T) {
	s := newShop(t)
	book := s.book("T", 100, 500)
	want := map[string][]string{}
	for i := range 12 {
		account, id := []string{"ann", "bob"}[i%2], api.NewID()
		if _, _, err := s.Place(t.Context(), account, id, wish(copies(book, 1))); err != nil {
			t.Fatal(err)
		}
		want[account] = append(want[account], id)
		want[""] = append(want[""], id)
	}
	for account, ids := range want {
		for _, newest := range []bool{false, true} {
			expected := slices.Clone(ids)
			if newest {
				slices.Reverse(expected)
			}
			for _, limit := range []int{1, 3, 6, 12, 100} {
				var got []string
				q := order.ListQuery{Account: account, Newest: newest, Limit: limit}
				for {
					page, err := s.Orders(t.Context(), q)
					if err != nil || len(page.Orders) > limit {
						t.Fatalf("%d orders, %v", len(page.Orders), err)
					}
					for _, o := range page.Orders {
						got = append(got, o.ID)
					}
					if page.NextCursor == nil {
						break
					}
					q.After = *page.NextCursor
				}
				if !slices.Equal(got, expected) {
					t.Errorf("account %q, newest %t, pages of %d: %v\nwant %v", account, newest, limit, got, expected)
				}
			}
		}
	}
}

func TestAFullOrClosedServiceSaysSo(t *testing.T) {
	s := newShop(t)
	book := s.book("T", 100, 5)
	closed := s.another()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err := closed.Place(t.Context(), api.LocalAccount, api.NewID(), wish(copies(book, 1)))
	wants(t, err, api.CodeUnavailable)
}

func FuzzOrderBody(f *testing.F) {
	for _, body := range []string{
		`{"lines":[{"book_id":1,"quantity":1,"max_price":{"amount":5,"currency":"USD"}}]}`, `{"lines":[{"book_id":1,"quantity":1},{"book_id":1,"quantity":1}]}`,
		`{"lines":null}`, `{}`, `[]`, `{"lines":[{"book_id":1e3,"quantity":-1}]}`, `{"lines":[{"book_id":999999999,"quantity":100,"max_price":null}]}`,
	} {
		f.Add(body)
	}
	var r api.OrderRequest
	engine := web.NewEngine(web.EngineOptions{Log: quiet(), AnyHost: true}, []web.Route{{Method: http.MethodPut, Path: "/", Access: api.Anyone, Handler: func(c *gin.Context) (any, error) {
		var err error
		if r, err = web.Decode[api.OrderRequest](c); err == nil {
			err = r.Check()
		}
		return nil, err
	}}})
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/", strings.NewReader(body)))
		switch w.Code {
		case http.StatusNoContent:
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			return
		default:
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if len(r.Lines) < 1 || len(r.Lines) > api.MaxOrderLines {
			t.Errorf("%d lines", len(r.Lines))
		}
		seen := map[int64]bool{}
		for _, l := range r.Lines {
			if seen[l.BookID] || l.BookID < 1 || l.BookID > api.MaxBookID || l.Quantity < 1 || l.Quantity > api.MaxQuantity || (l.MaxPrice != nil && !l.MaxPrice.Valid()) {
				t.Errorf("%+v", l)
			}
			seen[l.BookID] = true
		}
	})
}
