package kill

import (
	"context"
	"fmt"
	"time"

	"github.com/bazar-store/bazar/test/harness"
)

// random kills a service, both, or a command, at a random moment.
func (k *killer) random(ctx context.Context) {
	switch n := k.chance.IntN(8); {
	case n < 3:
		k.after(ctx, k.shop.Catalog)
	case n < 6:
		k.after(ctx, k.shop.Orders)
	case n < 7:
		k.after(ctx, k.shop.Catalog, k.shop.Orders)
	default:
		k.anyCommand(ctx)
	}
}

// moment is a time below a limit.
func (k *killer) moment(limit time.Duration) time.Duration {
	return time.Duration(k.chance.Int64N(int64(limit)))
}

// after kills servers after a while and starts them again.
func (k *killer) after(ctx context.Context, servers ...*harness.Process) {
	harness.Wait(ctx, k.moment(30*time.Millisecond))
	for _, s := range servers {
		s.Kill()
		k.kills++
		k.hits[fmt.Sprintf("%s at a random moment", s.Name)]++
	}
	for _, s := range servers {
		k.run.Must(s.Start(ctx))
	}
	k.fault = time.Now()
}

// anyCommand kills a purchase or a cancelling somewhere.
func (k *killer) anyCommand(ctx context.Context) {
	cancel := k.chance.IntN(3) == 0
	id, lines := k.probe(ctx, &point{cancel: cancel})
	k.note(cancel, id, lines)
	cmd := k.command(ctx, k.shop.Catalog.URL(), cancel, id, lines)
	ended := k.start(cmd)
	harness.Wait(ctx, k.moment(80*time.Millisecond))
	kill(cmd)
	if <-ended; k.journal(id) {
		k.commands = append(k.commands, id)
	}
	k.fault = time.Now()
	k.kills++
	k.hits["command at a random moment"]++
}

// resume has the customer settle what the commands left, as people do, and looks
// whether it did.
func (k *killer) resume(ctx context.Context) {
	if len(k.commands) == 0 {
		return
	}
	r := harness.Finish(k.run.Bazar(ctx, "customer", k.shop.Env(), "orders", "resume", "--timeout", "20s"))
	if r.Exit != 0 {
		k.run.Violation("bazar orders resume ended with %d: %s", r.Exit, r.Err)
		return
	}
	for _, id := range k.commands {
		if k.journal(id) {
			k.run.Violation("bazar orders resume left order %s in the journal", id)
		}
		order, err := k.shop.Direct.Order(ctx, id)
		if err != nil {
			k.run.Violation("bazar orders resume left no order %s: %v", id, err)
			continue
		}
		k.account.Told(id, &order, nil)
	}
	k.commands = nil
}
