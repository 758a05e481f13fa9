package access_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/bazar-store/bazar/pkg/api"
)

// who are the columns of the table: how a request shows who sends it.
func who() []string {
	return []string{
		"nobody", "owner", "other", "staff", "admin", "disabled", "expired", "revoked", "read-only", "order cert", "front cert",
	}
}

// table is who gets what, written by hand from the contract's words: for each
// route the statuses of the columns.
func table() map[string]string {
	const (
		anyone   = "200 200 200 200 200 401 401 401 200 200 200"
		own      = "401 200 200 200 200 401 401 401 200 403 403"
		staff    = "401 403 403 200 200 401 401 401 403 403 403"
		made     = "401 403 403 201 201 401 401 401 403 403 403"
		admin    = "401 403 403 403 200 401 401 401 403 403 403"
		order    = "403 403 403 403 403 403 403 403 403 200 403"
		readable = "401 403 403 403 200 401 401 401 403 200 403"
		buys     = "401 201 201 201 201 401 401 401 403 403 403"
	)
	return map[string]string{
		"GET /v1/store": anyone, "GET /v1/topics": anyone, "GET /v1/books": anyone, "GET /v1/books/{book}": anyone,
		"GET /v1/books/{book}/history": anyone, "GET /search/{topic}": anyone, "GET /info/{item}": anyone,
		"POST /v1/books": made, "PATCH /v1/books/{book}": staff, "PUT /v1/books/{book}/movements/{id}": staff,
		"GET /v1/imports": staff, "POST /v1/imports": staff, "GET /v1/imports/{id}": staff, "POST /v1/imports/{id}/undo": staff,
		"POST /v1/reservations": order, "DELETE /v1/reservations/{id}": order,
		"GET /v1/reservations": readable, "GET /v1/reservations/{id}": readable, "GET /v1/movements": readable,
		"GET /v1/orders": own, "PUT /v1/orders/{id}": buys, "POST /purchase/{item}": buys,
		// One that is the owner's.
		"GET /v1/orders/{id}":          "401 200 404 200 200 401 401 401 200 403 403",
		"POST /v1/orders/{id}/cancel":  "401 200 409 409 409 401 401 401 403 403 403",
		"DELETE /v1/tokens/{id}":       "401 200 404 404 404 401 401 401 200 403 403",
		"POST /v1/accounts":            "403 403 403 403 201 401 401 401 403 403 403", // registration is closed
		"GET /v1/accounts":             admin,
		"GET /v1/accounts/{account}":   admin,
		"PATCH /v1/accounts/{account}": admin,
		"POST /v1/tokens":              "201 201 201 201 201 401 401 401 201 201 201",
		"GET /v1/tokens":               own,
		"GET /v1/me":                   own,
		"PUT /v1/me/password":          "401 400 400 400 400 401 401 401 400 403 403", // the new one is too short
		"POST /v1/introspect":          order,
	}
}

// cast are the callers of the table.
type cast struct {
	*store

	tokens map[string]string
	made   int
}

func openCast(t *testing.T) *cast {
	t.Helper()
	c := &cast{store: openStore(t), tokens: map[string]string{"admin": ""}}
	for name, role := range map[string]api.Role{
		"owner": api.RoleCustomer, "other": api.RoleCustomer, "staff": api.RoleStaff, "disabled": api.RoleAdmin, "gone": api.RoleAdmin,
	} {
		c.add(t, name, role)
	}
	for _, name := range []string{"owner", "other", "staff", "disabled"} {
		c.tokens[name] = c.login(t, name).Secret
	}
	c.tokens["admin"] = c.root
	c.tokens["read-only"] = c.login(t, "owner", api.ScopeRead).Secret
	revoked, expired := c.login(t, "gone"), c.login(t, "gone")
	c.tokens["revoked"], c.tokens["expired"] = revoked.Secret, expired.Secret
	c.must(t, ask{token: revoked.Secret, method: http.MethodDelete, url: c.url(api.Accounts) + "/v1/tokens/" + revoked.Token.ID})
	c.expire(t, expired.Token.ID)
	off := api.AccountDisabled
	c.edit(t, "disabled", api.AccountEdit{State: &off})
	return c
}

// expire has a token end a second ago.
func (s *store) expire(t *testing.T, id string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "account.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.ExecContext(t.Context(), "UPDATE tokens SET expires_at = (unixepoch() - 1) * 1000 WHERE id = ?", id)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
}

// request is one that would be answered with success, if the caller may.
func (c *cast) request(t *testing.T, r api.Route, base string) ask {
	t.Helper()
	c.made++
	a := ask{method: r.Method, url: base}
	path := r.Path
	switch r.Method + " " + r.Path {
	case "POST /v1/books":
		a.body = `{"title":"A book","price":{"amount":100,"currency":"USD"}}`
	case "PATCH /v1/books/{book}":
		a.body = fmt.Sprintf(`{"publisher":"Publisher %d"}`, c.made)
	case "PUT /v1/books/{book}/movements/{id}":
		a.body = `{"delta":1}`
	case "POST /v1/imports":
		a.body = fmt.Sprintf(`{"id":%q,"source":"test","rows":[{"line":1,"isbn13":null,"id":4,"stock":3}]}`, api.NewID())
	case "GET /v1/imports/{id}", "POST /v1/imports/{id}/undo":
		path = strings.Replace(path, "{id}", c.imported(t), 1)
	case "POST /v1/reservations":
		a.body = fmt.Sprintf(`{"reservations":[{"id":%q,"lines":[{"book_id":5,"quantity":1}]}]}`, api.NewID())
	case "GET /v1/reservations/{id}", "GET /v1/orders/{id}", "POST /v1/orders/{id}/cancel":
		path = strings.Replace(path, "{id}", c.place(t, c.tokens["owner"]), 1)
	case "PUT /v1/orders/{id}":
		a.body = oneCopy
	case "POST /v1/accounts":
		a.body = fmt.Sprintf(`{"name":"new-%d","password":%q}`, c.made, password)
	case "PATCH /v1/accounts/{account}":
		a.body = `{"role":"customer"}`
	case "POST /v1/tokens":
		a.body = fmt.Sprintf(`{"account":"other","password":%q,"name":"again"}`, password)
	case "DELETE /v1/tokens/{id}":
		path = strings.Replace(path, "{id}", c.login(t, "owner").Token.ID, 1)
	case "PUT /v1/me/password":
		a.body = fmt.Sprintf(`{"old":%q,"new":"short"}`, password)
	case "POST /v1/introspect":
		a.body = fmt.Sprintf(`{"token":%q}`, c.tokens["owner"])
	}
	a.url += strings.NewReplacer("{id}", api.NewID(), "{book}", "3", "{item}", "3", "{topic}", "distributed-systems", "{account}", "other").Replace(path)
	return a
}

// imported makes an import, and gives its id.
func (c *cast) imported(t *testing.T) string {
	t.Helper()
	id := api.NewID()
	c.must(t, ask{
		token: c.root, method: http.MethodPost, url: c.url(api.Catalog) + "/v1/imports",
		body: fmt.Sprintf(`{"id":%q,"source":"test","rows":[{"line":1,"id":6,"stock":3}]}`, id),
	})
	return id
}

// as sends the request as one of the columns.
func (c *cast) as(a ask, column string) ask {
	switch column {
	case "order cert":
		a.certificate = "order"
	case "front cert":
		a.certificate = "frontend"
	default:
		a.token = c.tokens[column]
	}
	return a
}

func TestTheTableIsAboutEveryRoute(t *testing.T) {
	rows := table()
	for _, r := range api.Routes() {
		if len(strings.Fields(rows[r.Method+" "+r.Path])) != len(who()) {
			t.Errorf("%s %s has no whole row", r.Method, r.Path)
		}
		delete(rows, r.Method+" "+r.Path)
	}
	if len(rows) > 0 {
		t.Errorf("rows of no route: %v", rows)
	}
}

// What is shown of one store, each part for itself.
func TestAStoreWithAccounts(t *testing.T) {
	c := openCast(t)
	for _, part := range []struct {
		name string
		show func(*testing.T, *cast)
	}{
		{"every program is ready", everyProgramIsReady},
		{"every caller gets what the table says of every route", everyCellHolds},
		{"no attack with tokens gets through", noAttackGetsThrough},
		{"a token is taken however its scheme is written", aTokenIsTakenHoweverItsSchemeIsWritten},
		{"an order of another is to the byte like none", anOrderOfAnotherIsLikeNone},
		{"an id of another tells nothing", anIDOfAnotherTellsNothing},
		{"one key of two customers is two orders", oneKeyOfTwoCustomersIsTwoOrders},
		{"what a caller may not set is refused", whatACallerMayNotSetIsRefused},
		{"no way through the front end leads to what is for services", noWayLeadsToServices},
		{"only who may send a large body has it read", onlyWhoMaySendALargeBodyHasItRead},
		{"a revoked token is refused within five seconds", aRevokedTokenIsRefused},
	} {
		t.Run(part.name, func(t *testing.T) { part.show(t, c) })
	}
}

// A program that is known by its certificate, and has no token, still finds out
// that the others answer.
func everyProgramIsReady(t *testing.T, c *cast) {
	for service, p := range c.programs {
		if r := c.do(t, ask{method: http.MethodGet, url: "http://" + p.admin + "/readyz"}); r.status != http.StatusOK {
			t.Errorf("%s: %d %s", service, r.status, r.body)
		}
	}
}

// Each cell of the table, at the service itself and through the front end.
func everyCellHolds(t *testing.T, c *cast) {
	cells := 0
	for _, r := range api.Routes() {
		want := strings.Fields(table()[r.Method+" "+r.Path])
		for i, column := range who() {
			status, _ := strconv.Atoi(want[i])
			cells += c.cell(t, r, column, c.url(r.Service), status)
			if r.Public && r.Service != api.FrontEnd {
				if column == "order cert" && slices.Contains([]string{"/v1/reservations", "/v1/reservations/{id}", "/v1/movements"}, r.Path) {
					status = http.StatusForbidden // it is not the order service that asks
				}
				cells += c.cell(t, r, column, c.url(api.FrontEnd), status)
			}
		}
	}
	t.Logf("%d cells", cells)
}

func (c *cast) cell(t *testing.T, r api.Route, column, base string, want int) (cells int) {
	t.Helper()
	a := c.as(c.request(t, r, base), column)
	got := c.do(t, a)
	if got.status != want {
		t.Errorf("%s as %s: %d, want %d\n%s", a.method, column+" "+a.url, got.status, want, got.body)
	}
	if has := got.header.Get("WWW-Authenticate") != ""; has != (want == http.StatusUnauthorized) {
		t.Errorf("%s %s as %s: WWW-Authenticate %q", a.method, a.url, column, got.header.Get("WWW-Authenticate"))
	}
	if r.Method != http.MethodGet {
		return 1
	}
	a.method = http.MethodHead
	if head := c.do(t, a); head.status != want {
		t.Errorf("HEAD %s as %s: %d, want %d", a.url, column, head.status, want)
	}
	return 2
}
