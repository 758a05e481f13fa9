package ioerror

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
	"github.com/bazar-store/bazar/test/harness"
)

// buyers ask for everything once only, so that an answer that nothing was
// recorded can be held against the store.
type buyers struct {
	account *harness.Account
	calls   *client.Client
	books   []int64

	buying sync.WaitGroup
	leave  context.CancelFunc

	mu      sync.Mutex
	refused map[string]string // orders that were not recorded, and what was said
	kept    map[string]string // confirmed orders whose cancelling was not recorded
	answers map[api.Code]int
}

func newBuyers(account *harness.Account, calls *client.Client, books []int64) *buyers {
	return &buyers{account: account, calls: calls, books: books, refused: map[string]string{}, kept: map[string]string{}, answers: map[api.Code]int{}}
}

func (b *buyers) start(ctx context.Context, run *harness.Run, n int) {
	ctx, b.leave = context.WithCancel(ctx)
	for i := range n {
		b.buying.Go(func() { b.buy(ctx, run.Rand(uint64(1_000+i))) })
	}
}

func (b *buyers) end() {
	b.leave()
	b.buying.Wait()
}

func (b *buyers) buy(ctx context.Context, chance *rand.Rand) {
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	calls := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		<-tick.C
		id, lines := api.NewID(), harness.Wish(chance, b.books)
		b.account.Ask(id, lines)
		order, err := b.calls.PlaceOrder(calls, id, api.OrderRequest{Lines: lines})
		b.account.Told(id, &order, err)
		b.note(b.refused, id, err)
		if err == nil && order.State == api.OrderConfirmed && chance.IntN(5) == 0 {
			b.account.AskBack(id)
			order, err := b.calls.CancelOrder(calls, id)
			b.account.Told(id, &order, err)
			b.note(b.kept, id, err)
		}
		if order.State == api.OrderPending { // while the catalog is away, nobody comes in crowds
			harness.Wait(ctx, 50*time.Millisecond)
		}
	}
}

// note remembers an answer, and what it promises.
func (b *buyers) note(nothing map[string]string, id string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	code := api.CodeOf(err)
	b.answers[code]++
	if code == api.CodeUnavailable || code == api.CodeStorageFull {
		nothing[id] = err.Error()
	}
}

// hold says which answers were not so: something was recorded after all.
func (b *buyers) hold(ctx context.Context) (wrong []string) {
	for id, said := range b.refused {
		if order, err := b.calls.Order(ctx, id); api.CodeOf(err) != api.CodeNotFound {
			wrong = append(wrong, fmt.Sprintf("order %s is %s; its buyer was told that nothing was recorded: %s (%v)", id, order.State, said, err))
		}
	}
	for id, said := range b.kept {
		if order, err := b.calls.Order(ctx, id); err != nil || order.State != api.OrderConfirmed {
			wrong = append(wrong, fmt.Sprintf("order %s is %s; who cancelled it was told that nothing was recorded: %s (%v)", id, order.State, said, err))
		}
	}
	return wrong
}
