package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// Settled is how long after the last fault orders may be open.
const Settled = 10 * time.Second

// Holdings are what a store says of itself, read through its services.
type Holdings struct {
	Orders       []api.Order
	Reservations map[string]api.Reservation
	Stock        map[int64]int64
}

// Stock reads how many copies there are of some books.
func Stock(ctx context.Context, calls *client.Client, books []int64) (map[int64]int64, error) {
	stock := map[int64]int64{}
	for _, id := range books {
		book, err := calls.Book(ctx, strconv.FormatInt(id, 10))
		if err != nil {
			return nil, err
		}
		stock[id] = book.Stock
	}
	return stock, nil
}

// orders reads every order.
func orders(ctx context.Context, calls *client.Client) (all []api.Order, err error) {
	for after := ""; ; {
		page, err := calls.AllOrders(ctx, api.MaxLimit, after)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Orders...)
		if page.NextCursor == nil {
			return all, nil
		}
		after = *page.NextCursor
	}
}

// States reads in which state each order is.
func States(ctx context.Context, calls *client.Client) (map[string]api.OrderState, error) {
	all, err := orders(ctx, calls)
	states := make(map[string]api.OrderState, len(all))
	for i := range all {
		states[all[i].ID] = all[i].State
	}
	return states, err
}

// Look reads the whole store.
func Look(ctx context.Context, calls *client.Client, books []int64) (h Holdings, err error) {
	h.Reservations = map[string]api.Reservation{}
	if h.Orders, err = orders(ctx, calls); err != nil {
		return h, err
	}
	for after := ""; ; {
		page, err := calls.Reservations(ctx, api.MaxLimit, after)
		if err != nil {
			return h, err
		}
		for i := range page.Reservations {
			h.Reservations[page.Reservations[i].ID] = page.Reservations[i]
		}
		if page.NextCursor == nil {
			break
		}
		after = *page.NextCursor
	}
	h.Stock, err = Stock(ctx, calls, books)
	return h, err
}

// AwaitSettled waits until no order is open, by the store's own doing. It gives
// how long after the last fault the last was settled, 0 if none was, and which
// were open for longer than [Settled] after it. When they were settled is what the
// store wrote down, however long it takes to read it.
func (a *Account) AwaitSettled(ctx context.Context, calls *client.Client, fault time.Time) (took time.Duration, late []string, err error) {
	for {
		began := time.Now()
		all, err := orders(ctx, calls)
		if err != nil {
			return 0, nil, err
		}
		open, until := a.open(all, fault, began)
		if len(open) == 0 {
			took, late = a.settled(all, fault)
			return took, late, nil
		}
		for _, id := range open { // mostly they settle together
			if _, err := AwaitEnd(ctx, calls, id, until); err != nil {
				return 0, nil, err
			}
		}
	}
}

// AwaitEnd waits until an order is settled, or until a moment, and gives it as it
// is then.
func AwaitEnd(ctx context.Context, calls *client.Client, id string, until time.Time) (order api.Order, err error) {
	for {
		late := time.Now().After(until)
		order, err = calls.Order(ctx, id)
		if err != nil || late || !IsOpen(order.State) {
			return order, err
		}
		Wait(ctx, 50*time.Millisecond)
	}
}

// open are the orders that may be open at a moment, and are, and until when they
// may be at most.
func (a *Account) open(all []api.Order, fault, now time.Time) (ids []string, until time.Time) {
	for i := range all {
		bound := a.bound(&all[i], fault)
		if IsOpen(all[i].State) && !now.After(bound) {
			ids = append(ids, all[i].ID)
			until = later(until, bound)
		}
	}
	return ids, until
}

// settled is how long after a fault the last order was settled, and which are
// open, or were for too long.
func (a *Account) settled(all []api.Order, fault time.Time) (took time.Duration, late []string) {
	for i := range all {
		order := &all[i]
		if IsOpen(order.State) || order.UpdatedAt.After(a.bound(order, fault)) {
			late = append(late, order.ID)
		}
		if !IsOpen(order.State) {
			took = max(took, order.UpdatedAt.Sub(fault))
		}
	}
	return took, late
}

// bound is until when an order may be open: [Settled] after the last fault, or
// after it was placed or was to be cancelled, if that was later.
func (a *Account) bound(order *api.Order, fault time.Time) time.Time {
	begun := later(fault, order.CreatedAt)
	if order.State == api.OrderCancelling || order.State == api.OrderCancelled {
		begun = later(begun, a.askedBack(order.ID))
	}
	return begun.Add(Settled)
}

func later(one, other time.Time) time.Time {
	if one.After(other) {
		return one
	}
	return other
}

// IsOpen says whether an order has no end yet.
func IsOpen(s api.OrderState) bool { return s == api.OrderPending || s == api.OrderCancelling }

// Compare says what in a store is not as its buyers were told. before is the
// stock that they began with.
func (a *Account) Compare(h *Holdings, before map[int64]int64) (wrong []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wrong = slices.Clone(a.wrong)
	seen, left := map[string]bool{}, map[int64]int64{}
	for book, copies := range before {
		left[book] = copies
	}
	for i := range h.Orders {
		order := &h.Orders[i]
		b := a.bought[order.ID]
		if b == nil || seen[order.ID] {
			wrong = append(wrong, fmt.Sprintf("order %s is there, and nobody placed it, or it is there twice", order.ID))
			continue
		}
		seen[order.ID] = true
		wrong = append(wrong, b.compare(order)...)
		wrong = append(wrong, agree(order, h.Reservations)...)
		if order.State == api.OrderConfirmed {
			for _, l := range order.Lines {
				left[l.BookID] -= l.Quantity
			}
		}
	}
	for id, b := range a.bought {
		if !seen[id] {
			wrong = append(wrong, fmt.Sprintf("order %s is lost; the last that was heard of it: %q", id, b.Heard))
		}
	}
	for book, copies := range left {
		if h.Stock[book] != copies || copies < 0 {
			wrong = append(wrong, fmt.Sprintf("of book %d there are %d copies; what was sold leaves %d", book, h.Stock[book], copies))
		}
	}
	return wrong
}

// compare says what is wrong with an order, as its buyer knows it.
func (b *Bought) compare(order *api.Order) (wrong []string) {
	complain := func(format string, args ...any) {
		wrong = append(wrong, "order "+b.ID+" "+fmt.Sprintf(format, args...))
	}
	cancelled := order.State == api.OrderCancelling || order.State == api.OrderCancelled
	switch {
	case IsOpen(order.State):
		complain("is still %s", order.State)
	case cancelled && !b.Cancel:
		complain("is %s, and nobody cancelled it", order.State)
	case !reconcilable(b.Heard, order.State) || (rank(order.State) < rank(b.Heard)):
		complain("is %s; its buyer was told %s", order.State, b.Heard)
	}
	asked := make([]api.LineRequest, len(order.Lines))
	total := api.Money{}
	for i, l := range order.Lines {
		asked[i] = api.LineRequest{BookID: l.BookID, Quantity: l.Quantity, MaxPrice: l.MaxPrice}
		if l.Price != nil {
			total = api.Money{Amount: total.Amount + l.Price.Amount*l.Quantity, Currency: l.Price.Currency}
		}
	}
	if !slices.Equal(asked, b.Lines) && !(cancelled && len(asked) == 0) {
		complain("has the lines %s; %s were asked for", asJSON(asked), asJSON(b.Lines))
	}
	if order.Total != nil && *order.Total != total || (order.State == api.OrderConfirmed && order.Total == nil) {
		complain("has the total %v; its lines cost %s", order.Total, total)
	}
	if order.State == api.OrderConfirmed && b.Total != (api.Money{}) && b.Total != total {
		complain("costs %v; its buyer was told %v", total, b.Total)
	}
	return wrong
}

// agree says where an order is not what the catalog decided.
func agree(order *api.Order, reservations map[string]api.Reservation) []string {
	r := reservations[order.ID]
	var fits bool
	switch order.State {
	case api.OrderConfirmed:
		fits = r.State == api.Taken && slices.EqualFunc(order.Lines, r.Lines, func(l api.OrderLine, t api.ReservedLine) bool {
			return l.BookID == t.BookID && l.Quantity == t.Quantity && t.Price != nil && l.Price != nil && *l.Price == *t.Price
		})
	case api.OrderRejected:
		fits = r.State == api.Refused
	case api.OrderCancelled:
		fits = r.State == api.Released || r.State == api.Refused // a tombstone, if there was none before
	default:
		return nil // told already
	}
	if fits {
		return nil
	}
	return []string{fmt.Sprintf("order %s is %s with %s; its reservation is %q with %s", order.ID, order.State, asJSON(order.Lines), r.State, asJSON(r.Lines))}
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
