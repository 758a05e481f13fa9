package access_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// doors are the ways to the order service.
func doors() []api.Service { return []api.Service{api.Orders, api.FrontEnd} }

func anOrderOfAnotherIsLikeNone(t *testing.T, c *cast) {
	theirs := c.place(t, c.tokens["owner"])
	for _, door := range doors() {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			unknown := api.NewID()
			other := c.do(t, ask{token: c.tokens["other"], method: method, url: c.url(door) + "/v1/orders/" + theirs})
			none := c.do(t, ask{token: c.tokens["other"], method: method, url: c.url(door) + "/v1/orders/" + unknown})
			for _, h := range []http.Header{other.header, none.header} {
				h.Del("Date")
			}
			same := maps.EqualFunc(other.header, none.header, func(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") })
			if other.status != http.StatusNotFound || none.status != http.StatusNotFound || !same ||
				strings.ReplaceAll(other.body, theirs, unknown) != none.body {
				t.Errorf("%s at %s\nanother's: %d %v %s\n   no one's: %d %v %s",
					method, door, other.status, other.header, other.body, none.status, none.header, none.body)
			}
		}
		if list := c.must(t, ask{token: c.tokens["other"], method: http.MethodGet, url: c.url(door) + "/v1/orders?limit=1000"}); strings.Contains(list.body, theirs) {
			t.Errorf("%s lists another's order", door)
		}
		if all := c.do(t, ask{token: c.tokens["other"], method: http.MethodGet, url: c.url(door) + "/v1/orders?all=true"}); all.code() != api.CodeForbidden {
			t.Errorf("a customer asks %s for everybody's orders: %d %s", door, all.status, all.body)
		}
		for _, who := range []string{"staff", "admin"} {
			all := c.must(t, ask{token: c.tokens[who], method: http.MethodGet, url: c.url(door) + "/v1/orders?all=true&sort=newest"})
			if !strings.Contains(all.body, theirs) {
				t.Errorf("%s does not see everybody's orders at %s", who, door)
			}
		}
	}
}

// Neither the same wish nor another one, nor taking it back, says anything of an
// order that is somebody else's.
func anIDOfAnotherTellsNothing(t *testing.T, c *cast) {
	theirs := c.place(t, c.tokens["owner"])
	for _, who := range []string{"other", "staff", "admin"} {
		for _, door := range doors() {
			url := c.url(door) + "/v1/orders/" + theirs
			same := c.do(t, ask{token: c.tokens[who], method: http.MethodPut, url: url, body: oneCopy})
			another := c.do(t, ask{token: c.tokens[who], method: http.MethodPut, url: url, body: `{"lines":[{"book_id":7,"quantity":2}]}`})
			if same.code() != api.CodeConflict || same.body != another.body || strings.Contains(same.body, "order_id") {
				t.Errorf("%s at %s: %s and %s", who, door, same.body, another.body)
			}
			if back := c.do(t, ask{token: c.tokens[who], method: http.MethodPost, url: url + "/cancel"}); back.body != same.body {
				t.Errorf("%s takes it back at %s: %s, not %s", who, door, back.body, same.body)
			}
		}
	}
	var order api.Order
	r := c.must(t, ask{token: c.tokens["owner"], method: http.MethodGet, url: c.url(api.Orders) + "/v1/orders/" + theirs})
	if err := json.Unmarshal([]byte(r.body), &order); err != nil || order.State != api.OrderConfirmed {
		t.Errorf("after all that it is %s, %v", order.State, err)
	}
}

// An Idempotency-Key is the account's own.
func oneKeyOfTwoCustomersIsTwoOrders(t *testing.T, c *cast) {
	buy := func(token string) (o api.Order) {
		r := c.must(t, ask{
			token: token, method: http.MethodPost, url: c.url(api.FrontEnd) + "/purchase/3",
			header: http.Header{"Idempotency-Key": {"monday"}},
		})
		if err := json.Unmarshal([]byte(r.body), &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	ours, theirs := buy(c.tokens["owner"]), buy(c.tokens["other"])
	again := buy(c.login(t, "owner").Secret)
	if ours.ID == theirs.ID || ours.ID != again.ID || ours.AccountID == theirs.AccountID {
		t.Errorf("%s of %s, %s of %s, and again %s", ours.ID, ours.AccountID, theirs.ID, theirs.AccountID, again.ID)
	}
}

// Refused, not ignored: a caller that thinks it set a role should learn that it
// did not.
func whatACallerMayNotSetIsRefused(t *testing.T, c *cast) {
	id := api.NewID
	for _, try := range []struct{ who, method, path, body, member string }{
		{"owner", "PUT", "/v1/orders/" + id(), `{"lines":[{"book_id":3,"quantity":1}],"account_id":"x"}`, "account_id"},
		{"owner", "PUT", "/v1/orders/" + id(), `{"lines":[{"book_id":3,"quantity":1}],"state":"confirmed"}`, "state"},
		{"owner", "PUT", "/v1/orders/" + id(), `{"lines":[{"book_id":3,"quantity":1}],"total":{"amount":1,"currency":"USD"}}`, "total"},
		{"owner", "PUT", "/v1/orders/" + id(), `{"lines":[{"book_id":3,"quantity":1,"price":{"amount":1,"currency":"USD"}}]}`, "price"},
		{"owner", "PUT", "/v1/orders/" + id(), `{"lines":[{"book_id":3,"quantity":1,"title":"Mine"}]}`, "title"},
		{"owner", "PUT", "/v1/orders/" + id(), `{"lines":[{"book_id":3,"quantity":1}],"reason":null}`, "reason"},
		{"owner", "POST", "/purchase/3", `{"price":{"amount":1,"currency":"USD"}}`, "price"},
		{"owner", "POST", "/purchase/3", `{"account_id":"x"}`, "account_id"},
		{"staff", "PATCH", "/v1/books/3", `{"stock":9}`, "stock"},
		{"staff", "PATCH", "/v1/books/3", `{"version":9}`, "version"},
		{"staff", "PATCH", "/v1/books/3", `{"id":9}`, "id"},
		{"staff", "POST", "/v1/books", `{"title":"A","price":{"amount":1,"currency":"USD"},"state":"retired","version":7}`, "version"},
		{"staff", "POST", "/v1/books", `{"title":"A","price":{"amount":1,"currency":"USD"},"id":7}`, "id"},
		{"staff", "PUT", "/v1/books/3/movements/" + id(), `{"delta":1,"stock":9}`, "stock"},
		{"nobody", "POST", "/v1/accounts", `{"name":"mallory","password":"several good words","role":"admin"}`, "role"},
		{"admin", "POST", "/v1/accounts", `{"name":"mallory","password":"several good words","role":"admin"}`, "role"},
		{"admin", "POST", "/v1/accounts", `{"name":"mallory","password":"several good words","id":"x"}`, "id"},
		{"admin", "PATCH", "/v1/accounts/other", `{"name":"another"}`, "name"},
		{"admin", "PATCH", "/v1/accounts/other", `{"password":"several good words"}`, "password"},
		{"nobody", "POST", "/v1/tokens", `{"account":"owner","password":"` + password + `","name":"x","role":"admin"}`, "role"},
		{"nobody", "POST", "/v1/tokens", `{"account":"owner","password":"` + password + `","name":"x","account_id":"x"}`, "account_id"},
		{"owner", "PUT", "/v1/me/password", `{"old":"` + password + `","new":"several good words","role":"admin"}`, "role"},
	} {
		r := c.do(t, ask{token: c.tokens[try.who], method: try.method, url: c.url(api.FrontEnd) + try.path, body: try.body})
		if r.code() != api.CodeInvalid || !strings.Contains(r.body, try.member) {
			t.Errorf("%s %s %s: %d %s", try.method, try.path, try.body, r.status, r.body)
		}
	}
	// Scopes may be asked for, but none beyond the role.
	body := fmt.Sprintf(`{"account":"owner","password":%q,"name":"x","scopes":["admin"]}`, password)
	if r := c.do(t, ask{method: http.MethodPost, url: c.url(api.FrontEnd) + "/v1/tokens", body: body}); r.code() != api.CodeForbidden {
		t.Errorf("a customer asks for an admin's token: %d %s", r.status, r.body)
	}
}

// All three services that know the token hear of it in time.
func aRevokedTokenIsRefused(t *testing.T, c *cast) {
	issued := c.login(t, "staff")
	targets := []string{
		c.url(api.Orders) + "/v1/orders", c.url(api.Catalog) + "/v1/imports", c.url(api.FrontEnd) + "/v1/orders", c.url(api.Accounts) + "/v1/me",
	}
	for _, target := range targets {
		c.must(t, ask{token: issued.Secret, method: http.MethodGet, url: target})
	}
	c.must(t, ask{token: issued.Secret, method: http.MethodDelete, url: c.url(api.Accounts) + "/v1/tokens/" + issued.Token.ID})
	revoked := time.Now()
	for _, target := range targets {
		eventually(t, patience, target+" refuses a revoked token", func() bool {
			return c.do(t, ask{token: issued.Secret, method: http.MethodGet, url: target}).status == http.StatusUnauthorized
		})
	}
	// A second is for the questions themselves, on a busy machine.
	if took := time.Since(revoked); took > 6*time.Second {
		t.Errorf("it was good for %s", took)
	}
}
