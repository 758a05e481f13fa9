package crowd

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bazar-store/bazar/test/harness"
)

// gaveUp is the exit code of a command that waited for its ten seconds in vain.
const gaveUp = 7

// errand is a process that has ended.
type errand struct {
	kind          string // its command
	exit          int
	lasted        time.Duration // from start to end
	stalled       time.Duration // of that, while the machine stood still
	stood, worked time.Duration // in the queue, where that was looked at, and at a processor
}

// phase is what went on in a while.
type phase struct {
	all   []errand
	laps  []*lap // of the server's customers
	looks int
	wrong []string // of the queue
}

// served is how long a customer of the server waited at most.
func (p *phase) served() (longest time.Duration) {
	for _, l := range p.laps {
		longest = max(longest, l.longest)
	}
	return longest
}

func (p *phase) add(o *phase) {
	p.laps = append(p.laps, o.laps...)
	p.all = append(p.all, o.all...)
	p.looks += o.looks
	p.wrong = append(p.wrong, o.wrong...)
}

// usual is how long a command of each kind mostly took.
func (p *phase) usual() map[string]time.Duration {
	of := map[string][]time.Duration{}
	for _, e := range p.all {
		of[e.kind] = append(of[e.kind], e.lasted)
	}
	usual := map[string]time.Duration{}
	for kind, all := range of {
		usual[kind] = median(all)
	}
	return usual
}

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(all))[len(all)/2]
}

// waited says who waited too long for the store where there are processors
// enough: it lasted by more than that longer than one of its kind alone.
func (p *phase) waited(alone map[string]time.Duration) (wrong []string) {
	for _, e := range p.all {
		switch {
		case e.exit == gaveUp:
			wrong = append(wrong, fmt.Sprintf("bazar %s gave up after %s", e.kind, e.lasted.Round(time.Millisecond)))
		case e.lasted-e.stalled > longest+alone[e.kind]:
			wrong = append(wrong, fmt.Sprintf("bazar %s lasted %s, and %s alone", e.kind, e.lasted.Round(time.Millisecond), alone[e.kind].Round(time.Millisecond)))
		}
	}
	if served := p.served(); served > longest {
		wrong = append(wrong, fmt.Sprintf("a customer of the server waited %s", served.Round(time.Millisecond)))
	}
	return wrong
}

// queued are the times in the queue of who stood in it.
func (p *phase) queued() (stood []time.Duration) {
	for _, e := range p.all {
		if e.stood > 0 {
			stood = append(stood, e.stood)
		}
	}
	return stood
}

// beyond says who is said to have stood in the queue for longer than it was
// there at all: then the queue's times are of no use.
func (p *phase) beyond() (wrong []string) {
	for _, e := range p.all {
		if e.stood > e.lasted {
			wrong = append(wrong, fmt.Sprintf("bazar %s lasted %s, and %s of it in the queue", e.kind, e.lasted, e.stood))
		}
	}
	return wrong
}

// told is what is reported of a phase.
func (p *phase) told() string {
	kinds, exits := map[string]int{}, map[int]int{}
	var worked time.Duration
	slowest := errand{}
	lasted := make([]time.Duration, len(p.all))
	for i, e := range p.all {
		kinds[e.kind]++
		exits[e.exit]++
		worked += e.worked
		lasted[i] = e.lasted
		if e.lasted > slowest.lasted {
			slowest = e
		}
	}
	return fmt.Sprintf("%d processes: %v, ended with %v; from start to end %s at most (%s), %s in the middle, with %s of processor time each; a customer of the server waited %s at most",
		len(p.all), kinds, exits, slowest.lasted.Round(time.Millisecond), slowest.kind, median(lasted).Round(time.Millisecond),
		(worked / time.Duration(len(p.all))).Round(time.Millisecond), p.served().Round(time.Millisecond))
}

// judge tells how the crowd fared, and in the larger sizes, where it has the
// machine for itself, whether anybody waited too long.
func (c *crowd) judge(alone, few, rush *phase) {
	usual := alone.usual()
	var lone []string
	for _, kind := range slices.Sorted(maps.Keys(usual)) {
		lone = append(lone, fmt.Sprintf("%s %s", kind, usual[kind].Round(time.Millisecond)))
	}
	stood := rush.queued()
	c.run.Tell("one at a time", "%s", strings.Join(lone, ", "))
	c.run.Tell(fmt.Sprintf("%d at a time", live), "%s", few.told())
	c.run.Tell("all at once", "%s", rush.told())
	c.run.Tell("the machine", "a page took over %s to write and sync for %s in all", stall, c.server.witness.stalled(time.Time{}, time.Now()).Round(time.Millisecond))
	c.run.Tell("in the queue, all at once", "%d processes; %s at most, %s in the middle; %d looks",
		len(stood), slices.Max(append(stood, 0)).Round(time.Millisecond), median(stood).Round(time.Millisecond), rush.looks)
	if c.run.Size == harness.Taste {
		return
	}
	for _, wrong := range append(few.waited(usual), rush.wrong...) {
		c.run.Violation("%s", wrong)
	}
}

// stopwatch is a way to the server on which it is seen how long one waits there.
type stopwatch struct {
	next    *http.Transport
	witness *witness

	mu  sync.Mutex
	now *lap
}

// lap is the longest wait of the requests that began in a while, as far as it
// was in that while.
type lap struct {
	longest time.Duration
	ended   time.Time // zero while it lasts
}

func (l *lap) note(w *witness, began, ended time.Time) {
	if !l.ended.IsZero() && l.ended.Before(ended) {
		ended = l.ended
	}
	l.longest = max(l.longest, ended.Sub(began)-w.stalled(began, ended))
}

// lap ends the last one and begins a new one.
func (s *stopwatch) lap() *lap {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		s.now.ended = time.Now()
	}
	s.now = &lap{}
	return s.now
}

// RoundTrip carries a request.
func (s *stopwatch) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	began, in := time.Now(), s.now
	s.mu.Unlock()
	answer, err := s.next.RoundTrip(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	in.note(s.witness, began, time.Now())
	return answer, err
}

func TestWhoWaitsTooLongIsReported(t *testing.T) {
	alone := map[string]time.Duration{"buy": 100 * time.Millisecond}
	for name, c := range map[string]struct {
		phase phase
		wrong int
	}{
		"in time":                        {phase{all: []errand{{kind: "buy", lasted: 2050 * time.Millisecond}}, laps: []*lap{{longest: longest}}}, 0},
		"too long":                       {phase{all: []errand{{kind: "buy", lasted: 2150 * time.Millisecond}, {kind: "buy"}}}, 1},
		"while the machine stands still": {phase{all: []errand{{kind: "buy", lasted: 3 * time.Second, stalled: time.Second}}}, 0},
		"gave up":                        {phase{all: []errand{{kind: "buy", exit: gaveUp}}}, 1},
		"a customer of the server did":   {phase{laps: []*lap{{longest: longest}, {longest: longest + 1}}}, 1},
	} {
		if got := c.phase.waited(alone); len(got) != c.wrong {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAWaitCountsInTheLapInWhichItIs(t *testing.T) {
	began := time.Now()
	on, over := &lap{}, &lap{ended: began.Add(time.Second)}
	for _, l := range []*lap{on, over} {
		l.note(nil, began, began.Add(3*time.Second))
		l.note(nil, began, began.Add(time.Millisecond))
	}
	if on.longest != 3*time.Second || over.longest != time.Second {
		t.Errorf("a wait of 3 s counts as %s, and as %s in a lap that ended after 1 s", on.longest, over.longest)
	}
}
