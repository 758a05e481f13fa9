package kill

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/harness"
)

// missed is how long a point may take to be reached.
const missed = 10 * time.Second

// killer kills one process at a time.
type killer struct {
	run     *harness.Run
	shop    *harness.Shop
	account *harness.Account
	chance  *rand.Rand

	kills    int
	hits     map[string]int // by the point's name
	probes   sync.WaitGroup
	commands []string // ids that a command was killed with
}

// at kills at a point. A command is nobody's but its customer's, so that of its
// calls only its own are caught.
func (k *killer) at(ctx context.Context, p *point) {
	id, lines := k.probe(ctx, p)
	var own *exec.Cmd
	if p.victim == customer {
		own = k.command(ctx, p.cancel, id, lines)
	}
	var caught atomic.Bool
	struck := make(chan struct{})
	guard := harness.Guard(func(c harness.Call) func(harness.Edge) bool {
		if !p.matches(c) || (own != nil && p.on(k.shop) == k.shop.ToOrders && !strings.Contains(c.Path, id)) || !caught.CompareAndSwap(false, true) {
			return nil
		}
		return func(edge harness.Edge) bool {
			switch edge {
			case p.freeze:
				k.pause(p.victim, own)
			case p.strike:
				k.kill(p.victim, own)
				close(struck)
				return true
			}
			return false
		}
	})
	wire := p.on(k.shop)
	wire.Guard.Store(&guard)
	if p.victim == customer && !strings.Contains(p.name, "✕1") {
		k.note(p.cancel, id, lines)
	}
	var ended <-chan harness.Result
	if own != nil {
		ended = k.start(own)
	} else {
		k.probes.Go(func() { k.ask(context.WithoutCancel(ctx), p.cancel, id, lines) })
	}
	reached := k.await(struck)
	wire.Guard.Store(nil)
	if !reached {
		k.kill(p.victim, own)
	} else {
		k.hits[p.name]++
	}
	if own != nil {
		<-ended
		k.left(p, id, reached)
	}
	k.kills++
	k.revive(ctx, p.victim)
}

// await says whether the point was reached.
func (k *killer) await(struck <-chan struct{}) bool {
	timer := time.NewTimer(missed)
	defer timer.Stop()
	select {
	case <-struck:
		return true
	case <-timer.C:
		return false
	}
}

// probe is an order whose call comes to the point. One that is to be cancelled
// is placed first.
func (k *killer) probe(ctx context.Context, p *point) (id string, lines []api.LineRequest) {
	id, lines = api.NewID(), harness.Wish(k.chance, k.shop.Books())
	if p.cancel && !strings.Contains(p.name, "✕1") {
		k.account.Place(ctx, k.shop.Direct, id, lines[:1])
	}
	return id, lines[:1]
}

func (k *killer) ask(ctx context.Context, cancel bool, id string, lines []api.LineRequest) {
	if cancel {
		k.account.Cancel(ctx, k.shop.Calls, id)
	} else {
		k.account.Place(ctx, k.shop.Calls, id, lines)
	}
}

// command is what a customer types, not started yet.
func (k *killer) command(ctx context.Context, cancel bool, id string, lines []api.LineRequest) *exec.Cmd {
	args := []string{"buy", "--id", id}
	if cancel {
		args = []string{"orders", "cancel", id}
	}
	for _, l := range lines {
		if !cancel {
			args = append(args, strconv.FormatInt(l.BookID, 10)+":"+strconv.FormatInt(l.Quantity, 10))
		}
	}
	return k.run.Bazar(ctx, "customer", k.shop.Env(), args...)
}

func (k *killer) start(cmd *exec.Cmd) <-chan harness.Result {
	ended := make(chan harness.Result, 1)
	started := make(chan struct{})
	go func() { ended <- harness.FinishStarted(cmd, started) }()
	<-started
	return ended
}

func (k *killer) journal(id string) bool {
	_, err := os.Stat(filepath.Join(k.run.Dir, "home-customer", "state", "bazar", "journal", id+".json"))
	return err == nil
}

// left looks at the journal that a command left which was killed at a point.
func (k *killer) left(p *point, id string, reached bool) {
	if journalled := k.journal(id); reached && journalled == strings.Contains(p.name, "✕1") {
		k.run.Violation("%s: that the journal has order %s is %t", p.name, id, journalled)
	}
}

// note remembers an id that a command is about to send.
func (k *killer) note(cancel bool, id string, lines []api.LineRequest) {
	if cancel {
		k.account.AskBack(id)
	} else {
		k.account.Ask(id, lines)
	}
	k.commands = append(k.commands, id)
}

func (k *killer) process(v victim) *harness.Process {
	if v == catalog {
		return k.shop.Catalog
	}
	return k.shop.Orders
}

func (k *killer) pause(v victim, own *exec.Cmd) {
	if v == customer {
		harness.Pause(own)
		return
	}
	k.process(v).Pause()
}

func (k *killer) kill(v victim, own *exec.Cmd) {
	if v == customer {
		_ = own.Process.Kill() // it may have ended
		return
	}
	k.process(v).Kill()
}

func (k *killer) revive(ctx context.Context, v victim) {
	if v != customer {
		k.run.Must(k.process(v).Start(ctx))
	}
}

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
}

// anyCommand kills a purchase or a cancelling somewhere.
func (k *killer) anyCommand(ctx context.Context) {
	cancel := k.chance.IntN(3) == 0
	id, lines := k.probe(ctx, &point{cancel: cancel})
	if cancel {
		k.account.AskBack(id)
	} else {
		k.account.Ask(id, lines)
	}
	cmd := k.command(ctx, cancel, id, lines)
	ended := k.start(cmd)
	harness.Wait(ctx, k.moment(80*time.Millisecond))
	k.kill(customer, cmd)
	if <-ended; k.journal(id) {
		k.commands = append(k.commands, id)
	}
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
