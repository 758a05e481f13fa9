package crowd

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bazar-store/bazar/test/harness"
)

// stall is how long a write of one page and its sync take where the machine, and
// not the store, holds everybody up: many times what they take where others do
// the same.
const stall = 100 * time.Millisecond

// witness writes and syncs a file of its own all the time. While that stands
// still, whatever else runs on the machine has its processors or its disk.
type witness struct {
	mu     sync.Mutex
	began  time.Time // what is under way
	stalls []span
}

type span struct{ from, to time.Time }

// watch writes until ctx ends.
func (w *witness) watch(ctx context.Context, run *harness.Run) {
	file, err := os.Create(filepath.Join(run.Dir, "witness"))
	if err != nil {
		run.Error(err)
		return
	}
	defer func() { _ = file.Close() }() // nobody reads it
	page := make([]byte, 4096)
	for ; ctx.Err() == nil; harness.Wait(ctx, lookEvery) {
		w.mu.Lock()
		w.began = time.Now()
		w.mu.Unlock()
		if _, err := file.WriteAt(page, 0); err != nil || file.Sync() != nil {
			run.Errorf("the witness can't write: %v", err)
			return
		}
		w.note(time.Now())
	}
}

func (w *witness) note(ended time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ended.Sub(w.began) > stall {
		w.stalls = append(w.stalls, span{w.began, ended})
	}
	w.began = time.Time{}
}

// stalled is how much of a while the machine stood still; no witness saw nothing.
func (w *witness) stalled(from, to time.Time) (sum time.Duration) {
	if w == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.stalls
	if !w.began.IsZero() && to.Sub(w.began) > stall {
		all = append(all[:len(all):len(all)], span{w.began, to})
	}
	for _, s := range all {
		if s.from.Before(from) {
			s.from = from
		}
		if s.to.After(to) {
			s.to = to
		}
		sum += max(0, s.to.Sub(s.from))
	}
	return sum
}

func TestAMachineThatStandsStillIsSeen(t *testing.T) {
	begin := time.Now()
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	w := &witness{}
	for _, s := range []span{{at(0), at(50)}, {at(100), at(400)}, {at(500), at(1500)}} {
		w.began = s.from
		w.note(s.to)
	}
	w.began = at(2000)
	if got := w.stalled(at(200), at(2300)); got != 1500*time.Millisecond {
		t.Errorf("it stood still for %s", got)
	}
	if got := w.stalled(at(0), at(60)); got != 0 {
		t.Errorf("a write that took 50 ms is a stall of %s", got)
	}
}
