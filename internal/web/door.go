package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/pkg/api"
)

// Door is how an engine knows who comes. The zero Door knows no accounts:
// everyone is [api.LocalAccount].
type Door struct {
	// Accounts says for whom tokens stand; nil where there are no accounts.
	Accounts Introspector
	// Identities says that services show which one they are. Without accounts it
	// is then the only thing that is kept from anybody; with them nothing else
	// opens the routes for services.
	Identities bool
	// Forwards says that others judge: a front end, whose requests go on to
	// services with the token that they came with, looks only at its form.
	Forwards bool
}

// accessOf is the row of the contract for a route: its own, or the one of its
// path. A route without a row must not be served.
func accessOf(r Route, contract []api.Route) api.Access {
	if r.Access != "" {
		return r.Access
	}
	for i := range contract {
		row := &contract[i]
		if row.Method == r.Method && GinPath(row.Path) == r.Path && row.Access != "" {
			return row.Access
		}
	}
	panic("web: " + r.Method + " " + r.Path + " has no row in api.Routes, so nobody has said who may use it")
}

// GinPath turns a path of the contract ("/books/{book}") into Gin's
// ("/books/:book").
func GinPath(template string) string {
	return strings.ReplaceAll(strings.ReplaceAll(template, "{", ":"), "}", "")
}

// caller finds out who comes, and refuses whoever may not.
func (d *Door) caller(r *http.Request, access api.Access) (Caller, error) {
	service := serviceOf(r)
	switch {
	case access.Admits(service):
		return Caller{Service: service}, nil
	case access.ServicesOnly() && (d.Identities || d.accounts()):
		return Caller{}, api.Errorf(api.CodeForbidden, "this is for the store's services alone; no token opens it")
	case !d.accounts():
		return localCaller(), nil
	}
	token, err := bearer(r.Header)
	switch {
	case err != nil:
		return Caller{}, err
	case token != "" && d.Forwards:
		return Caller{}, nil
	case token != "":
		return d.holder(r.Context(), token, access)
	case access == api.Anyone:
		return Caller{Service: service}, nil
	case service != "":
		return Caller{}, api.Errorf(api.CodeForbidden, "the %s service may not ask this", service)
	default:
		return Caller{}, api.Errorf(api.CodeUnauthenticated, "this needs a token; log in, or set BAZAR_TOKEN")
	}
}

func (d *Door) accounts() bool { return d.Accounts != nil || d.Forwards }

// holder is whom a token stands for, if that is enough.
func (d *Door) holder(ctx context.Context, token string, access api.Access) (Caller, error) {
	known, err := d.Accounts.Introspect(ctx, token)
	switch {
	case err != nil && access == api.Anyone && ctx.Err() == nil:
		return Caller{}, nil
	case err != nil:
		return Caller{}, err
	case !known.Active || (known.ExpiresAt != nil && !time.Now().Before(*known.ExpiresAt)):
		return Caller{}, badToken()
	}
	caller := callerBy(&known)
	scope := access.Scope()
	switch {
	case scope == "" || caller.May(scope):
		return caller, nil
	case slices.Contains(caller.Role.Scopes(), scope):
		return Caller{}, api.Errorf(api.CodeForbidden, "this token may not be used for that: it lacks the scope %s", scope)
	default:
		return Caller{}, api.Errorf(api.CodeForbidden, "this is for %s", reachOf(scope))
	}
}

func reachOf(scope api.Scope) string {
	if scope == api.ScopeStaff {
		return "the shop's staff"
	}
	return "admins"
}

// bearer reads the token of a request, "" where it has none. Where something
// else stands than one token in its form, nobody needs to be asked.
func bearer(h http.Header) (string, error) {
	values := h["Authorization"]
	switch len(values) {
	case 0:
		return "", nil
	case 1:
	default:
		return "", api.Errorf(api.CodeUnauthenticated, "there are %d Authorization headers; send one", len(values))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", api.Errorf(api.CodeUnauthenticated, "the Authorization header is not \"Bearer\" and a token")
	}
	return token, api.CheckToken(token)
}

func badToken() error {
	return api.Errorf(api.CodeUnauthenticated, "this token is not valid, or not any more; log in again")
}

// challenge says on a reply what the request lacked (RFC 6750, 3).
func challenge(c *gin.Context) {
	value := `Bearer realm="bazar"`
	if len(c.Request.Header["Authorization"]) > 0 {
		value += `, error="invalid_token"`
	}
	c.Writer.Header().Set("WWW-Authenticate", value)
}
