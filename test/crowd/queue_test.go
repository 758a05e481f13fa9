package crowd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// lookEvery is how often the list of locks is read; the system counts processor
// time in hundredths of a second.
const lookEvery = 50 * time.Millisecond

// queue is who was seen to wait for a lock file, and how long in all.
type queue struct {
	mu    sync.Mutex
	stood map[int]waiting
	looks int
	err   error
}

// waiting is how long a process stood in the queue, and how much of it while a
// processor was free.
type waiting struct{ stood, free time.Duration }

// watch looks until ctx ends. A look that comes late counts for as long as it
// took since the one before.
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
		locks, err := os.ReadFile("/proc/locks")
		stat, statErr := os.ReadFile("/proc/stat")
		idleNow, now := idleTime(stat), time.Now()
		if err == nil {
			err = statErr
		}
		q.note(locks, now.Sub(last), idleNow-idle, err)
		idle, last = idleNow, now
	}
}

// note adds the time to all who wait; idle is what the processors had to spare
// in it, together.
func (q *queue) note(locks []byte, since, idle time.Duration, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.looks++
	if err != nil {
		q.err = err
	}
	for pid := range waiters(locks) {
		w := q.stood[pid]
		w.stood += since
		w.free += min(since, idle)
		q.stood[pid] = w
	}
}

// waiters reads /proc/locks.
func waiters(locks []byte) map[int]bool {
	waits := map[int]bool{}
	for line := range bytes.Lines(locks) {
		fields := bytes.Fields(line) // 3: -> FLOCK ADVISORY WRITE 4711 fe:00:42 0 EOF
		if len(fields) < 6 || string(fields[1]) != "->" || string(fields[2]) != "FLOCK" {
			continue
		}
		if pid, err := strconv.Atoi(string(fields[5])); err == nil {
			waits[pid] = true
		}
	}
	return waits
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

// of is how long a process waited. It is forgotten then: the system gives its
// number to another.
func (q *queue) of(pid int) waiting {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer delete(q.stood, pid)
	return q.stood[pid]
}

func TestWhoWaitsForALockIsSeen(t *testing.T) {
	const locks = `1: POSIX  ADVISORY  READ 10 00:1b:66809 128 128
2: FLOCK  ADVISORY  WRITE 11 fe:00:762141 0 EOF
2: -> FLOCK  ADVISORY  WRITE 12 fe:00:762141 0 EOF
2: -> FLOCK  ADVISORY  WRITE 13 fe:00:762141 0 EOF
3: -> POSIX  ADVISORY  WRITE 14 fe:00:762141 0 EOF
`
	q := &queue{stood: map[int]waiting{}}
	q.note([]byte(locks), time.Second, 3*time.Second, nil)
	q.note([]byte(strings.Replace(locks, "WRITE 13", "WRITE 15", 1)), 2*time.Second, time.Second, nil)
	want := map[int]waiting{10: {}, 11: {}, 12: {3 * time.Second, 2 * time.Second}, 13: {time.Second, time.Second}, 14: {}, 15: {2 * time.Second, time.Second}}
	for pid, w := range want {
		if got := q.of(pid); got != w {
			t.Errorf("process %d waited %v, not %v", pid, got, w)
		}
	}
	if got := idleTime(fmt.Appendf(nil, "cpu  1 2 3 400 50 6 7 0 0 0\ncpu0 1 2 3 4 5 6 7 0 0 0\n")); got != 4500*time.Millisecond {
		t.Errorf("idle for %s", got)
	}
	if runtime.GOOS != "linux" {
		return
	}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil || idleTime(stat) == 0 {
		t.Errorf("idle for %s, %v", idleTime(stat), err)
	}
}
