package harness

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// Buyers buy over the wire until they are told to leave: orders of one line or
// several, now and then an id again, now and then one taken back, also while it
// is being placed.
type Buyers struct {
	Account *Account
	Calls   *client.Client
	// Books are what they buy.
	Books []int64
	// Pause is how long each thinks between two purchases.
	Pause time.Duration

	buying sync.WaitGroup
	leave  context.CancelFunc
}

// Start has n buyers begin.
func (b *Buyers) Start(ctx context.Context, run *Run, n int) {
	ctx, b.leave = context.WithCancel(ctx)
	for i := range n {
		b.buying.Go(func() { b.buy(ctx, run.Rand(uint64(1_000+i))) })
	}
}

// Leave ends the purchases; a call that is under way is heard out.
func (b *Buyers) Leave() {
	b.leave()
	b.buying.Wait()
}

func (b *Buyers) buy(ctx context.Context, chance *rand.Rand) {
	tick := time.NewTicker(max(b.Pause, time.Microsecond))
	defer tick.Stop()
	calls := context.WithoutCancel(ctx)
	var own []string
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// Who was told nothing mostly asks again before anything else.
		if last := len(own) - 1; last >= 0 && b.Account.toldNothing(own[last]) && chance.IntN(5) > 0 {
			b.Account.Resume(calls, b.Calls, own[last])
			continue
		}
		again := ""
		if len(own) > 0 {
			again = own[len(own)-1-chance.IntN(min(len(own), 20))]
		}
		switch n := chance.IntN(100); {
		case again != "" && n < 10:
			b.Account.Resume(calls, b.Calls, again)
		case again != "" && n < 22:
			b.Account.Cancel(calls, b.Calls, again)
		case n < 24:
			b.Account.Cancel(calls, b.Calls, api.NewID())
		case n < 34:
			b.regret(calls, api.NewID(), Wish(chance, b.Books))
		default:
			id := api.NewID()
			own = append(own, id)
			b.Account.Place(calls, b.Calls, id, Wish(chance, b.Books))
		}
	}
}

// regret takes an order back while it is being placed.
func (b *Buyers) regret(ctx context.Context, id string, lines []api.LineRequest) {
	b.Account.AskBack(id)
	var placing sync.WaitGroup
	placing.Go(func() { b.Account.Place(ctx, b.Calls, id, lines) })
	b.Account.Cancel(ctx, b.Calls, id)
	placing.Wait()
}

// Wish is an order by chance: mostly of one book, of one to three copies.
func Wish(chance *rand.Rand, books []int64) []api.LineRequest {
	n := 1
	if chance.IntN(3) == 0 {
		n = 1 + chance.IntN(len(books))
	}
	lines := make([]api.LineRequest, n)
	for i, at := range chance.Perm(len(books))[:n] {
		lines[i] = api.LineRequest{BookID: books[at], Quantity: 1 + chance.Int64N(3)}
	}
	return lines
}

// Place places an order and notes what it is told.
func (a *Account) Place(ctx context.Context, calls *client.Client, id string, lines []api.LineRequest) {
	a.Ask(id, lines)
	order, err := calls.PlaceOrder(ctx, id, api.OrderRequest{Lines: lines})
	a.Told(id, &order, err)
}

// Cancel takes an id back and notes what it is told.
func (a *Account) Cancel(ctx context.Context, calls *client.Client, id string) {
	a.AskBack(id)
	order, err := calls.CancelOrder(ctx, id)
	a.Told(id, &order, err)
}

// Resume asks again for what was asked before, and notes what it is told.
func (a *Account) Resume(ctx context.Context, calls *client.Client, id string) {
	a.mu.Lock()
	b := *a.of(id)
	a.mu.Unlock()
	if len(b.Lines) == 0 {
		a.Cancel(ctx, calls, id)
		return
	}
	a.Place(ctx, calls, id, b.Lines)
}

// askers is how many ask at once for what nobody was told the end of.
const askers = 32

// ResumeAll asks for all whose end nobody was told of.
func (a *Account) ResumeAll(ctx context.Context, calls *client.Client) (asked int) {
	open := a.Unknown()
	next := make(chan Bought)
	var asking sync.WaitGroup
	for range askers {
		asking.Go(func() {
			for b := range next {
				a.Resume(ctx, calls, b.ID)
				if b.Cancel {
					a.Cancel(ctx, calls, b.ID)
				}
			}
		})
	}
	for _, b := range open {
		next <- b
	}
	close(next)
	asking.Wait()
	return len(open)
}
