package harness

import (
	"slices"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

func TestAnOrderThatWasOpenForTooLongIsReportedThoughItIsSettled(t *testing.T) {
	fault := time.Now()
	at := func(s float64) time.Time { return fault.Add(time.Duration(s * float64(time.Second))) }
	for name, c := range map[string]struct {
		order     api.Order
		askedBack time.Time
		late      bool
		took      time.Duration
	}{
		"settled before the fault":            {api.Order{State: api.OrderConfirmed, CreatedAt: at(-9), UpdatedAt: at(-8)}, time.Time{}, false, 0},
		"settled in time":                     {api.Order{State: api.OrderRejected, CreatedAt: at(-9), UpdatedAt: at(10)}, time.Time{}, false, 10 * time.Second},
		"settled too late":                    {api.Order{State: api.OrderConfirmed, CreatedAt: at(-9), UpdatedAt: at(10.1)}, time.Time{}, true, 10100 * time.Millisecond},
		"placed later, and settled":           {api.Order{State: api.OrderConfirmed, CreatedAt: at(8), UpdatedAt: at(18)}, time.Time{}, false, 18 * time.Second},
		"placed later, and settled too late":  {api.Order{State: api.OrderConfirmed, CreatedAt: at(8), UpdatedAt: at(19)}, time.Time{}, true, 19 * time.Second},
		"taken back later":                    {api.Order{State: api.OrderCancelled, CreatedAt: at(-9), UpdatedAt: at(17)}, at(8), false, 17 * time.Second},
		"taken back before, and ended late":   {api.Order{State: api.OrderCancelled, CreatedAt: at(-9), UpdatedAt: at(17)}, at(-8), true, 17 * time.Second},
		"to be taken back, and confirmed now": {api.Order{State: api.OrderConfirmed, CreatedAt: at(-9), UpdatedAt: at(17)}, at(8), true, 17 * time.Second},
		"still open":                          {api.Order{State: api.OrderPending, CreatedAt: at(-9), UpdatedAt: at(-9)}, time.Time{}, true, 0},
	} {
		account := NewAccount()
		c.order.ID = "a"
		account.of("a").askedBack = c.askedBack
		if took, late := account.settled([]api.Order{c.order}, fault); took != c.took || slices.Contains(late, "a") != c.late {
			t.Errorf("%s: after %s, late %q", name, took, late)
		}
	}
}

func TestAnOrderMayBeOpenUntilItsBound(t *testing.T) {
	fault := time.Now()
	all := []api.Order{{ID: "a", State: api.OrderPending}, {ID: "b", State: api.OrderCancelling, CreatedAt: fault.Add(time.Second)}, {ID: "c", State: api.OrderConfirmed}}
	for after, want := range map[time.Duration][]string{Settled: {"a", "b"}, Settled + 1: {"b"}, Settled + time.Minute: nil} {
		if ids, _ := NewAccount().open(all, fault, fault.Add(after)); !slices.Equal(ids, want) {
			t.Errorf("after %s %q may be open, not %q", after, ids, want)
		}
	}
	if _, until := NewAccount().open(all, fault, fault); !until.Equal(fault.Add(Settled + time.Second)) {
		t.Errorf("they may be until %s after the fault", until.Sub(fault))
	}
}

// The call is begun in time, and answered when the time is over.
func TestAShopThatConfirmsTooLateDoesNotSell(t *testing.T) {
	run := room.Begin(t, "sells")
	shop, account := run.Open(t.Context(), "", "", map[int64]int64{1: 100}), NewAccount()
	since := time.Now()
	if took, sells := account.Sells(t.Context(), shop.Calls, 1, since, time.Minute); !sells {
		t.Errorf("it sells after %s, which is said to be too late", took)
	}
	const limit = 300 * time.Millisecond
	guard := Guard(func(Call) func(Edge) bool {
		return func(at Edge) bool {
			if at == Answered {
				Wait(t.Context(), time.Until(since.Add(limit)))
			}
			return false
		}
	})
	shop.ToOrders.Guard.Store(&guard)
	since = time.Now()
	if took, sells := account.Sells(t.Context(), shop.Calls, 1, since, limit); sells || account.Counts()[api.OrderConfirmed] != 2 {
		t.Errorf("it sells after %s, within %s; %v", took, limit, account.Counts())
	}
}
