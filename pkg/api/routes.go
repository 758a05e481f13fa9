package api

import "net/http"

// Service names one of the programs that answer HTTP.
type Service string

// The services, and the front end.
const (
	Catalog  Service = "catalog"
	Orders   Service = "order"
	Accounts Service = "account"
	FrontEnd Service = "frontend"
)

// Access says who may use a route. Where there are no accounts everyone is an
// admin, and only what is for services may still be kept from them.
type Access string

// Who may. A token has a scope only if its account's role has it too.
const (
	Anyone              Access = "anyone"
	AnyToken            Access = "any token"
	Readers             Access = "read"  // what is the account's own
	Buyers              Access = "buy"   // what is the account's own
	StaffOnly           Access = "staff" // of any account
	AdminsOnly          Access = "admin"
	OrderService        Access = "order service"
	OrderServiceOrAdmin Access = "order service or admin"
	AnyService          Access = "services"
)

// Scope is what a caller's token needs; "" where none helps or any does.
func (a Access) Scope() Scope {
	switch a {
	case Readers:
		return ScopeRead
	case Buyers:
		return ScopeBuy
	case StaffOnly:
		return ScopeStaff
	case AdminsOnly, OrderServiceOrAdmin:
		return ScopeAdmin
	default:
		return ""
	}
}

// Admits says whether a service may come without a token, by having shown which
// one it is.
func (a Access) Admits(s Service) bool {
	switch a {
	case OrderService, OrderServiceOrAdmin:
		return s == Orders
	case AnyService:
		return s == Catalog || s == Orders
	default:
		return false
	}
}

// ServicesOnly says whether no token helps here, an admin's included.
func (a Access) ServicesOnly() bool { return a == OrderService || a == AnyService }

// Route is one operation of the contract. Path has its parameters in braces,
// as openapi.yaml has them. A Public route is also served, as it is, by the
// front end. Access is who may use it.
type Route struct {
	Service Service
	Method  string
	Path    string
	Public  bool
	Access  Access
}

// Routes is every route of the contract, in the order of openapi.yaml.
func Routes() []Route {
	return []Route{
		{Catalog, http.MethodGet, "/v1/store", true, Anyone},
		{Catalog, http.MethodGet, "/v1/topics", true, Anyone},
		{Catalog, http.MethodGet, "/v1/books", true, Anyone},
		{Catalog, http.MethodPost, "/v1/books", true, StaffOnly},
		{Catalog, http.MethodGet, "/v1/books/{book}", true, Anyone},
		{Catalog, http.MethodPatch, "/v1/books/{book}", true, StaffOnly},
		{Catalog, http.MethodGet, "/v1/books/{book}/history", true, Anyone},
		{Catalog, http.MethodPut, "/v1/books/{book}/movements/{id}", true, StaffOnly},
		{Catalog, http.MethodGet, "/v1/imports", true, StaffOnly},
		{Catalog, http.MethodPost, "/v1/imports", true, StaffOnly},
		{Catalog, http.MethodGet, "/v1/imports/{id}", true, StaffOnly},
		{Catalog, http.MethodPost, "/v1/imports/{id}/undo", true, StaffOnly},
		{Catalog, http.MethodPost, "/v1/reservations", false, OrderService},
		{Catalog, http.MethodGet, "/v1/reservations", true, OrderServiceOrAdmin},
		{Catalog, http.MethodGet, "/v1/movements", true, OrderServiceOrAdmin},
		{Orders, http.MethodGet, "/v1/orders", true, Readers},
		{Orders, http.MethodPut, "/v1/orders/{id}", true, Buyers},
		{Orders, http.MethodGet, "/v1/orders/{id}", true, Readers},
		{Orders, http.MethodPost, "/v1/orders/{id}/cancel", true, Buyers},
		{Catalog, http.MethodGet, "/v1/reservations/{id}", true, OrderServiceOrAdmin},
		{Catalog, http.MethodDelete, "/v1/reservations/{id}", false, OrderService},
		{Accounts, http.MethodPost, "/v1/accounts", true, Anyone}, // an admin, unless registration is open
		{Accounts, http.MethodGet, "/v1/accounts", true, AdminsOnly},
		{Accounts, http.MethodGet, "/v1/accounts/{account}", true, AdminsOnly},
		{Accounts, http.MethodPatch, "/v1/accounts/{account}", true, AdminsOnly},
		{Accounts, http.MethodGet, "/v1/me", true, AnyToken},
		{Accounts, http.MethodPut, "/v1/me/password", true, AnyToken},
		{Accounts, http.MethodPost, "/v1/tokens", true, Anyone}, // who knows a password
		{Accounts, http.MethodGet, "/v1/tokens", true, AnyToken},
		{Accounts, http.MethodDelete, "/v1/tokens/{id}", true, AnyToken},
		{Accounts, http.MethodPost, "/v1/introspect", false, AnyService},
		{FrontEnd, http.MethodGet, "/search/{topic}", true, Anyone},
		{FrontEnd, http.MethodGet, "/info/{item}", true, Anyone},
		{FrontEnd, http.MethodPost, "/purchase/{item}", true, Buyers},
	}
}
