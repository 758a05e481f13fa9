package kill

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/harness"
)

func TestAServiceThatStandsStillForAWhileLosesNothing(t *testing.T) {
	run := room.Begin(t, "pause")
	ctx := t.Context()
	shop := run.Open(ctx, "", "", shelf())
	// Customers read in another catalog on the same database: what they see does
	// not stand still, only what is decided.
	other := run.Process("replica", "catalog", nil, "--db", "sqlite:"+run.Dir+"/catalog.db")
	run.Must(other.Start(ctx))
	env := []string{"BAZAR_CATALOG_URL=" + other.URL(), "BAZAR_ORDER_URL=" + shop.ToOrders.URL}
	account := harness.NewAccount()
	buyers := &harness.Buyers{Account: account, Calls: shop.Calls, Books: shop.Books(), Pause: 10 * time.Millisecond}
	buyers.Start(ctx, run, 8)
	still := harness.Pick(run, 4500*time.Millisecond, 10*time.Second, 10*time.Second)
	victims := []*harness.Process{shop.Catalog, shop.Orders}
	if run.Size == harness.Taste {
		victims = victims[:1]
	}
	for round := 0; round == 0 || (run.Size == harness.Long && run.More()); round++ {
		for _, victim := range victims {
			harness.Wait(ctx, time.Second)
			standStill(ctx, run, victim, still, account, env)
		}
	}
	fault := time.Now()
	buyers.Leave()
	shop.Prove(ctx, account, fault)
	resumed := harness.Finish(run.Bazar(ctx, "patient", env, "orders", "resume"))
	if resumed.Exit != 0 || resumed.Out == "" {
		run.Violation("bazar orders resume ended with %d: %s%s", resumed.Exit, resumed.Out, resumed.Err)
	}
}

// standStill stops a service for a while. A customer who buys or takes back
// meanwhile is told that it is not known or not settled, and how to go on.
func standStill(ctx context.Context, run *harness.Run, victim *harness.Process, still time.Duration, account *harness.Account, env []string) {
	before := account.Counts()[api.OrderPending]
	id, given := api.NewID(), api.NewID()
	account.Ask(id, []api.LineRequest{{BookID: 3, Quantity: 1}})
	account.AskBack(given)
	victim.Pause()
	var customers sync.WaitGroup
	for _, args := range [][]string{{"buy", "3", "--id", id}, {"orders", "cancel", given}} {
		customers.Go(func() {
			r := harness.Finish(run.Bazar(ctx, "patient", env, append(args, "--timeout", strconv.FormatInt(still.Milliseconds()/2, 10)+"ms")...))
			if r.Exit != 7 || !strings.Contains(r.Err, "orders resume") {
				run.Violation("while the %s stood still, bazar %s ended with %d: %s", victim.Name, strings.Join(args, " "), r.Exit, r.Err)
			}
		})
	}
	harness.Wait(ctx, still)
	pending := account.Counts()[api.OrderPending] - before
	victim.Resume()
	customers.Wait()
	run.Tell("stood still", "%s for %s; %d buyers were told that their order is pending", victim.Name, still, pending)
	if victim.Name == "catalog" && pending == 0 {
		run.Violation("while the catalog stood still nobody was told that an order is pending")
	}
}
