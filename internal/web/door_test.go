package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// kept is a route for each kind of access, at a path of that name.
func kept() (routes []web.Route) {
	for _, access := range []api.Access{
		api.Anyone, api.AnyToken, api.Readers, api.Buyers, api.StaffOnly, api.AdminsOnly,
		api.OrderService, api.OrderServiceOrAdmin, api.AnyService,
	} {
		routes = append(routes, web.Route{
			Method: http.MethodGet, Path: "/" + strings.ReplaceAll(string(access), " ", "-"), Access: access,
			Handler: func(c *gin.Context) (any, error) { return web.CallerOf(c), nil },
		})
	}
	return routes
}

func bearing(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// wantDoors wants the statuses of the routes above, in their order.
func wantDoors(t *testing.T, base, who string, change func(*http.Request), want string) {
	t.Helper()
	var got []string
	for _, r := range kept() {
		reply := do(t, r.Method, base+r.Path, "", change)
		got = append(got, reply.Status[:3])
		if has := reply.Header.Get("WWW-Authenticate") != ""; has != (reply.StatusCode == http.StatusUnauthorized) {
			t.Errorf("%s at %s: %s with WWW-Authenticate %q", who, r.Path, reply.Status, reply.Header.Get("WWW-Authenticate"))
		}
	}
	if strings.Join(got, " ") != want {
		t.Errorf("%s\n got %s\nwant %s", who, strings.Join(got, " "), want)
	}
}

func TestARouteThatNobodyHasARowForDoesNotStart(t *testing.T) {
	start := func(r web.Route) (refused bool) {
		defer func() { refused = recover() != nil }()
		_, log := newLog()
		web.NewEngine(web.EngineOptions{Log: log}, []web.Route{r})
		return refused
	}
	handler := answer("", nil)
	if !start(web.Route{Method: http.MethodGet, Path: "/v1/secrets", Handler: handler}) {
		t.Error("a route that is not in the contract starts")
	}
	if !start(web.Route{Method: http.MethodDelete, Path: "/v1/books/:book", Handler: handler}) {
		t.Error("a method that is not in the contract starts")
	}
	if start(web.Route{Method: http.MethodGet, Path: "/v1/books/:book", Handler: handler}) {
		t.Error("a route of the contract does not start")
	}
}

func TestWhoMayComeWhereThereAreAccounts(t *testing.T) {
	b := openBank(t)
	server := start(t, web.EngineOptions{Door: web.Door{Accounts: b, Identities: true}}, kept()...)
	//                                              anyone token read buy staff admin order order-or-admin services
	wantDoors(t, server.URL, "nobody", nil, "200 401 401 401 401 401 403 401 403")
	for _, who := range []struct {
		name   string
		role   api.Role
		scopes []api.Scope
		want   string
	}{
		{"ada", api.RoleCustomer, nil, "200 200 200 200 403 403 403 403 403"},
		{"ada", api.RoleCustomer, []api.Scope{api.ScopeRead}, "200 200 200 403 403 403 403 403 403"},
		{"bob", api.RoleStaff, nil, "200 200 200 200 200 403 403 403 403"},
		{"bob", api.RoleStaff, []api.Scope{api.ScopeBuy}, "200 200 403 200 403 403 403 403 403"},
		{"eve", api.RoleAdmin, nil, "200 200 200 200 200 200 403 200 403"},
		{"eve", api.RoleAdmin, []api.Scope{api.ScopeRead, api.ScopeBuy, api.ScopeStaff}, "200 200 200 200 200 403 403 403 403"},
	} {
		issued := b.login(t, who.name, who.role, who.scopes...)
		wantDoors(t, server.URL, who.name+" "+strings.Join(texts(who.scopes), ","), bearing(issued.Secret), who.want)
	}
	gone := b.login(t, "ada", api.RoleCustomer)
	b.revoke(t, gone)
	wantDoors(t, server.URL, "a revoked token", bearing(gone.Secret), "401 401 401 401 401 401 403 401 403")
}

func texts[T ~string](values []T) (all []string) {
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}

// A role that was taken away takes along what its tokens were made for.
func TestATokenDoesNoMoreThanItsRoleDoesNow(t *testing.T) {
	b := openBank(t)
	server := start(t, web.EngineOptions{Door: web.Door{Accounts: b}}, kept()...)
	b.login(t, "root", api.RoleAdmin)
	eve, customer := b.login(t, "eve", api.RoleAdmin), api.RoleCustomer
	if _, err := b.Edit(t.Context(), "eve", api.AccountEdit{Role: &customer}); err != nil {
		t.Fatal(err)
	}
	wantDoors(t, server.URL, "a former admin", bearing(eve.Secret), "200 200 200 200 403 403 403 403 403")
}

func TestServicesComeWithoutAToken(t *testing.T) {
	b := openBank(t)
	_, log := newLog()
	engine := web.NewEngine(web.EngineOptions{Log: log, Door: web.Door{Accounts: b}}, kept())
	for service, want := range map[api.Service]string{
		api.Orders:   "200 403 403 403 403 403 200 200 200",
		api.Catalog:  "200 403 403 403 403 403 403 403 200",
		api.Accounts: "200 403 403 403 403 403 403 403 403",
		api.FrontEnd: "200 403 403 403 403 403 403 403 403",
		"warehouse":  "200 403 403 403 403 403 403 403 403",
	} {
		server := serve(t, web.Acting(service, engine))
		wantDoors(t, server, string(service), nil, want)
	}
	// The front end brings its callers' tokens.
	ada := b.login(t, "ada", api.RoleCustomer)
	wantDoors(t, serve(t, web.Acting(api.FrontEnd, engine)), "ada by the front end", bearing(ada.Secret), "200 200 200 200 403 403 403 403 403")
}

func TestWithoutAccountsOnlyWhatIsForServicesIsKept(t *testing.T) {
	_, log := newLog()
	open := web.NewEngine(web.EngineOptions{Log: log}, kept())
	wantDoors(t, serve(t, open), "local", nil, "200 200 200 200 200 200 200 200 200")
	wantDoors(t, serve(t, open), "local with some token", bearing("x"), "200 200 200 200 200 200 200 200 200")
	shut := web.NewEngine(web.EngineOptions{Log: log, Door: web.Door{Identities: true}}, kept())
	wantDoors(t, serve(t, shut), "local", nil, "200 200 200 200 200 200 403 200 403")
	wantDoors(t, serve(t, web.Acting(api.Orders, shut)), "the order service", nil, "200 200 200 200 200 200 200 200 200")
}

// Others judge behind a front end; it turns away only what can be no caller's.
func TestAFrontEndLooksOnlyAtTheFormOfTokens(t *testing.T) {
	server := start(t, web.EngineOptions{Door: web.Door{Forwards: true}}, kept()...)
	wantDoors(t, server.URL, "nobody", nil, "200 401 401 401 401 401 403 401 403")
	wantDoors(t, server.URL, "a mistyped token", bearing(api.NewToken()[:52]), "401 401 401 401 401 401 403 401 403")
	wantDoors(t, server.URL, "some token", bearing(api.NewToken()), "200 200 200 200 200 200 403 200 403")
}

func TestWhileAccountsAreAwayWhatNeedsNoTokenGoesOn(t *testing.T) {
	b := openBank(t)
	ada := b.login(t, "ada", api.RoleCustomer)
	b.cut.Store(true)
	server := start(t, web.EngineOptions{Door: web.Door{Accounts: web.Cached(b)}}, kept()...)
	wantDoors(t, server.URL, "nobody", nil, "200 401 401 401 401 401 403 401 403")
	wantDoors(t, server.URL, "ada", bearing(ada.Secret), "200 503 503 503 503 503 403 503 403")
	if r := do(t, http.MethodGet, server.URL+"/read", "", bearing(ada.Secret)); r.problem(t).Code != api.CodeUnavailable {
		t.Errorf("%s", r.body)
	}
}

// Where answers are remembered, a token's own end counts all the same.
func TestARememberedTokenEndsWhenItSays(t *testing.T) {
	b := openBank(t)
	synctest.Test(t, func(t *testing.T) {
		ada := b.login(t, "ada", api.RoleCustomer)
		_, log := newLog()
		engine := web.NewEngine(web.EngineOptions{Log: log, Door: web.Door{Accounts: web.Cached(b)}}, kept())
		status := func() int {
			r := httptest.NewRequest(http.MethodGet, "/read", http.NoBody)
			bearing(ada.Secret)(r)
			w := httptest.NewRecorder()
			engine.ServeHTTP(w, r)
			return w.Code
		}
		pass(api.MinTokenLife*time.Second - time.Second)
		if got := status(); got != http.StatusOK {
			t.Fatalf("a second before its end: %d", got)
		}
		pass(time.Second)
		if got := status(); got != http.StatusUnauthorized || b.asked.Load() != 1 {
			t.Errorf("at its end: %d, after %d questions", got, b.asked.Load())
		}
	})
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}
