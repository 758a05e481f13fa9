package crowd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// lookEvery is how often the threads are looked at; the system counts processor
// time in hundredths of a second.
const lookEvery = 100 * time.Millisecond

// queue is who was seen to wait for a lock file, and how long in all.
type queue struct {
	mu    sync.Mutex
	stood map[int]waiting // of each process that runs
	looks int
}

// waiting is how long a process stood in the queue, and how much of it while a
// processor was free.
type waiting struct{ stood, free time.Duration }

// watch looks until ctx ends.
func (q *queue) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	idle, last := time.Duration(0), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		stat, _ := os.ReadFile("/proc/stat") // none: nobody waits, which is reported
		idleNow, now := idleTime(stat), time.Now()
		q.note(locking, now.Sub(last), idleNow-idle)
		idle, last = idleNow, now
	}
}

// note adds the time since the last look to all who wait; idle is what the
// processors had to spare in it, together. A look that comes late had no
// processor itself.
func (q *queue) note(waits func(pid int) bool, since, idle time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.looks++
	for pid, w := range q.stood {
		if waits(pid) {
			w.stood += since
			w.free += min(since, idle, 2*lookEvery)
			q.stood[pid] = w
		}
	}
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

// come begins to look at a process.
func (q *queue) come(pid int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stood[pid] = waiting{}
}

// idleTime reads in /proc/stat how long the processors had nothing to do, or
// waited for a disk, together.
func idleTime(stat []byte) time.Duration {
	line, _, _ := strings.Cut(string(stat), "\n")
	fields := strings.Fields(line) // cpu user nice system idle iowait …
	if len(fields) < 6 {
		return 0
	}
	idle, _ := strconv.ParseInt(fields[4], 10, 64) // the system writes numbers
	disk, _ := strconv.ParseInt(fields[5], 10, 64)
	return time.Duration(idle+disk) * 10 * time.Millisecond
}

// leave is how long a process waited.
func (q *queue) leave(pid int) waiting {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer delete(q.stood, pid)
	return q.stood[pid]
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

func TestWaitingCountsWhereAProcessorIsFree(t *testing.T) {
	q := &queue{stood: map[int]waiting{}}
	q.come(1)
	q.come(2)
	first := func(pid int) bool { return pid == 1 }
	q.note(first, 100*time.Millisecond, 150*time.Millisecond)
	q.note(first, 100*time.Millisecond, 30*time.Millisecond)
	q.note(first, time.Second, time.Second)
	if got, want := q.leave(1), (waiting{1200 * time.Millisecond, 330 * time.Millisecond}); got != want || q.leave(2) != (waiting{}) {
		t.Errorf("it waited %v, not %v", got, want)
	}
	if got := idleTime([]byte("cpu  1 2 3 400 50 6 7 0 0 0\ncpu0 1 2 3 4 5 6 7 0 0 0\n")); got != 4500*time.Millisecond {
		t.Errorf("idle for %s", got)
	}
}
