package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// store is what a store says of itself.
type store struct {
	stock  map[int64]int64
	orders map[string]api.Order
}

func look(ctx context.Context, calls *client.Client) (s store, err error) {
	s = store{stock: map[int64]int64{}, orders: map[string]api.Order{}}
	for _, id := range fewAndMany() {
		book, err := calls.Book(ctx, strconv.FormatInt(id, 10))
		if err != nil {
			return s, err
		}
		s.stock[id] = book.Stock
	}
	for after := ""; ; {
		page, err := calls.AllOrders(ctx, 200, after)
		if err != nil {
			return s, err
		}
		for i := range page.Orders {
			s.orders[page.Orders[i].ID] = page.Orders[i]
		}
		if page.NextCursor == nil {
			return s, nil
		}
		after = *page.NextCursor
	}
}

// compare says what is not as the purchases made it.
func compare(before, after store, purchases []purchase) error {
	var wrong []error
	left := maps.Clone(before.stock)
	for _, p := range purchases {
		if err := p.compare(after.orders); err != nil {
			wrong = append(wrong, err)
		}
		if p.state == api.OrderConfirmed {
			left[p.book] -= p.copies
		}
	}
	if strangers := len(after.orders) - len(before.orders) - len(purchases); strangers != 0 {
		wrong = append(wrong, fmt.Errorf("there are %d orders more than were placed", strangers))
	}
	for book, want := range left {
		if got := after.stock[book]; got != want || got < 0 {
			wrong = append(wrong, fmt.Errorf("of book %d there are %d left, not %d", book, got, want))
		}
	}
	return errors.Join(wrong...)
}

func (p purchase) compare(orders map[string]api.Order) error {
	order, found := orders[p.id]
	switch {
	case !found:
		return fmt.Errorf("order %s, %s, is lost", p.id, p.state)
	case order.State != p.state:
		return fmt.Errorf("order %s is %s; it was acknowledged as %s", p.id, order.State, p.state)
	case len(order.Lines) != 1 || order.Lines[0].BookID != p.book || order.Lines[0].Quantity != p.copies:
		return fmt.Errorf("order %s is %+v; %d of book %d were bought", p.id, order.Lines, p.copies, p.book)
	}
	return nil
}
