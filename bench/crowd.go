package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// crowd buys at a steady rate, however long each purchase takes: a purchase is
// timed from when it was due, so that waiting behind others counts.
type crowd struct {
	addr string
	rate int // a second

	mu   sync.Mutex
	idle []*wire
}

func (c *crowd) close() {
	for _, w := range c.idle {
		_ = w.conn.Close() // whatever it says, it is gone
	}
}

// wire takes the connection that was used last, or makes one.
func (c *crowd) wire(ctx context.Context) (*wire, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.idle) - 1
	if last < 0 {
		return dial(ctx, c.addr)
	}
	w := c.idle[last]
	c.idle = c.idle[:last]
	return w, nil
}

func (c *crowd) putBack(w *wire) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, w)
}

// buy buys until the channel says so, and gives how long each purchase took.
func (c *crowd) buy(ctx context.Context, until <-chan time.Time) (times []time.Duration, err error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	defer all.Wait()
	tick := time.NewTicker(time.Second / time.Duration(c.rate))
	defer tick.Stop()
	for {
		select {
		case <-until:
			all.Wait()
			return times, err
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
			due := time.Now()
			all.Go(func() {
				failed := c.one(ctx)
				mu.Lock()
				defer mu.Unlock()
				times = append(times, time.Since(due))
				err = errors.Join(err, failed)
			})
		}
	}
}

// one buys one copy.
func (c *crowd) one(ctx context.Context) error {
	w, err := c.wire(ctx)
	if err != nil {
		return err
	}
	defer c.putBack(w)
	item := starterBooks + 1 + rand.IntN(900) // any book will do
	status, err := w.do(send(http.MethodPost, fmt.Sprintf("/purchase/%d", item), "{}", ""))
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("purchase: status %d: %s", status, w.body)
	}
	return err
}
