package hotitem

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/harness"
)

var room = harness.NewRoom("hotitem", flag.CommandLine)

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }

const (
	book   = 3
	buyers = 256
)

// sale is what became of the requests.
type sale struct {
	run     *harness.Run
	shop    *harness.Shop
	account *harness.Account
	left    atomic.Int64 // requests to be sent
	again   atomic.Int64 // requests that had to be sent again

	mu     sync.Mutex
	counts map[string]int64
}

func TestAsManyAreSoldAsThereAreCopies(t *testing.T) {
	run := room.Begin(t, "hotitem")
	ctx := t.Context()
	requests := harness.Pick(run, int64(10_000), 100_000, 1_000_000)
	copies := requests / 10
	s := &sale{run: run, shop: run.Open(ctx, "", "", map[int64]int64{book: copies}), account: harness.NewAccount(), counts: map[string]int64{}}
	s.left.Store(requests)
	began := time.Now()
	var crowd sync.WaitGroup
	for range buyers {
		crowd.Go(func() { s.buy(ctx) })
	}
	crowd.Wait()
	ended := time.Now()
	sent := requests - max(0, s.left.Load())
	run.Tell("requests", "%d by %d buyers for %d copies of one book, in %s: %.0f a second; %d of them had to be sent again",
		sent, buyers, copies, ended.Sub(began).Round(100*time.Millisecond), float64(sent)/ended.Sub(began).Seconds(), s.again.Load())
	for _, what := range slices.Sorted(maps.Keys(s.counts)) {
		run.Tell(what, "%d", s.counts[what])
	}
	want := map[string]int64{"confirmed": copies, "409 out_of_stock": sent - copies}
	if sent < copies { // a long run that was given little time
		want = map[string]int64{"confirmed": sent}
	}
	if !maps.Equal(s.counts, want) {
		run.Violation("the buyers were told %v, not %v", s.counts, want)
	}
	s.shop.Prove(ctx, s.account, ended)
}

// buy places orders of one copy until there are enough, each until it has an
// answer.
func (s *sale) buy(ctx context.Context) {
	told := map[string]int64{}
	wish := []api.LineRequest{{BookID: book, Quantity: 1}}
	for s.run.More() && s.left.Add(-1) >= 0 {
		id := api.NewID()
		s.account.Ask(id, wish)
		what := s.settle(ctx, id, wish)
		told[what]++
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for what, n := range told {
		s.counts[what] += n
	}
}

// settle places an order until it has an end, and says which.
func (s *sale) settle(ctx context.Context, id string, wish []api.LineRequest) string {
	for ctx.Err() == nil {
		order, err := s.shop.Direct.PlaceOrder(ctx, id, api.OrderRequest{Lines: wish})
		s.account.Told(id, &order, err)
		switch {
		case err == nil && order.State != api.OrderPending:
			return string(order.State)
		case err != nil && !api.CodeOf(err).Retryable():
			e := api.AsError(err)
			return fmt.Sprintf("%d %s", e.Status, e.Code)
		}
		s.again.Add(1)
		harness.Wait(ctx, 10*time.Millisecond)
	}
	return "nothing"
}
