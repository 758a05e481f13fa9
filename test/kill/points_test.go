package kill

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/harness"
)

// victim is whose process dies.
type victim int

const (
	customer victim = iota
	orders
	catalog
)

// point is a crash point: a call of a kind, whose victim dies at an edge. It may
// stand still from an earlier edge on, so that it gets no further.
type point struct {
	name   string
	victim victim
	cancel bool
	on     func(*harness.Shop) *harness.Wire
	method string
	path   string // how the call's path begins
	freeze harness.Edge
	strike harness.Edge
	leaves *state // nil: one or the other
}

// state is how an order and its reservation stand; "" is not at all.
type state struct {
	order       api.OrderState
	reservation api.ReservationState
}

// leaves are the states in which an order stands after a crash at a point of
// docs/protocol.md, bought and cancelled.
func leaves(name string, cancel bool) *state {
	bought := map[string]state{
		"✕1": {}, "✕2": {}, "✕3": {}, "✕4": {api.OrderPending, ""}, "✕5": {api.OrderPending, ""}, "✕6": {api.OrderPending, api.Taken},
		"✕7": {api.OrderPending, api.Taken}, "✕8": {api.OrderConfirmed, api.Taken}, "✕9": {api.OrderConfirmed, api.Taken},
	}
	cancelled := map[string]state{
		"✕1": {}, "✕2": {api.OrderConfirmed, api.Taken}, "✕3": {api.OrderConfirmed, api.Taken}, "✕4": {api.OrderCancelling, api.Taken},
		"✕5": {api.OrderCancelling, api.Taken}, "✕6": {api.OrderCancelling, api.Released}, "✕7": {api.OrderCancelling, api.Released},
		"✕8": {api.OrderCancelled, api.Released}, "✕9": {api.OrderCancelled, api.Released},
	}
	number, rest, _ := strings.Cut(name, " ")
	if strings.HasPrefix(rest, "while") {
		return nil
	}
	s := bought[number]
	if cancel {
		s = cancelled[number]
	}
	return &s
}

// never is no edge.
const never harness.Edge = -1

// matches says whether a call is of this kind and of this order; the question
// which store this is, is of none.
func (p *point) matches(c harness.Call, id string) bool {
	return c.Method == p.method && strings.HasPrefix(c.Path, p.path) &&
		(strings.Contains(c.Path, id) || bytes.Contains(c.Body, []byte(id)) || p.method == http.MethodGet)
}

func toCatalog(s *harness.Shop) *harness.Wire { return s.ToCatalog }
func toOrders(s *harness.Shop) *harness.Wire  { return s.ToOrders }
func between(s *harness.Shop) *harness.Wire   { return s.Between }

// points are the named points of docs/protocol.md, of buying and of cancelling,
// and two more each: in the midst of the catalog's commit, and of the order
// service's.
func points() (all []point) {
	for _, p := range []point{
		{name: "✕1 nothing is journalled", victim: customer, on: toCatalog, method: http.MethodGet, path: "/v1/store", freeze: never, strike: harness.Arrived},
		{name: "✕2 journalled, not sent", victim: customer, on: toOrders, freeze: never, strike: harness.Arrived},
		{name: "✕3 sent, not recorded", victim: orders, on: toOrders, freeze: harness.Arrived, strike: harness.Passed},
		{name: "✕4 recorded, the catalog is not called", victim: orders, on: between, freeze: never, strike: harness.Arrived},
		{name: "✕5 the catalog is called, nothing is committed", victim: catalog, on: between, freeze: harness.Arrived, strike: harness.Passed},
		{name: "✕5 while the catalog commits", victim: catalog, on: between, freeze: never, strike: harness.Passed},
		{name: "✕6 decided, not answered", victim: catalog, on: between, freeze: never, strike: harness.Answered},
		{name: "✕7 the decision is heard, not written", victim: orders, on: between, freeze: harness.Answered, strike: harness.Delivered},
		{name: "✕7 while the decision is written", victim: orders, on: between, freeze: never, strike: harness.Delivered},
		{name: "✕8 settled, not answered", victim: orders, on: toOrders, freeze: never, strike: harness.Answered},
		{name: "✕9 answered, the journal has it still", victim: customer, on: toOrders, freeze: harness.Answered, strike: harness.Delivered},
	} {
		buy, cancel := p, p
		buy.leaves, cancel.leaves = leaves(p.name, false), leaves(p.name, true)
		buy.name, cancel.name, cancel.cancel = "buying "+p.name, "cancelling "+p.name, true
		if p.method == "" {
			buy.method, buy.path = http.MethodPut, "/v1/orders/"
			cancel.method, cancel.path = http.MethodPost, "/v1/orders/"
		}
		if p.victim == catalog || strings.HasPrefix(p.name, "✕4") || strings.HasPrefix(p.name, "✕7") {
			buy.method, buy.path = http.MethodPost, "/v1/reservations"
			cancel.method, cancel.path = http.MethodDelete, "/v1/reservations/"
		}
		all = append(all, buy, cancel)
	}
	return all
}
