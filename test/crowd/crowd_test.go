package crowd

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/harness"
)

var room = harness.NewRoom("crowd", flag.CommandLine)

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }

// longest is how long a process may wait for the store.
const longest = 2 * time.Second

func TestACrowdOfProcessesOnOneStoreLosesNothing(t *testing.T) {
	run := room.Begin(t, "crowd")
	ctx := t.Context()
	env := []string{"BAZAR_DATA_DIR=" + filepath.Join(run.Dir, "store")}
	server := run.Process("serve", "bazar", env, "serve")
	run.Must(server.Start(ctx))
	calls := run.Client(server.URL(), server.URL())
	c := &crowd{
		run: run, env: env, account: harness.NewAccount(), stock: map[int64]int64{1: 100_000, 2: 200, 3: 100_000}, done: map[string]int{},
		queue: &queue{stood: map[int]waiting{}},
	}
	run.Must(harness.Fill(ctx, calls, c.stock))
	buyers := &harness.Buyers{Account: c.account, Calls: calls, Books: []int64{1, 2, 3}, Pause: 20 * time.Millisecond}
	buyers.Start(ctx, run, 4)
	watching, leave := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { c.queue.watch(watching) })
	for round := 0; round == 0 || (run.Size == harness.Long && run.More()); round++ {
		c.come(ctx, harness.Pick(run, 40, 200, 200))
	}
	leave()
	watch.Wait()
	fault := time.Now()
	buyers.Leave()
	c.judge()
	took, open, err := harness.AwaitSettled(ctx, calls, fault)
	run.Must(err)
	if len(open) > 0 {
		run.Violation("%d orders are open %s after the crowd has left", len(open), took)
	}
	run.Prove(ctx, c.account, calls, c.stock, env...)
}

// crowd is what its processes did.
type crowd struct {
	run     *harness.Run
	env     []string
	account *harness.Account
	queue   *queue

	mu       sync.Mutex
	stock    map[int64]int64 // what was there and what was added
	bought   []string        // and may be cancelled
	done     map[string]int
	came     int
	gaveUp   int           // after the ten seconds that a command waits
	stood    time.Duration // the longest in the queue
	waited   time.Duration // the longest there while a processor was free
	total    time.Duration // of all, in the queue
	lasted   time.Duration // the longest process
	worked   time.Duration // the processor time of all
	slowWait string
}

// come has so many processes run at once.
func (c *crowd) come(ctx context.Context, processes int) {
	var all sync.WaitGroup
	for range processes {
		chance := c.run.Rand(uint64(c.came))
		c.came++
		all.Go(func() { c.errand(ctx, chance) })
	}
	all.Wait()
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
		c.queue.come(cmd.Process.Pid)
	}
	r := <-ended
	lasted := time.Since(began)
	of := args[0] == "buy" || args[0] == "orders"
	switch {
	case r.Exit == 0, r.Exit == 5 && of:
	case r.Exit == 7 && of: // whether it waited too long is judged by how long it waited
		c.mu.Lock()
		c.gaveUp++
		c.mu.Unlock()
	default:
		c.run.Violation("bazar %s ended with %d: %s", strings.Join(args, " "), r.Exit, r.Err)
	}
	c.note(cmd, args, lasted)
	return r
}

func (c *crowd) note(cmd *exec.Cmd, args []string, lasted time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[args[0]]++
	if cmd.ProcessState == nil {
		return
	}
	waited := c.queue.leave(cmd.ProcessState.Pid())
	c.worked += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.total += waited.stood
	c.stood = max(c.stood, waited.stood)
	c.lasted = max(c.lasted, lasted)
	if waited.free >= c.waited {
		c.waited, c.slowWait = waited.free, args[0]
	}
}

// judge tells how the crowd fared, and in the larger sizes whether anybody
// waited too long.
func (c *crowd) judge() {
	c.run.Tell("processes", "%d: %v; %d gave up (exit 7)", c.came, c.done, c.gaveUp)
	c.run.Tell("waited for the store", "%s at most while a processor was free (%s); stood in the queue %s at most, %s on average; %d looks",
		c.waited.Round(time.Millisecond), c.slowWait, c.stood.Round(time.Millisecond), (c.total / time.Duration(c.came)).Round(time.Millisecond), c.queue.looks)
	c.run.Tell("from start to end", "%s at most, with %s of processor time each", c.lasted.Round(time.Millisecond), (c.worked / time.Duration(c.came)).Round(time.Millisecond))
	if c.run.Size == harness.Taste {
		return
	}
	if c.total == 0 {
		c.run.Violation("it can't be seen who waits for the store")
	}
	if c.waited > longest {
		c.run.Violation("bazar %s waited %s for the store, over %s", c.slowWait, c.waited, longest)
	}
}
