package crowd

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
	"github.com/bazar-store/bazar/test/harness"
)

var room = harness.NewRoom("crowd", flag.CommandLine)

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }

// longest is how long a process may wait for the store.
const longest = 2 * time.Second

// live is how many processes there are at a time while their time is judged: many
// more than there are processors, and few enough that it is the store that they
// wait for.
const live = 16

func TestACrowdOfProcessesOnOneStoreLosesNothing(t *testing.T) {
	run := room.Begin(t, "crowd")
	ctx := t.Context()
	env := []string{"BAZAR_DATA_DIR=" + filepath.Join(run.Dir, "store")}
	server := run.Process("serve", "bazar", env, "serve")
	run.Must(server.Start(ctx))
	calls := run.Client(server.URL(), server.URL())
	c := &crowd{run: run, env: env, account: harness.NewAccount(), stock: map[int64]int64{1: 100_000, 2: 200, 3: 100_000}, server: &stopwatch{next: harness.Transport(), witness: &witness{}}}
	t.Cleanup(c.server.next.CloseIdleConnections)
	run.Must(harness.Fill(ctx, calls, c.stock))
	timed, err := client.New(client.Config{Catalog: []string{server.URL()}, Orders: []string{server.URL()}, Transport: c.server})
	run.Must(err)

	watching, leave := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { c.server.witness.watch(watching, run) })
	alone := c.come(ctx, harness.Pick(run, 10, 40, 40), 1)
	buyers := &harness.Buyers{Account: c.account, Calls: timed, Books: []int64{1, 2, 3}, Pause: 20 * time.Millisecond}
	buyers.Start(ctx, run, 4)
	few, rush := &phase{}, &phase{}
	for round := 0; round == 0 || (run.Size == harness.Long && run.More()); round++ {
		few.add(c.come(ctx, harness.Pick(run, 40, 200, 200), live))
		rush.add(c.rush(ctx, harness.Pick(run, 40, 200, 200)))
	}
	fault := time.Now()
	buyers.Leave()
	leave()
	watch.Wait()
	c.judge(alone, few, rush)
	run.Settles(ctx, c.account, calls, fault)
	run.Prove(ctx, c.account, calls, c.stock, env...)
}

// crowd is what its processes did.
type crowd struct {
	run     *harness.Run
	env     []string
	account *harness.Account
	server  *stopwatch // of what the server's customers ask
	queue   *queue     // nil where nobody looks

	mu     sync.Mutex
	stock  map[int64]int64 // what was there and what was added
	bought []string        // and may be cancelled
	came   int
	phase  *phase // what goes on
}

// come has so many processes run, so many at a time.
func (c *crowd) come(ctx context.Context, processes, atATime int) *phase {
	c.phase = &phase{laps: []*lap{c.server.lap()}}
	places := make(chan struct{}, atATime)
	var all sync.WaitGroup
	for range processes {
		chance := c.run.Rand(uint64(c.came))
		c.came++
		places <- struct{}{}
		all.Go(func() {
			c.errand(ctx, chance)
			<-places
		})
	}
	all.Wait()
	return c.phase
}

// rush has so many processes run at once, and looks who stands in the queue.
func (c *crowd) rush(ctx context.Context, processes int) *phase {
	c.queue = newQueue()
	watching, leave := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { c.queue.watch(watching) })
	p := c.come(ctx, processes, processes)
	leave()
	watch.Wait()
	p.looks, c.queue = c.queue.looks, nil
	if p.wrong = append(unfair(p.queued()), p.beyond()...); p.looks == 0 || len(p.queued()) == 0 {
		p.wrong = append(p.wrong, "it can't be seen who stands in the queue")
	}
	return p
}

// errand is one process.
func (c *crowd) errand(ctx context.Context, chance *rand.Rand) {
	book := strconv.Itoa(1 + chance.IntN(3))
	switch n := chance.IntN(100); {
	case n < 50:
		c.buy(ctx, chance)
	case n < 62:
		c.cancel(ctx)
	case n < 74:
		c.command(ctx, "search", "distributed systems")
	case n < 86:
		c.command(ctx, "info", book)
	default:
		copies := 1 + chance.Int64N(5)
		if r := c.command(ctx, "stock", "add", book, strconv.FormatInt(copies, 10)); r.Exit == 0 {
			id, _ := strconv.ParseInt(book, 10, 64) // it was a number
			c.mu.Lock()
			c.stock[id] += copies
			c.mu.Unlock()
		}
	}
}

func (c *crowd) buy(ctx context.Context, chance *rand.Rand) {
	id, lines := api.NewID(), harness.Wish(chance, []int64{1, 2, 3})
	args := []string{"buy", "--id", id}
	for _, l := range lines {
		args = append(args, fmt.Sprintf("%d:%d", l.BookID, l.Quantity))
	}
	c.account.Ask(id, lines)
	if c.tell(id, c.command(ctx, args...)); chance.IntN(2) == 0 {
		c.mu.Lock()
		c.bought = append(c.bought, id)
		c.mu.Unlock()
	}
}

// cancel takes back what somebody of the crowd bought, or an id of nobody's.
func (c *crowd) cancel(ctx context.Context) {
	id := api.NewID()
	c.mu.Lock()
	if n := len(c.bought); n > 0 {
		id, c.bought = c.bought[n-1], c.bought[:n-1]
	}
	c.mu.Unlock()
	c.account.AskBack(id)
	c.tell(id, c.command(ctx, "orders", "cancel", id))
}

// tell notes what a command printed of an order, or how it ended.
func (c *crowd) tell(id string, r harness.Result) {
	switch fields := strings.Split(r.Out, "\t"); {
	case r.Exit == 0 && len(fields) > 1 && fields[0] == id:
		c.account.Told(id, &api.Order{ID: id, State: api.OrderState(fields[1])}, nil)
	case r.Exit == 0:
		c.run.Violation("a command on order %s printed %q", id, r.Out)
	case r.Exit == 5:
		c.account.Told(id, nil, api.Errorf(api.CodeOutOfStock, "%s", r.Err))
	}
}

// command runs a process to its end, and notes how it fared.
func (c *crowd) command(ctx context.Context, args ...string) harness.Result {
	cmd := c.run.Bazar(ctx, "crowd", c.env, args...)
	began, started := time.Now(), make(chan struct{})
	ended := make(chan harness.Result, 1)
	go func() { ended <- harness.FinishStarted(cmd, started) }()
	if <-started; cmd.Process != nil {
		c.queue.come(cmd.Process.Pid, time.Now())
	}
	r := <-ended
	e := errand{kind: args[0], lasted: time.Since(began), exit: r.Exit}
	e.stalled = c.server.witness.stalled(began, began.Add(e.lasted))
	of := args[0] == "buy" || args[0] == "orders"
	if r.Exit != 0 && (!of || r.Exit != 5 && r.Exit != gaveUp) {
		c.run.Violation("bazar %s ended with %d: %s", strings.Join(args, " "), r.Exit, r.Err)
	}
	if cmd.ProcessState != nil {
		e.stood = c.queue.leave(cmd.ProcessState.Pid())
		e.worked = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase.all = append(c.phase.all, e)
	return r
}
