package simulation

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/bazar-store/bazar/internal/audit"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// check holds what is there against what was told, has every id placed once
// more, and audits the store.
func (w *world) check() (s sums) {
	c := w.client("inspector", nil)
	orders := w.orders(c)
	s = w.count(orders)
	for _, id := range w.told.ids {
		w.checkID(id, w.told.asks[id], orders[id])
	}
	for id, o := range orders {
		if w.told.asks[id] == nil {
			w.violation("order %s is there, which nobody asked for", id)
		}
		if o.State == api.OrderPending || o.State == api.OrderCancelling {
			w.violation("order %s is still %s 10 s after the faults", id, o.State)
		}
	}
	w.checkStock(c, orders)
	w.replay(c, orders)
	_, err := audit.Run(w.ctx, c, audit.Options{
		Progress: func(int64) {}, Now: time.Now,
		Fault: func(f audit.Fault) error {
			w.violation("audit: %s: %s", f.Check, f.Detail)
			return nil
		},
	})
	if err != nil {
		w.violation("audit: %v", err)
	}
	return s
}

func (w *world) orders(c *client.Client) map[string]*api.Order {
	all := map[string]*api.Order{}
	page, err := c.AllOrders(w.ctx, api.MaxLimit, "")
	if err != nil || page.NextCursor != nil {
		w.violation("reading orders: %v, or there are too many", err)
	}
	for i := range page.Orders {
		all[page.Orders[i].ID] = &page.Orders[i]
	}
	return all
}

// checkID proves that the answers on an id fit each other, in the order in which
// they were heard, and that the order that is there is the next of them.
func (w *world) checkID(id string, asks []*ask, order *api.Order) {
	end := absent
	if order != nil {
		end = state(order.State)
	}
	for i, a := range asks {
		if a.state == unknown || a.state == another {
			continue
		}
		if !reaches(a.state, end) {
			w.violation("order %s is %s; %s was told that it is %s", id, end, a.who, a.state)
		}
		for _, b := range asks[i+1:] {
			w.checkPair(id, a, b)
		}
	}
	if order == nil {
		return
	}
	w.checkRecorded(asks, order)
	wants := func(a *ask) bool { return a.verb == toCancel }
	if end == cancelled && !slices.ContainsFunc(asks, wants) {
		w.violation("order %s is cancelled, which nobody wanted", id)
	}
	for _, a := range asks {
		w.checkWish(a, order)
	}
	w.checkPrices(order)
}

// checkRecorded proves that there is no order where all who asked for it were
// told that nothing was recorded; unless a request may have come twice.
func (w *world) checkRecorded(asks []*ask, order *api.Order) {
	something := func(a *ask) bool { return a.verb != toKnow && !a.nothing }
	if w.weather.twice == 0 && !slices.ContainsFunc(asks, something) {
		w.violation("order %s is there; all who asked for it were told that nothing was recorded", order.ID)
	}
}

// checkPair holds two answers on an id against each other.
func (w *world) checkPair(id string, a, b *ask) {
	if b.state == unknown || b.state == another {
		return
	}
	before, after := reaches(a.state, b.state), reaches(b.state, a.state)
	if (a.heard < b.asked && !before) || (b.heard < a.asked && !after) || (!before && !after) {
		w.violation("order %s: %s was told that it is %s, and %s that it is %s", id, a.who, a.state, b.who, b.state)
	}
	if a.state == confirmed && b.state == confirmed && !reflect.DeepEqual(a.order, b.order) {
		w.violation("order %s was confirmed in two ways: %s and %s", id, asJSON(a.order), asJSON(b.order))
	}
	if a.refusal != nil && b.refusal != nil && !sameRefusal(a.refusal, b.refusal) {
		w.violation("order %s was refused in two ways: %s and %s", id, asJSON(a.refusal), asJSON(b.refusal))
	}
}

func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func sameRefusal(a, b *api.Error) bool {
	return a.Code == b.Code && a.Detail == b.Detail && reflect.DeepEqual(a.Errors, b.Errors)
}

// checkWish proves that who was told of an order asked for it, and who was told
// of another one did not.
func (w *world) checkWish(a *ask, order *api.Order) {
	if a.verb != toPlace || len(order.Lines) == 0 {
		return
	}
	same := isFor(order, a.wish)
	if a.state == another && same {
		w.violation("order %s is for what %s asked for, who was told that it is not", a.id, a.who)
	}
	if (a.state == pending || a.state == confirmed || a.state == rejected) && !same {
		w.violation("order %s is not for what %s asked for, who was told that it is %s", a.id, a.who, a.state)
	}
}

func isFor(order *api.Order, wish api.OrderRequest) bool {
	return slices.EqualFunc(order.Lines, wish.Lines, func(l api.OrderLine, r api.LineRequest) bool {
		return l.BookID == r.BookID && l.Quantity == r.Quantity && reflect.DeepEqual(l.MaxPrice, r.MaxPrice)
	})
}

// checkPrices proves that an order was sold at prices that its books have had,
// within its limits.
func (w *world) checkPrices(order *api.Order) {
	if order.State != api.OrderConfirmed {
		return
	}
	for _, l := range order.Lines {
		had := l.Price != nil && (l.Price.Amount == firstPrice || slices.Contains(w.told.prices[l.BookID], l.Price.Amount))
		if !had || (l.MaxPrice != nil && l.Price.Amount > l.MaxPrice.Amount) {
			w.violation("order %s was sold at other prices than its books have had, or above its limit: %s", order.ID, asJSON(l))
		}
	}
}

// replay places every id once more, now that nothing is lost: each is told what
// it was told before, and there are as many orders as ids.
func (w *world) replay(c *client.Client, orders map[string]*api.Order) {
	b := &buyer{world: w, name: "inspector", dice: newDice(w.seed, "inspector"), client: c}
	placed := 0
	for _, id := range w.told.ids {
		asks, before := w.told.asks[id], orders[id]
		i := slices.IndexFunc(asks, func(a *ask) bool {
			return a.verb == toPlace && (before == nil || len(before.Lines) == 0 || isFor(before, a.wish))
		})
		if i < 0 {
			if before != nil {
				placed++
			}
			continue
		}
		placed++
		s := b.place(id, asks[i].wish)
		if s == pending || s == unknown || s == another || s == absent {
			w.violation("order %s, placed once more, is told to be %s", id, s)
		}
		if before != nil {
			w.checkID(id, w.told.asks[id], before)
		}
	}
	if there := len(w.orders(c)); there != placed {
		w.violation("there are %d orders, of %d ids", there, placed)
	}
}

// checkStock proves that each book's stock is what it was at first, what was
// moved by hand and what confirmed orders have, and each movement made once.
func (w *world) checkStock(c *client.Client, orders map[string]*api.Order) {
	page, err := c.Movements(w.ctx, api.MovementQuery{Limit: api.MaxLimit})
	if err != nil || page.NextCursor != nil {
		w.violation("reading movements: %v, or there are too many", err)
	}
	stock := map[int64]int64{}
	made := map[string][]api.Movement{}
	for _, m := range page.Movements {
		if m.Cause == api.CauseMoved {
			made[m.Operation] = append(made[m.Operation], m)
			stock[m.BookID] += m.Change
		}
		if m.After < 0 {
			w.violation("book %d had %d copies", m.BookID, m.After)
		}
	}
	for _, o := range orders {
		for _, l := range o.Lines {
			if o.State == api.OrderConfirmed {
				stock[l.BookID] -= l.Quantity
			}
		}
	}
	for _, m := range w.told.staff.moves {
		w.checkMove(m, made[m.id])
		delete(made, m.id)
	}
	for id := range made {
		w.violation("movement %s was made, which nobody asked for", id)
	}
	for book := int64(1); book <= mostBooks; book++ {
		b, err := c.Book(w.ctx, strconv.FormatInt(book, 10))
		if want := firstStock + stock[book]; err != nil || b.Stock != want {
			w.violation("book %d has %d copies, not %d (%v)", book, b.Stock, want, err)
		}
	}
}

func (w *world) checkMove(m *move, made []api.Movement) {
	if len(made) > 1 || (m.known && len(made) == 0) {
		w.violation("movement %s was made %d times; it was acknowledged: %t", m.id, len(made), m.known)
	}
	for _, is := range made {
		asked := (m.asked.Delta != nil && *m.asked.Delta == is.Change) || (m.asked.Set != nil && *m.asked.Set == is.After)
		if is.BookID != m.book || !asked {
			w.violation("movement %s changed book %d by %d to %d, which nobody asked for", m.id, is.BookID, is.Change, is.After)
		}
	}
}
