package access_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// While the account service is away, what needs no token goes on, known tokens for
// five seconds, and nothing is let in that would not be else.
func TestTheShopGoesOnWithoutItsAccounts(t *testing.T) {
	s := openStore(t)
	s.add(t, "ada", api.RoleCustomer)
	s.add(t, "bob", api.RoleCustomer)
	known, unknown := s.login(t, "ada").Secret, s.login(t, "bob").Secret
	s.place(t, known)
	addr := s.programs[api.Accounts].addr
	s.programs[api.Accounts].kill()
	gone := time.Now()

	if r := s.do(t, s.buying(known)); r.status != http.StatusCreated && time.Since(gone) < 4*time.Second {
		t.Errorf("a token that is known: %d %s", r.status, r.body)
	}
	if r := s.do(t, s.buying(unknown)); r.code() != api.CodeUnavailable || r.header.Get("Retry-After") == "" {
		t.Errorf("a token that is not known: %d %s", r.status, r.body)
	}
	eventually(t, 6*time.Second, "known tokens are forgotten", func() bool {
		return s.do(t, s.buying(known)).code() == api.CodeUnavailable
	})
	wantReads(t, s, known)
	wantReservations(t, s)
	if r := s.do(t, s.buying("")); r.status != http.StatusUnauthorized {
		t.Errorf("nobody buys: %d %s", r.status, r.body)
	}
	if r := s.do(t, ask{method: http.MethodPost, url: s.url(api.FrontEnd) + "/v1/tokens", body: `{"account":"ada","password":"x","name":"x"}`}); r.status != http.StatusServiceUnavailable {
		t.Errorf("logging in: %d %s", r.status, r.body)
	}

	s.start(t, api.Accounts, addr)
	eventually(t, patience, "tokens are good again", func() bool {
		return s.do(t, s.buying(known)).status == http.StatusCreated && s.do(t, s.buying(unknown)).status == http.StatusCreated
	})
}

func (s *store) buying(token string) ask {
	return ask{token: token, method: http.MethodPut, url: s.url(api.FrontEnd) + "/v1/orders/" + api.NewID(), body: oneCopy}
}

// wantReads wants public reads to go on, whatever token they bring.
func wantReads(t *testing.T, s *store, token string) {
	t.Helper()
	for _, r := range api.Routes() {
		if r.Access != api.Anyone || r.Method != http.MethodGet {
			continue
		}
		for _, with := range []string{"", token, api.NewToken()} {
			c := cast{store: s}
			a := c.request(t, r, s.url(api.FrontEnd))
			a.token = with
			if got := s.do(t, a); got.status != http.StatusOK {
				t.Errorf("%s with %q: %d %s", a.url, with, got.status, got.body)
			}
		}
	}
}

// wantReservations wants the order service to be served by the catalog.
func wantReservations(t *testing.T, s *store) {
	t.Helper()
	id := api.NewID()
	body := fmt.Sprintf(`{"reservations":[{"id":%q,"lines":[{"book_id":5,"quantity":1}]}]}`, id)
	url := s.url(api.Catalog) + "/v1/reservations"
	s.must(t, ask{certificate: "order", method: http.MethodPost, url: url, body: body})
	s.must(t, ask{certificate: "order", method: http.MethodGet, url: url + "/" + id})
	s.must(t, ask{certificate: "order", method: http.MethodDelete, url: url + "/" + id})
}
