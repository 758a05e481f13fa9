package batch

import (
	"runtime"
	"time"
)

// patience is how long a run waits for more callers.
const patience = time.Millisecond

func (g *Group[In, Out]) work(wake chan struct{}, least int) {
	for range wake {
		for calls := g.take(least); calls != nil; calls = g.take(least) {
			if calls = present(calls); len(calls) > 0 {
				g.travel(calls)
			}
		}
	}
}

// gather lets others run for as long as that brings more callers: those whom
// the batch before has just answered, or who came together, are ready to ask
// and would find the next one gone. If they are few then of those who are about,
// it waits for more. Who is alone waits for nobody.
func (g *Group[In, Out]) gather() {
	g.yield()
	if g.options.Present == nil || !g.want() {
		return
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-g.enough:
	case <-late.C:
	}
	g.yield()
}

// want says whether more callers are worth waiting for, and has the one who makes
// them enough say so.
func (g *Group[In, Out]) want() bool {
	wanted := min(g.options.Present()/3, g.options.Callers)
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 || len(g.waiting) >= wanted || g.closed {
		return false
	}
	select {
	case <-g.enough: // it came too late for the last time
	default:
	}
	g.wanted = wanted
	return true
}

func (g *Group[In, Out]) yield() {
	for before, n := 0, g.queued(); before < n && n < g.options.Callers; n = g.queued() {
		before = n
		runtime.Gosched()
	}
}

func (g *Group[In, Out]) queued() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

// take removes the next batch from the queue; nil if fewer than least wait.
func (g *Group[In, Out]) take(least int) []*call[In, Out] {
	if least > 1 {
		g.yield()
	} else {
		g.gather()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) < least {
		return nil
	}
	n, weight := 0, 0
	for n < len(g.waiting) && n < g.options.Callers {
		weight += g.options.Weigh(g.waiting[n].in)
		if n > 0 && weight > g.options.Weight {
			break
		}
		n++
	}
	calls := g.waiting[:n:n]
	if g.waiting = g.waiting[n:]; len(g.waiting) == 0 {
		g.waiting = nil
	}
	return calls
}

// present drops those who have left, and tells them.
func present[In, Out any](calls []*call[In, Out]) []*call[In, Out] {
	var here []*call[In, Out]
	for _, c := range calls {
		if err := c.ctx.Err(); err != nil {
			var none Out
			c.then(none, err)
		} else {
			here = append(here, c)
		}
	}
	return here
}
