package main

import (
	"maps"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

func TestWhatPurchasesDidNotDoIsReported(t *testing.T) {
	bought := purchase{id: "a", book: 3, copies: 2, state: api.OrderConfirmed}
	refused := purchase{id: "b", book: 2, copies: 1, state: api.OrderRejected}
	sound := func() store {
		return store{
			stock: map[int64]int64{2: 0, 3: 8},
			orders: map[string]api.Order{
				"old": {ID: "old", State: api.OrderConfirmed},
				"a":   {ID: "a", State: api.OrderConfirmed, Lines: []api.OrderLine{{BookID: 3, Quantity: 2}}},
				"b":   {ID: "b", State: api.OrderRejected, Lines: []api.OrderLine{{BookID: 2, Quantity: 1}}},
			},
		}
	}
	for want, spoil := range map[string]func(s store){
		"":                         func(store) {},
		"a, confirmed, is lost":    func(s store) { delete(s.orders, "a") },
		"a is pending":             func(s store) { s.orders["a"] = api.Order{State: api.OrderPending} },
		"b is confirmed":           func(s store) { s.orders["b"] = api.Order{State: api.OrderConfirmed} },
		"1 of book 2 were bought":  func(s store) { s.orders["b"] = api.Order{State: api.OrderRejected} },
		"1 orders more":            func(s store) { s.orders["c"] = api.Order{} },
		"book 3 there are 10 left": func(s store) { s.stock[3] = 10 },
		"book 2 there are -1 left": func(s store) { s.stock[2] = -1 },
	} {
		before := store{stock: map[int64]int64{2: 0, 3: 10}, orders: map[string]api.Order{"old": {}}}
		after := sound()
		spoil(after)
		err := compare(before, after, []purchase{bought, refused})
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, not %q", err, want)
		}
		if !maps.Equal(before.stock, map[int64]int64{2: 0, 3: 10}) {
			t.Errorf("%v was changed", before.stock)
		}
	}
}
