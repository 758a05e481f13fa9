package crowd

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// lookEvery is how often the threads are looked at.
const lookEvery = 20 * time.Millisecond

// queue is who was seen to wait for a lock file, and how long in all.
type queue struct {
	mu    sync.Mutex
	there map[int]*stay // each process that runs
	looks int
}

// stay is when a process came, and how long it stood in the queue since.
type stay struct {
	came  time.Time
	stood time.Duration
}

func newQueue() *queue { return &queue{there: map[int]*stay{}} }

// watch looks until ctx ends.
func (q *queue) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		q.note(locking, last, now)
		last = now
	}
}

// note adds the time since the last look to all who wait; to who came since then,
// the time since that.
func (q *queue) note(waits func(pid int) bool, last, now time.Time) {
	for _, pid := range q.present() {
		if !waits(pid) {
			continue
		}
		q.mu.Lock()
		if p := q.there[pid]; p != nil {
			p.stood += max(0, min(now.Sub(last), now.Sub(p.came)))
		}
		q.mu.Unlock()
	}
	q.looks++
}

func (q *queue) present() []int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Collect(maps.Keys(q.there))
}

// locking says whether a thread of a process is in the system's flock.
func locking(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid)) // the pattern is right
	for _, path := range threads {
		doing, err := os.ReadFile(path)
		number, _, _ := strings.Cut(string(doing), " ")
		if err == nil && number == strconv.Itoa(syscall.SYS_FLOCK) {
			return true
		}
	}
	return false
}

// come begins to look at a process that came at a moment; no queue looks at
// nobody.
func (q *queue) come(pid int, at time.Time) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.there[pid] = &stay{came: at}
}

// leave is how long a process waited.
func (q *queue) leave(pid int) time.Duration {
	if q == nil {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	defer delete(q.there, pid)
	if p := q.there[pid]; p != nil {
		return p.stood
	}
	return 0
}

// unfair says whether somebody stood in the queue for much longer than others.
// Where all come at once and each is served in its turn the last waits twice as
// long as the one in the middle.
func unfair(stood []time.Duration) []string {
	middle := median(stood)
	last := slices.Max(append(stood, 0))
	if last <= 3*middle+time.Second {
		return nil
	}
	return []string{fmt.Sprintf("a process stood in the queue for %s, the one in the middle for %s", last.Round(time.Millisecond), middle.Round(time.Millisecond))}
}

func TestWhoWaitsForALockIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lockedfile.MutexAt(path).Lock()
	if err != nil {
		t.Fatal(err)
	}
	if locking(os.Getpid()) {
		t.Error("it has the lock, and is seen to wait for it")
	}
	got := make(chan error, 1)
	go func() {
		leave, err := lockedfile.MutexAt(path).Lock()
		if err == nil {
			leave()
		}
		got <- err
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !locking(os.Getpid()); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it waits, and is not seen")
		}
	}
	unlock()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestTheTimeInAQueueIsCounted(t *testing.T) {
	began := time.Now()
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	all := func(int) bool { return true }
	q := newQueue()
	q.come(1, at(0))
	q.come(2, at(0))
	q.note(func(pid int) bool { return pid == 1 }, at(0), at(100))
	q.come(3, at(120)) // between two looks
	q.come(4, at(140)) // while it is looked
	q.note(all, at(100), at(130))
	for pid, want := range map[int]time.Duration{1: 130, 2: 30, 3: 10, 4: 0, 5: 0} {
		if stood := q.leave(pid); stood != want*time.Millisecond {
			t.Errorf("process %d waited %s", pid, stood)
		}
	}
}

func TestAQueueThatLeavesSomebodyBehindIsReported(t *testing.T) {
	inTurn := make([]time.Duration, 100)
	for i := range inTurn {
		inTurn[i] = time.Duration(i) * 50 * time.Millisecond
	}
	if wrong := unfair(inTurn); len(wrong) > 0 {
		t.Errorf("a queue in which each is served in its turn: %q", wrong)
	}
	leftBehind := slices.Repeat([]time.Duration{600 * time.Millisecond}, 99)
	if len(unfair(append(leftBehind, 5*time.Second))) == 0 {
		t.Error("nothing is said of who is left behind for seconds")
	}
	if wrong := unfair(nil); len(wrong) > 0 {
		t.Errorf("an empty queue: %q", wrong)
	}
}
