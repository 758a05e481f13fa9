package contract_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/account"
	"github.com/bazar-store/bazar/internal/frontend"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// rootPassword is the password of root, the first admin, in the contract's
// examples too.
const rootPassword = "a room with a view of the sea"

// accountWalks are the walks in a store that has accounts.
func accountWalks() []walk {
	return []walk{
		{"examples", (*shop).sendExamples},
		{"bodies", walkBodies},
		{"methods and paths", walkOwnMethods},
		{"registering", walkRegistering},
		{"keeping accounts", walkKeeping},
		{"logging in", walkLogin},
		{"tokens", walkTokens},
		{"the password", walkPassword},
		{"introspection", walkIntrospection},
	}
}

func openAccountService(t *testing.T) *account.Service {
	t.Helper()
	s, err := account.Open(context.Background(), account.Options{
		Database: "sqlite:" + filepath.Join(t.TempDir(), "account.db"), Registration: true, Log: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

// openAccounts is an account service with an admin, who is logged in, and a
// front end before it.
func openAccounts(t *testing.T, c *checker) *shop {
	t.Helper()
	s := &shop{T: t, check: c}
	service := openAccountService(t)
	if _, err := service.Create(t.Context(), api.NewAccount{Name: "root", Password: rootPassword}, api.RoleAdmin); err != nil {
		t.Fatal(err)
	}
	issued, err := service.Login(t.Context(), api.TokenRequest{Account: "root", Password: rootPassword, Name: "walk"}, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	s.token = issued.Secret
	s.accounts = serve(t, service.Handler(web.Door{Identities: true}))
	s.introspect = serve(t, engine(service.Routes()))
	calls := newClient(t, client.Config{Accounts: []string{s.accounts}})
	s.front = serve(t, web.NewEngine(web.EngineOptions{Log: quiet(), Door: web.Door{Forwards: true}}, frontend.New(calls).Routes()))
	return s
}

func openAccountsFront(t *testing.T, c *checker) *shop {
	t.Helper()
	s := openAccounts(t, c)
	s.through = true
	return s
}

func (s *shop) delete(path string, headers ...string) answer {
	s.Helper()
	return s.ask(http.MethodDelete, path, "", headers...)
}

// as logs somebody in, for the requests that follow.
func (s *shop) become(name, secret string) {
	s.Helper()
	s.token = ""
	body := fmt.Sprintf(`{"account":%q,"password":%q,"name":"walk"}`, name, secret)
	s.token = as[api.IssuedToken](s.post("/v1/tokens", body).is(http.StatusCreated)).Secret
}

func walkRegistering(s *shop) {
	root := s.token
	s.token = ""
	made := s.post("/v1/accounts", `{"name":"Ada","password":"the sea and its rooms"}`).is(http.StatusCreated)
	ada := as[api.Account](made)
	if ada.Name != "ada" || ada.Role != api.RoleCustomer || made.header("Location") != "/v1/accounts/"+ada.ID {
		s.Errorf("%+v at %s", ada, made.header("Location"))
	}
	s.post("/v1/accounts", `{"name":"ada","password":"the sea and its rooms"}`).fails(api.CodeConflict)
	for _, body := range append(badJSON(), "", "{}", `{"name":"bob"}`, `{"name":"bob","password":"short"}`, `{"name":"bob","password":"qwertyuiop"}`,
		`{"name":"bob","password":"bobbobbobbob"}`, `{"name":"b b","password":"the sea and its rooms"}`, `{"name":"local","password":"the sea and its rooms"}`,
		`{"name":"bob","password":"the sea and its rooms","role":"admin"}`, `{"name":"bob","password":"the sea and its rooms","state":"active"}`) {
		s.post("/v1/accounts", body).fails(api.CodeInvalid)
	}
	s.post("/v1/accounts?name=bob", `{}`).fails(api.CodeInvalid)
	s.get("/v1/accounts").fails(api.CodeUnauthenticated)
	s.token = "bzr_" + strings.Repeat("x", 49)
	s.post("/v1/accounts", `{"name":"bob","password":"the sea and its rooms"}`).fails(api.CodeUnauthenticated)
	s.token = root
	s.get("/v1/accounts/" + ada.ID).is(http.StatusOK)
}

func walkKeeping(s *shop) {
	for _, name := range []string{"ada", "bob"} {
		s.post("/v1/accounts", `{"name":"`+name+`","password":"the sea and its rooms"}`).is(http.StatusCreated)
	}
	var names []string
	for path := "/v1/accounts?limit=2"; path != ""; {
		page := as[api.AccountList](s.get(path).is(http.StatusOK))
		for _, a := range page.Accounts {
			names = append(names, a.Name)
		}
		path = ""
		if page.NextCursor != nil {
			path = "/v1/accounts?limit=2&after=" + *page.NextCursor
		}
	}
	if !slices.Equal(names, []string{"root", "ada", "bob"}) {
		s.Errorf("%v", names)
	}
	for _, query := range []string{"limit=0", "limit=1001", "after=x", "cursor=x", "limit=1&limit=2"} {
		s.get("/v1/accounts?" + query).fails(api.CodeInvalid)
	}
	edited := as[api.Account](s.patch("/v1/accounts/ada", `{"role":"staff","state":null}`).is(http.StatusOK))
	if again := as[api.Account](s.get("/v1/accounts/" + edited.ID).is(http.StatusOK)); again != edited || again.Role != api.RoleStaff {
		s.Errorf("%+v, then %+v", edited, again)
	}
	s.patch("/v1/accounts/ADA", `{}`).is(http.StatusOK)
	for _, body := range append(badJSON(), "", `{"role":"king"}`, `{"state":"gone"}`, `{"name":"eve"}`, `{"password":"the sea and its rooms"}`, `{"role":7}`) {
		s.patch("/v1/accounts/ada", body).fails(api.CodeInvalid)
	}
	s.get("/v1/accounts/nobody").fails(api.CodeNotFound)
	s.get("/v1/accounts/" + api.NewID()).fails(api.CodeNotFound)
	s.patch("/v1/accounts/nobody", `{"role":"staff"}`).fails(api.CodeNotFound)
	s.get("/v1/accounts/x").fails(api.CodeInvalid)
	s.get("/v1/accounts/ada?verbose=true").fails(api.CodeInvalid)
	s.patch("/v1/accounts/root", `{"role":"customer"}`).fails(api.CodeConflict)
	s.patch("/v1/accounts/root", `{"state":"disabled"}`).fails(api.CodeConflict)
	s.become("ada", "the sea and its rooms")
	s.get("/v1/accounts").fails(api.CodeForbidden)
	s.patch("/v1/accounts/ada", `{"role":"admin"}`).fails(api.CodeForbidden)
	s.become("root", rootPassword)
	s.patch("/v1/accounts/ada", `{"state":"disabled"}`).is(http.StatusOK)
}

func walkLogin(s *shop) {
	s.token = ""
	good := `{"account":"ROOT","password":"` + rootPassword + `","name":"x","scopes":["read"],"expires_in":60}`
	entered := s.post("/v1/tokens", good).is(http.StatusCreated)
	issued := as[api.IssuedToken](entered)
	if entered.header("Cache-Control") != "no-store" {
		s.Errorf("an answer with a secret may be kept: %q", entered.header("Cache-Control"))
	}
	s.token = issued.Secret
	me := as[api.Me](s.get("/v1/me").is(http.StatusOK))
	if me.Name != "root" || me.Role != api.RoleAdmin || !slices.Equal(me.Scopes, []api.Scope{api.ScopeRead}) || !me.ExpiresAt.Equal(issued.Token.ExpiresAt) {
		s.Errorf("%+v", me)
	}
	s.get("/v1/accounts").fails(api.CodeForbidden)
	s.get("/v1/me?x=y").fails(api.CodeInvalid)
	s.token = ""
	for _, body := range append(badJSON(), "", "{}", strings.Replace(good, "60", "59", 1), strings.Replace(good, "60", "31622401", 1),
		strings.Replace(good, `"read"`, `"fly"`, 1), strings.Replace(good, `"read"`, `"read","read"`, 1), strings.Replace(good, `"x"`, `""`, 1),
		strings.Replace(good, "ROOT", "no name", 1), strings.Replace(good, rootPassword, strings.Repeat("x", 1025), 1)) {
		s.post("/v1/tokens", body).fails(api.CodeInvalid)
	}
	for range 5 {
		s.post("/v1/tokens", strings.Replace(good, "sea", "moon", 1)).fails(api.CodeUnauthenticated)
	}
	if wait := s.post("/v1/tokens", good).fails(api.CodeRateLimited); !wait.Retryable {
		s.Errorf("%+v", wait)
	}
}

func walkTokens(s *shop) {
	s.become("root", rootPassword)
	page := as[api.TokenList](s.get("/v1/tokens").is(http.StatusOK))
	if len(page.Tokens) != 2 || page.Tokens[0].Current || !page.Tokens[1].Current || page.NextCursor != nil {
		s.Errorf("%+v", page)
	}
	s.get("/v1/tokens?after=x").fails(api.CodeInvalid)
	gone := as[api.Token](s.delete("/v1/tokens/" + page.Tokens[0].ID).is(http.StatusOK))
	if gone.ID != page.Tokens[0].ID {
		s.Errorf("%+v", gone)
	}
	s.delete("/v1/tokens/" + page.Tokens[0].ID).fails(api.CodeNotFound)
	s.delete("/v1/tokens/x").fails(api.CodeInvalid)
	s.delete("/v1/tokens/current?x=y").fails(api.CodeInvalid)
	s.delete("/v1/tokens/current").is(http.StatusOK)
	s.get("/v1/me").fails(api.CodeUnauthenticated)
	s.token = ""
	s.get("/v1/me").fails(api.CodeUnauthenticated)
	s.delete("/v1/tokens/current").fails(api.CodeUnauthenticated)
}

func walkPassword(s *shop) {
	other := s.token
	s.become("root", rootPassword)
	const fresh = "the roots of the whole tree"
	s.put("/v1/me/password", `{"old":"`+fresh+`","new":"`+fresh+`"}`).fails(api.CodeForbidden)
	for _, body := range append(badJSON(), "", `{"old":"`+rootPassword+`"}`, `{"old":"`+rootPassword+`","new":"short"}`, `{"old":"`+rootPassword+`","new":"`+fresh+`","account":"ada"}`) {
		s.put("/v1/me/password", body).fails(api.CodeInvalid)
	}
	s.put("/v1/me/password", `{"old":"`+rootPassword+`","new":"`+fresh+`"}`).is(http.StatusOK)
	s.get("/v1/me").is(http.StatusOK)
	s.token = other
	s.get("/v1/me").fails(api.CodeUnauthenticated)
	s.put("/v1/me/password", `{"old":"`+fresh+`","new":"`+rootPassword+`"}`).fails(api.CodeUnauthenticated)
	s.become("root", fresh)
}

func walkIntrospection(s *shop) {
	ask := func(token string) api.Introspection {
		return as[api.Introspection](s.post("/v1/introspect", `{"token":"`+token+`"}`).is(http.StatusOK))
	}
	if who := ask(s.token); !who.Active || who.Name != "root" || who.Role != api.RoleAdmin {
		s.Errorf("%+v", who)
	}
	for _, token := range []string{"", "x", api.NewToken()} {
		if who := ask(token); who.Active || who.Name != "" || who.Role != "" {
			s.Errorf("%q is %+v", token, who)
		}
	}
	for _, body := range append(badJSON(), "", `{"token":7}`, `{"token":"x","account":"y"}`) {
		s.post("/v1/introspect", body).fails(api.CodeInvalid)
	}
	s.askAt(s.accounts, http.MethodPost, "/v1/introspect", `{"token":"x"}`, "Authorization: Bearer "+s.token).fails(api.CodeForbidden)
	s.askAt(s.front, http.MethodPost, "/v1/introspect", `{"token":"x"}`, "Authorization: Bearer "+s.token).fails(api.CodeNotFound)
}
