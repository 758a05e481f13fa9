package simulation

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bazar-store/bazar/test/harness"
)

var (
	room = harness.NewRoom("simulation", flag.CommandLine)
	only = flag.Uint64("only", 0, "simulate this `SEED` alone, and show what happened")
)

// gcPercent keeps the collector from running all the time: what is live is some
// MiB, what a seed leaves behind is as much.
const gcPercent = 800

func TestMain(m *testing.M) {
	debug.SetGCPercent(gcPercent)
	os.Exit(room.Main(m))
}

func TestNoSeedBreaksAPromise(t *testing.T) {
	run := room.Begin(t, "simulation")
	s := &sweep{run: run, made: makeTemplate(t), next: run.Seed, most: harness.Pick(run, 100, 5_000, 1<<62)}
	if *only != 0 {
		s.next, s.most = *only, 1
	}
	began := time.Now()
	t.Run("seeds", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				s.work(t)
			})
		}
	})
	s.tell(time.Since(began))
}

// These are the same each time, and run under the race detector too.
func TestTheFirstSeedsBreakNoPromise(t *testing.T) {
	made := makeTemplate(t)
	for seed := range uint64(12) {
		if o := simulateInBubble(t, seed+1, made, damage{}); len(o.violations) > 0 {
			t.Errorf("seed %d: %s\n%s", o.seed, strings.Join(o.violations, "; "), strings.Join(o.trace, "\n"))
		}
	}
}

// mostTraces is how many traces are shown; one cause often breaks many seeds.
const mostTraces = 3

// sweep is a run of many seeds.
type sweep struct {
	run  *harness.Run
	made template

	mu     sync.Mutex
	next   uint64
	most   int // how many are to be begun yet
	done   int
	traces int
	sums   sums
}

// take gives the next seed, and whether there is one.
func (s *sweep) take() (seed uint64, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most == 0 || !s.run.More() {
		return 0, false
	}
	s.most--
	s.next++
	return s.next - 1, true
}

func (s *sweep) work(t *testing.T) {
	for {
		seed, more := s.take()
		if !more {
			return
		}
		o := simulateInBubble(t, seed, s.made, damage{})
		s.mu.Lock()
		s.done++
		s.sums.add(o.sums)
		show := *only != 0 || (len(o.violations) > 0 && s.traces < mostTraces)
		if show {
			s.traces++
		}
		s.mu.Unlock()
		if len(o.violations) > 0 {
			s.run.Violation("seed %d: %s; to repeat it: go test ./test/simulation -run '^TestNoSeedBreaksAPromise$' -count 1 -v -only %d",
				seed, strings.Join(o.violations, "; "), seed)
		}
		if show {
			t.Logf("seed %d:\n%s", seed, strings.Join(o.trace, "\n"))
		}
	}
}

func (s *sweep) tell(took time.Duration) {
	s.run.Tell("seeds", "%d, %.0f a second", s.done, float64(s.done)/took.Seconds())
	s.run.Tell("questions", "%d, of which %d were not answered", s.sums.asks, s.sums.lost)
	s.run.Tell("orders", "%d: %s", s.sums.orders, s.sums.states.listed())
	s.run.Tell("movements by hand", "%d", s.sums.moves)
	s.run.Tell("crashes", "%d", s.sums.crashes)
	s.run.Tell("faults", "%s", s.sums.faults.listed())
}

// stuck is how long a seed may take, in real time.
const stuck = 5 * time.Minute

func simulateInBubble(t *testing.T, seed uint64, made template, broken damage) (o outcome) {
	t.Helper()
	watch := time.AfterFunc(stuck, func() { panic(fmt.Sprintf("seed %d does not come to its end", seed)) })
	defer watch.Stop()
	var err error
	synctest.Test(t, func(t *testing.T) { o, err = simulate(t.Context(), seed, made, broken) })
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	return o
}
