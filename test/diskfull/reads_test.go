package diskfull

import (
	"context"
	"sync"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// read reads all the time, by every way there is; done ends it and gives how
// often.
func (s *store) read(ctx context.Context) (done func() int) {
	ctx, cancel := context.WithCancel(ctx)
	known := s.buy(ctx, "before all")
	ways := s.ways(known)
	var reading sync.WaitGroup
	n := 0
	reading.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for ; ctx.Err() == nil; n++ {
			for what, read := range ways {
				if err := read(context.WithoutCancel(ctx)); err != nil {
					s.Violation("reading %s fails: %v", what, err)
				}
			}
			<-tick.C
		}
	})
	return func() int {
		cancel()
		reading.Wait()
		return n * len(ways)
	}
}

// ways are all the reads that there are, of an order that is confirmed among
// others.
func (s *store) ways(known string) map[string]func(context.Context) error {
	calls := s.shop.Direct
	return map[string]func(context.Context) error{
		"a book":           func(ctx context.Context) error { _, err := calls.Book(ctx, "3"); return err },
		"books":            func(ctx context.Context) error { _, err := calls.Books(ctx, api.BookQuery{Q: "systems"}); return err },
		"topics":           func(ctx context.Context) error { _, err := calls.Topics(ctx, 20, ""); return err },
		"a book's history": func(ctx context.Context) error { _, err := calls.History(ctx, "3", 20, ""); return err },
		"the store":        func(ctx context.Context) error { _, err := calls.Store(ctx); return err },
		"an order":         func(ctx context.Context) error { _, err := calls.Order(ctx, known); return err },
		"own orders":       func(ctx context.Context) error { _, err := calls.Orders(ctx, 20, "", true); return err },
		"all orders":       func(ctx context.Context) error { _, err := calls.AllOrders(ctx, 20, ""); return err },
		"a reservation":    func(ctx context.Context) error { _, err := calls.Reservation(ctx, known); return err },
		"movements": func(ctx context.Context) error {
			_, err := calls.Movements(ctx, api.MovementQuery{Limit: 20})
			return err
		},
		"reservations": func(ctx context.Context) error { _, err := calls.Reservations(ctx, 20, ""); return err },
	}
}
