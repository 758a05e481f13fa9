package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// pause is how long a buyer thinks between two purchases.
const pause = 20 * time.Millisecond

// fewAndMany are the books that are bought: one that sells out while
// containers are killed, and some that do not.
func fewAndMany() []int64 { return []int64{2, 3, 1, 4} }

// purchase is one order of one book; state is "" while its fate is not known.
type purchase struct {
	id           string
	book, copies int64
	state        api.OrderState
}

// crowd buys until it is told to leave, and remembers everything.
type crowd struct {
	calls   *client.Client
	room    atomic.Int64 // orders that may still be placed
	sold    atomic.Int64
	end     chan struct{}
	buyers  sync.WaitGroup
	settled int // afterwards, of those whose fate was not known

	mu        sync.Mutex
	purchases []purchase
	err       error
}

func newCrowd(calls *client.Client, orders int64) *crowd {
	c := &crowd{calls: calls, end: make(chan struct{})}
	c.room.Store(orders)
	return c
}

func (c *crowd) buy(ctx context.Context, buyers int) {
	for n := range buyers {
		c.buyers.Go(func() { c.buyer(ctx, n) })
	}
}

func (c *crowd) buyer(ctx context.Context, n int) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for books := fewAndMany(); c.room.Add(-1) >= 0; n++ {
		select {
		case <-c.end:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		p := purchase{id: api.NewID(), book: books[n%len(books)], copies: int64(1 + n%3)}
		err := c.place(ctx, &p)
		c.remember(p, err)
	}
}

func (c *crowd) remember(p purchase, err error) {
	if p.state == api.OrderConfirmed {
		c.sold.Add(1)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.purchases = append(c.purchases, p)
	if c.err == nil && err != nil && !api.CodeOf(err).Retryable() {
		c.err = fmt.Errorf("order %s: %w", p.id, err)
	}
}

// place places an order, or asks for it again, and notes its final state. The
// error of an order whose fate is not known is retryable.
func (c *crowd) place(ctx context.Context, p *purchase) error {
	order, err := c.calls.PlaceOrder(ctx, p.id, api.OrderRequest{Lines: []api.LineRequest{{BookID: p.book, Quantity: p.copies}}})
	switch {
	case api.CodeOf(err) == api.CodeOutOfStock:
		p.state = api.OrderRejected
	case err != nil:
		return err
	case order.State == api.OrderPending:
		return api.Errorf(api.CodeOutcomeUnknown, "it is still pending")
	default:
		p.state = order.State
	}
	return nil
}

// sells waits until another hundred orders are confirmed.
func (c *crowd) sells(ctx context.Context) error {
	target := c.sold.Load() + 100
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for c.sold.Load() < target {
		if c.room.Load() <= 0 {
			return fmt.Errorf("the bound on orders came first")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the store does not sell: %w", ctx.Err())
		}
	}
	return nil
}

// leave ends the purchases, and gives what no purchase may end with.
func (c *crowd) leave() error {
	close(c.end)
	c.buyers.Wait()
	return c.err
}

// settle asks for the orders whose fate is not known until it is.
func (c *crowd) settle(ctx context.Context) error {
	for i := range c.purchases {
		p := &c.purchases[i]
		if p.state != "" {
			continue
		}
		if err := retry(ctx, func() error { return c.place(ctx, p) }); err != nil {
			return fmt.Errorf("order %s does not settle: %w", p.id, err)
		}
		c.settled++
	}
	return nil
}

func (c *crowd) report(out io.Writer) error {
	refused := 0
	for _, p := range c.purchases {
		if p.state == api.OrderRejected {
			refused++
		}
	}
	_, err := fmt.Fprintf(out, "%d orders: %d acknowledged at once, %d settled by their id afterwards; %d confirmed, %d out of stock\n",
		len(c.purchases), len(c.purchases)-c.settled, c.settled, len(c.purchases)-refused, refused)
	return err
}
