package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/pkg/api"
)

// Introspector knows for whom a token stands: the account service itself, or the
// shared client. A token that stands for nobody is an answer (Active is false);
// an error says that there is none.
type Introspector interface {
	Introspect(ctx context.Context, token string) (api.Introspection, error)
}

// Caller is who sends a request. The zero Caller is nobody, who may nothing.
type Caller struct {
	// Account is the account's id, "" for nobody and for services; Name is what
	// its owner calls it.
	Account, Name string
	Role          api.Role
	// Scopes are what the token may be used for: never more than the role.
	Scopes []api.Scope
	// ExpiresAt is when the token ends, nil for never.
	ExpiresAt *time.Time
	// Service is the service that calls, if one has shown that it does.
	Service api.Service
}

// May says whether the caller's role and token both allow a scope.
func (c Caller) May(scope api.Scope) bool { return slices.Contains(c.Scopes, scope) }

// callerSlot is where the engine leaves the caller for the handlers.
const callerSlot = "bazar.caller"

// CallerOf is who sends the request: as the engine found out, and nobody where it
// did not.
func CallerOf(c *gin.Context) Caller {
	value, _ := c.Get(callerSlot)
	caller, _ := value.(Caller)
	return caller
}

// localCaller is everyone where there are no accounts.
func localCaller() Caller {
	return Caller{Account: api.LocalAccount, Name: api.LocalAccount, Role: api.RoleAdmin, Scopes: api.RoleAdmin.Scopes()}
}

// callerBy is whom a token stands for. A scope that the role does not have is
// left out, whatever the token says.
func callerBy(i *api.Introspection) Caller {
	caller := Caller{Account: i.AccountID, Name: i.Name, Role: i.Role, ExpiresAt: i.ExpiresAt}
	allowed := i.Role.Scopes()
	for _, scope := range i.Scopes {
		if slices.Contains(allowed, scope) {
			caller.Scopes = append(caller.Scopes, scope)
		}
	}
	return caller
}

// serviceOf is the service that sends a request and has shown that it does, ""
// for none.
func serviceOf(r *http.Request) api.Service {
	name, _ := ServiceOf(r)
	return api.Service(name)
}
