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

// Route is one operation of the contract. Path has its parameters in braces,
// as openapi.yaml has them. A Public route is also served, as it is, by the
// front end.
type Route struct {
	Service Service
	Method  string
	Path    string
	Public  bool
}

// Routes is every route of the contract, in the order of openapi.yaml.
func Routes() []Route {
	return []Route{
		{Catalog, http.MethodGet, "/v1/store", true},
		{Catalog, http.MethodGet, "/v1/topics", true},
		{Catalog, http.MethodGet, "/v1/books", true},
		{Catalog, http.MethodPost, "/v1/books", true},
		{Catalog, http.MethodGet, "/v1/books/{book}", true},
		{Catalog, http.MethodPatch, "/v1/books/{book}", true},
		{Catalog, http.MethodGet, "/v1/books/{book}/history", true},
		{Catalog, http.MethodPut, "/v1/books/{book}/movements/{id}", true},
		{Catalog, http.MethodGet, "/v1/imports", true},
		{Catalog, http.MethodPost, "/v1/imports", true},
		{Catalog, http.MethodGet, "/v1/imports/{id}", true},
		{Catalog, http.MethodPost, "/v1/imports/{id}/undo", true},
		{Catalog, http.MethodPost, "/v1/reservations", false},
		{Catalog, http.MethodGet, "/v1/reservations", true},
		{Catalog, http.MethodGet, "/v1/movements", true},
		{Orders, http.MethodGet, "/v1/orders", true},
		{Orders, http.MethodPut, "/v1/orders/{id}", true},
		{Orders, http.MethodGet, "/v1/orders/{id}", true},
		{Orders, http.MethodPost, "/v1/orders/{id}/cancel", true},
		{Catalog, http.MethodGet, "/v1/reservations/{id}", true},
		{Catalog, http.MethodDelete, "/v1/reservations/{id}", false},
		{FrontEnd, http.MethodGet, "/search/{topic}", true},
		{FrontEnd, http.MethodGet, "/info/{item}", true},
		{FrontEnd, http.MethodPost, "/purchase/{item}", true},
	}
}
