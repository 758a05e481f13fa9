package harness

import (
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

var (
	price  = api.Money{Amount: 100, Currency: "USD"}
	asked  = []api.LineRequest{{BookID: 3, Quantity: 2}}
	refuse = api.CodeOutOfStock
)

// sound is a store as its buyers were told: a is confirmed, b rejected, c
// cancelled after it was confirmed, and d cancelled before it was placed.
func sound() (*Account, *Holdings) {
	double := api.Money{Amount: 200, Currency: "USD"}
	confirmed := api.Order{ID: "a", State: api.OrderConfirmed, Total: &double, Lines: []api.OrderLine{{BookID: 3, Quantity: 2, Price: &price}}}
	gone := confirmed
	gone.ID, gone.State = "c", api.OrderCancelled
	account := NewAccount()
	for _, id := range []string{"a", "b", "c"} {
		account.Ask(id, asked)
	}
	account.Told("a", &confirmed, nil)
	account.Told("b", nil, api.Errorf(api.CodeOutOfStock, "sold out"))
	account.AskBack("c")
	account.Told("c", &gone, nil)
	account.AskBack("d")
	account.Told("d", &api.Order{State: api.OrderCancelled}, nil)
	taken := []api.ReservedLine{{BookID: 3, Quantity: 2, Price: &price}}
	return account, &Holdings{
		Orders: []api.Order{
			confirmed, {ID: "b", State: api.OrderRejected, Reason: &refuse, Lines: []api.OrderLine{{BookID: 3, Quantity: 2}}}, gone, {ID: "d", State: api.OrderCancelled},
		},
		Reservations: map[string]api.Reservation{
			"a": {ID: "a", State: api.Taken, Lines: taken}, "b": {ID: "b", State: api.Refused}, "c": {ID: "c", State: api.Released, Lines: taken}, "d": {ID: "d", State: api.Refused},
		},
		Stock: map[int64]int64{3: 8},
	}
}

func TestAStoreThatIsNotAsItsBuyersWereToldIsReported(t *testing.T) {
	for want, spoil := range map[string]func(a *Account, h *Holdings){
		"":                        func(*Account, *Holdings) {},
		"order a is lost":         func(_ *Account, h *Holdings) { h.Orders = h.Orders[1:] },
		"there twice":             func(_ *Account, h *Holdings) { h.Orders = append(h.Orders, h.Orders[0]) },
		"nobody placed it":        func(_ *Account, h *Holdings) { h.Orders = append(h.Orders, api.Order{ID: "e"}) },
		"a is still pending":      func(_ *Account, h *Holdings) { h.Orders[0].State = api.OrderPending },
		"d is still cancelling":   func(_ *Account, h *Holdings) { h.Orders[3].State = api.OrderCancelling },
		"told confirmed":          func(_ *Account, h *Holdings) { h.Orders[0].State = api.OrderRejected },
		"told rejected":           func(_ *Account, h *Holdings) { h.Orders[1].State = api.OrderConfirmed },
		"told cancelled":          func(_ *Account, h *Holdings) { h.Orders[2].State = api.OrderConfirmed },
		"a is cancelled, and nob": func(_ *Account, h *Holdings) { h.Orders[0].State = api.OrderCancelled },
		"were asked for":          func(_ *Account, h *Holdings) { h.Orders[1].Lines = []api.OrderLine{{BookID: 3, Quantity: 1}} },
		"has the total":           func(_ *Account, h *Holdings) { h.Orders[0].Total = &price },
		"buyer was told":          func(a *Account, _ *Holdings) { a.bought["a"].Total.Amount++ },
		"its reservation is":      func(_ *Account, h *Holdings) { delete(h.Reservations, "a") },
		`reservation is "taken"`:  func(_ *Account, h *Holdings) { h.Reservations["c"] = h.Reservations["a"] },
		`d is cancelled with null; its reservation is ""`: func(_ *Account, h *Holdings) { delete(h.Reservations, "d") },
		"there are 9 copies":                              func(_ *Account, h *Holdings) { h.Stock[3] = 9 },
		"after it was confirmed":                          func(a *Account, _ *Holdings) { a.Told("a", nil, api.Errorf(api.CodeOutOfStock, "sold out")) },
		"was answered internal":                           func(a *Account, _ *Holdings) { a.Told("a", nil, api.Errorf(api.CodeInternal, "oh")) },
		"nobody cancelled it":                             func(a *Account, _ *Holdings) { a.Told("a", nil, api.Errorf(api.CodeCancelled, "gone")) },
	} {
		account, holdings := sound()
		spoil(account, holdings)
		wrong := account.Compare(holdings, map[int64]int64{3: 10})
		if (len(wrong) == 0) != (want == "") || !slices.ContainsFunc(append(wrong, ""), func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("%q is not among %q", want, wrong)
		}
	}
}
