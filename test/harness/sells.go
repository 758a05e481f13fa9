package harness

import (
	"context"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// Sells waits until a shop confirms an order of one copy of a book, each time a
// new one, and gives how long that took since a moment; false if it has not
// within a limit, even if it does with a call that was begun in time.
func (a *Account) Sells(ctx context.Context, calls *client.Client, book int64, since time.Time, limit time.Duration) (took time.Duration, sells bool) {
	for {
		id, lines := api.NewID(), []api.LineRequest{{BookID: book, Quantity: 1}}
		a.Ask(id, lines)
		order, err := calls.PlaceOrder(ctx, id, api.OrderRequest{Lines: lines})
		a.Told(id, &order, err)
		if took = time.Since(since); err == nil && order.State == api.OrderConfirmed {
			return took, took <= limit
		}
		if took > limit {
			return took, false
		}
		Wait(ctx, 10*time.Millisecond)
	}
}
