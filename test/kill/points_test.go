package kill

import (
	"net/http"
	"strings"

	"github.com/bazar-store/bazar/test/harness"
)

// victim is whose process dies.
type victim int

const (
	customer victim = iota
	orders
	catalog
)

func (v victim) String() string { return [...]string{"command", "order", "catalog"}[v] }

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
}

// never is no edge.
const never harness.Edge = -1

func (p *point) matches(c harness.Call) bool {
	return c.Method == p.method && strings.HasPrefix(c.Path, p.path)
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
