package linear

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
	"github.com/bazar-store/bazar/test/harness"
)

var room = harness.NewRoom("linear", flag.CommandLine)

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }

// What a round is: so many customers do so much with so many books. One in so
// many rounds has a catalog killed.
const (
	customers  = 6
	books      = 4
	operations = 36 // of each customer
	killEvery  = 8
)

func TestStockIsLinearizable(t *testing.T) {
	run := room.Begin(t, "linear")
	run.Shown = "every history is linearizable"
	ctx := t.Context()
	s := open(ctx, run)
	rounds := harness.Pick(run, 2, 95, 1<<30)
	began := time.Now()
	for round := 0; round < rounds && run.More(); round++ {
		s.round(ctx, round)
	}
	run.Tell("operations", "%d on %d books, %d of them not answered; %.0f a second",
		s.done, s.histories, s.lost, float64(s.done)/time.Since(began).Seconds())
	run.Tell("cuts", "%d", s.cuts)
	run.Tell("catalogs killed", "%d", s.kills)
	run.Tell("longest search", "%s", s.longest.Round(time.Millisecond))
	for _, m := range mutations() {
		n := s.mutated[m.name]
		run.Tell("histories with "+m.name, "%d, of which %d were found wrong", n.made, n.found)
		if n.found == 0 || n.found < n.made/2 {
			run.Violation("of %d histories with %s %d were found wrong", n.made, m.name, n.found)
		}
	}
}

// store is two catalogs on the same files, behind wires that are cut.
type store struct {
	run       *harness.Run
	catalogs  []*harness.Process
	calls     []*client.Client // over the wires
	direct    *client.Client
	done      int
	lost      int
	histories int
	kills     int
	longest   time.Duration
	mutated   map[string]mutated

	mu     sync.Mutex
	chance *rand.Rand // of the wires
	cuts   int
}

func open(ctx context.Context, run *harness.Run) *store {
	s := &store{run: run, chance: run.Rand(1), mutated: map[string]mutated{}}
	dir := s.dir()
	guard := harness.Guard(s.guard)
	for i := range 2 {
		p := run.Process(fmt.Sprintf("catalog-%d", i+1), "catalog", nil, "--db", "sqlite:"+filepath.Join(dir, "catalog.db"))
		run.Must(p.Start(ctx))
		wire := run.NewWire(p.Addr)
		wire.Guard.Store(&guard)
		s.catalogs = append(s.catalogs, p)
		s.calls = append(s.calls, run.Client(wire.URL, wire.URL))
	}
	s.direct = run.Client(s.catalogs[0].URL(), s.catalogs[0].URL())
	return s
}

// dir is where the files are: in memory, where that can be had. A process that
// is killed loses none of them there either.
func (s *store) dir() string {
	base := "/dev/shm"
	if info, err := os.Stat(base); err != nil || !info.IsDir() {
		return s.run.Dir
	}
	dir, err := os.MkdirTemp(base, "bazar-linear-")
	s.run.Must(err)
	s.run.Cleanup(func() {
		for _, p := range s.catalogs {
			p.Kill()
		}
		s.run.Must(os.RemoveAll(dir))
	})
	return dir
}

// guard cuts few of the calls, each at one of its edges.
func (s *store) guard(harness.Call) func(harness.Edge) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chance.IntN(100) >= 6 {
		return nil
	}
	s.cuts++
	cut := []harness.Edge{harness.Arrived, harness.Passed, harness.Answered, harness.Halfway}[s.chance.IntN(4)]
	return func(e harness.Edge) bool { return e == cut }
}

// round has customers at new books, and checks what they saw.
func (s *store) round(ctx context.Context, round int) {
	chance := s.run.Rand(uint64(100 + round))
	all := make([]*history, books)
	for i := range all {
		all[i] = s.book(ctx, int64(chance.IntN(8)))
	}
	var busy sync.WaitGroup
	acting := make([]*customer, customers)
	for i := range acting {
		c := &customer{number: i, calls: s.calls, chance: rand.New(rand.NewPCG(chance.Uint64(), 0)), books: all}
		acting[i] = c
		busy.Go(func() { c.act(ctx, operations) })
	}
	if round%killEvery == killEvery/2 {
		<-time.After(time.Duration(chance.IntN(int(40 * time.Millisecond))))
		s.kills++
		s.run.Must(s.catalogs[round/killEvery%2].Restart(ctx))
	}
	busy.Wait()
	for _, c := range acting {
		if c.failed != nil {
			s.run.Violation("an answer that must not be: %v", c.failed)
		}
	}
	for _, h := range all {
		s.check(ctx, h)
	}
}

// book makes a book with so many copies.
func (s *store) book(ctx context.Context, copies int64) *history {
	price := api.Money{Amount: 100, Currency: "USD"}
	b, err := s.direct.AddBook(ctx, api.BookEdit{Title: api.Some("Linear"), Price: api.Some(price), Stock: api.Some(copies)})
	s.run.Must(err)
	return &history{book: b.ID, stock: copies, began: time.Now()}
}

// check ends a history with a look at what is left, and has it checked.
func (s *store) check(ctx context.Context, h *history) {
	last := &customer{number: customers, calls: []*client.Client{s.direct}, chance: s.run.Rand(2)}
	called := time.Now()
	a, err := last.do(ctx, h, operation{kind: read})
	s.run.Must(err)
	h.note(customers, operation{kind: read}, called, a)
	began := time.Now()
	result := h.check()
	s.longest = max(s.longest, time.Since(began))
	s.histories++
	s.done += len(h.all)
	s.lost += h.lost
	switch result {
	case porcupine.Ok:
		s.mutate(h)
	case porcupine.Illegal:
		s.run.Violation("the history of book %d is not linearizable; it is in the log", h.book)
		s.run.Logf("%s", h)
	case porcupine.Unknown:
		s.run.Violation("the history of book %d, with %d operations, %d of them not answered, could not be checked in %s", h.book, len(h.all), h.lost, patience)
	}
}

func TestWrongHistoriesAreFound(t *testing.T) {
	for name, c := range cases() {
		t.Run(name, func(t *testing.T) {
			h := &history{stock: c.stock, all: c.all}
			if right := h.check() == porcupine.Ok; right != c.right {
				t.Errorf("linearizable: %t\n%s", right, h)
			}
		})
	}
}
