package kill

import (
	"context"
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
	fault    time.Time      // when the last victim was there again
	hits     map[string]int // by the point's name
	looked   map[string]int // likewise, where the order was seen as it was left
	probes   sync.WaitGroup
	commands []string // ids that a command was killed with
}

// at kills at a point that an order of its own comes to, and looks how that is
// left.
func (k *killer) at(ctx context.Context, p *point) {
	id, lines := k.probe(ctx, p)
	began := time.Now()
	var reached bool
	if p.victim == customer {
		reached = k.atCommand(ctx, p, id, lines)
	} else {
		reached = k.atServer(ctx, p, id, lines)
	}
	k.kills++
	if !reached {
		k.hits["missed, and killed later: "+p.name]++
		return
	}
	k.hits[p.name]++
	if p.leaves != nil {
		k.look(ctx, p, id, began)
	}
}

// atServer kills a server at a point, and starts it again.
func (k *killer) atServer(ctx context.Context, p *point, id string, lines []api.LineRequest) (reached bool) {
	server := k.shop.Orders
	if p.victim == catalog {
		server = k.shop.Catalog
	}
	t := k.set(p, id, server.Pause, server.Kill)
	k.probes.Go(func() {
		// A wire that was cut a moment ago may not carry the call.
		for ; !t.caught.Load() && ctx.Err() == nil; harness.Wait(ctx, time.Millisecond) {
			k.ask(context.WithoutCancel(ctx), p.cancel, id, lines)
		}
	})
	reached = t.await()
	k.run.Must(server.Restart(ctx))
	k.fault = time.Now()
	return reached
}

// atCommand kills a command at a point, and looks at the journal that it left.
func (k *killer) atCommand(ctx context.Context, p *point, id string, lines []api.LineRequest) (reached bool) {
	cmd := k.command(ctx, k.shop.ToCatalog.URL, p.cancel, id, lines)
	sent := !strings.Contains(p.name, "✕1")
	if sent {
		k.note(p.cancel, id, lines)
		k.commands = append(k.commands, id)
	}
	t := k.set(p, id, func() { harness.Pause(cmd) }, func() { kill(cmd) })
	ended := k.start(cmd)
	reached = t.await()
	kill(cmd)
	<-ended
	k.fault = time.Now()
	if journalled := k.journal(id); reached && journalled != sent {
		k.run.Violation("%s: that the journal has order %s is %t", p.name, id, journalled)
	}
	return reached
}

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // it may have ended
}

// trap waits for one call.
type trap struct {
	wire   *harness.Wire
	caught atomic.Bool   // the call is on its way, or none is waited for any more
	struck chan struct{} // closed once its victim is dead
}

// set sets a trap for an order's call at a point.
func (k *killer) set(p *point, id string, freeze, strike func()) *trap {
	t := &trap{wire: p.on(k.shop), struck: make(chan struct{})}
	guard := harness.Guard(func(c harness.Call) func(harness.Edge) bool {
		if !p.matches(c, id) || !t.caught.CompareAndSwap(false, true) {
			return nil
		}
		return func(edge harness.Edge) bool {
			switch edge {
			case p.freeze:
				freeze()
			case p.strike:
				strike()
				close(t.struck)
				return true
			}
			return false
		}
	})
	t.wire.Guard.Store(&guard)
	return t
}

// await says whether the point was reached, and takes the trap away.
func (t *trap) await() (reached bool) {
	timer := time.NewTimer(missed)
	defer timer.Stop()
	select {
	case <-t.struck:
		reached = true
	case <-timer.C:
	}
	t.caught.Store(true)
	t.wire.Guard.Store(nil)
	return reached
}

// untouched is how long recovery leaves an order to its request, less a little.
const untouched = 4 * time.Second

// look compares how the order stands with what docs/protocol.md says of the
// point, unless that took so long that recovery may have gone on with it.
func (k *killer) look(ctx context.Context, p *point, id string, began time.Time) {
	order, err := k.shop.Direct.Order(ctx, id)
	reservation, failed := k.shop.Direct.Reservation(ctx, id)
	for tries := 0; tries < 100 && (api.CodeOf(err).Retryable() || api.CodeOf(failed).Retryable()); tries++ {
		harness.Wait(ctx, 5*time.Millisecond)
		order, err = k.shop.Direct.Order(ctx, id)
		reservation, failed = k.shop.Direct.Reservation(ctx, id)
	}
	if time.Since(began) > untouched {
		return
	}
	if !answered(err) || !answered(failed) {
		k.run.Violation("%s: it can't be seen how order %s was left: %v, %v", p.name, id, err, failed)
		return
	}
	k.looked[p.name]++
	if found := (state{order.State, reservation.State}); found != *p.leaves {
		k.run.Violation("%s leaves order %s %q with a reservation %q, not %q with %q", p.name, id, found.order, found.reservation, p.leaves.order, p.leaves.reservation)
	}
}

// answered says whether a question has an answer: what was asked for, or that it
// is not there.
func answered(err error) bool { return err == nil || api.CodeOf(err) == api.CodeNotFound }

// probe is an order whose call comes to the point. One that is to be cancelled
// is bought first.
func (k *killer) probe(ctx context.Context, p *point) (id string, lines []api.LineRequest) {
	id, lines = api.NewID(), harness.Wish(k.chance, []int64{1, 3, 4})[:1]
	if !p.cancel || strings.Contains(p.name, "✕1") {
		return id, lines
	}
	for ctx.Err() == nil {
		k.account.Place(ctx, k.shop.Direct, id, lines)
		if order, err := k.shop.Direct.Order(ctx, id); err == nil && order.State == api.OrderConfirmed {
			break
		}
	}
	return id, lines
}

func (k *killer) ask(ctx context.Context, cancel bool, id string, lines []api.LineRequest) {
	if cancel {
		k.account.Cancel(ctx, k.shop.Calls, id)
	} else {
		k.account.Place(ctx, k.shop.Calls, id, lines)
	}
}

// command is what a customer types, not started yet; catalog is where it finds
// that. Over the wire it comes at a point alone: nothing in its question which
// store this is tells it from another's.
func (k *killer) command(ctx context.Context, catalog string, cancel bool, id string, lines []api.LineRequest) *exec.Cmd {
	args := []string{"buy", "--id", id}
	if cancel {
		args = []string{"orders", "cancel", id}
	}
	for _, l := range lines {
		if !cancel {
			args = append(args, strconv.FormatInt(l.BookID, 10)+":"+strconv.FormatInt(l.Quantity, 10))
		}
	}
	return k.run.Bazar(ctx, "customer", []string{"BAZAR_CATALOG_URL=" + catalog, "BAZAR_ORDER_URL=" + k.shop.ToOrders.URL}, args...)
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

// note remembers what a command is about to ask for.
func (k *killer) note(cancel bool, id string, lines []api.LineRequest) {
	if cancel {
		k.account.AskBack(id)
	} else {
		k.account.Ask(id, lines)
	}
}
