// Package web holds what Bazar's HTTP servers have in common: how a request is
// read strictly, how a value or an error becomes a reply, who may talk to a
// server without accounts, and how a service starts, reports itself and stops.
package web
