// Package batch lets callers that wait together travel together: what is slow
// once (a sync, a round trip) is then paid once for all of them. A caller who
// is alone never waits for company.
package batch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Options bounds a [Group]. A field that is zero means its default.
type Options[In any] struct {
	// Callers is the most callers a batch carries; 256 by default.
	Callers int
	// Weight is the most weight a batch carries, by Weigh; 2,000 by default.
	// A caller heavier than that travels alone.
	Weight int
	Weigh  func(In) int
	// Queue is the most callers that may wait; 4,096 by default.
	Queue int
	// Timeout bounds one run; 10 s by default.
	Timeout time.Duration
	// Key folds callers: those of one batch with equal keys ask for the same
	// thing and share a place in it and its result. Nil folds none.
	Key func(In) string
	// Split says whether an error can have been caused by one caller alone;
	// the batch is then run again in halves, down to one, as it is after a panic.
	// Nil never splits otherwise.
	Split func(error) bool
	// Present says how many callers are about: here, or likely to come. A run that
	// would begin with less than a third of them waits for more, a millisecond at
	// most: what a run costs once is then shared by more. Nil has none wait.
	Present func() int
	// Crowd is how many have to wait before a second run begins beside one that is
	// under way; 0 never does, nor does one of Callers or more. Equal keys may then
	// be in both.
	Crowd int
}

// Full is the error of [Group.Do] and [Group.Send] when too many wait or the group
// is closed: nothing of the caller's was done.
type Full struct{ Closed bool }

// Error says which of the two it is.
func (f *Full) Error() string {
	if f.Closed {
		return "the server is stopping"
	}
	return "too many requests wait already"
}

// Group gathers calls of [Group.Do] and [Group.Send] into runs of one function, one
// run at a time, or two in a crowd. It owns a goroutine for each, from the first run
// until [Group.Close]: SQLite needs a deep stack, and a new goroutine for each run
// would have to grow its own.
type Group[In, Out any] struct {
	options Options[In]
	run     func(context.Context, []In) ([]Out, error)

	mu      sync.Mutex
	waiting []*call[In, Out]
	wake    chan struct{} // has the worker look who waits; nil before the first caller
	crowd   chan struct{} // the same for the one that helps in a crowd
	wanted  int           // so many are enough; 0 once that has been said
	enough  chan struct{} // says it; nil before the first caller, as wake
	closed  bool
	worker  sync.WaitGroup
}

type call[In, Out any] struct {
	ctx  context.Context //nolint:containedctx // a queued call is still its caller's: who leaves is dropped
	in   In
	then func(Out, error)
}

// New makes a group around run, which gets at least one value and answers as
// many, in their order, or an error for all of them.
func New[In, Out any](o Options[In], run func(context.Context, []In) ([]Out, error)) *Group[In, Out] {
	o.Callers = orDefault(o.Callers, 256)
	o.Weight = orDefault(o.Weight, 2_000)
	o.Queue = orDefault(o.Queue, 4_096)
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Weigh == nil {
		o.Weigh = func(In) int { return 1 }
	}
	if o.Crowd >= o.Callers {
		o.Crowd = 0
	}
	return &Group[In, Out]{options: o, run: run}
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Do waits for its place in a run and gives that place's result. A caller whose
// context ends before its run starts is dropped; one who leaves later does not
// stop the run and does not learn its result.
func (g *Group[In, Out]) Do(ctx context.Context, in In) (Out, error) {
	type result struct {
		out Out
		err error
	}
	done := make(chan result, 1)
	g.Send(ctx, in, func(out Out, err error) { done <- result{out, err} })
	select {
	case r := <-done:
		return r.out, r.err
	case <-ctx.Done():
		var none Out
		return none, ctx.Err()
	}
}

// Send is [Group.Do] for who does not wait: then gets the result, once, from
// whoever ran the batch, or here where there is no place in one. It must not take
// long, nor wait for this group, nor panic: nobody catches that. It may send to
// another group: those who travelled together then go on together, and nobody is
// woken on the way.
func (g *Group[In, Out]) Send(ctx context.Context, in In, then func(Out, error)) {
	if err := g.enqueue(&call[In, Out]{ctx: ctx, in: in, then: then}); err != nil {
		var none Out
		then(none, err)
	}
}

func (g *Group[In, Out]) enqueue(c *call[In, Out]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(g.waiting) >= g.options.Queue {
		return &Full{Closed: g.closed}
	}
	g.waiting = append(g.waiting, c)
	if g.enough == nil {
		g.enough = make(chan struct{}, 1)
	}
	if g.wanted > 0 && len(g.waiting) >= g.wanted {
		g.wanted = 0
		g.enough <- struct{}{}
	}
	g.rouse(&g.wake, 1)
	if g.options.Crowd > 0 && len(g.waiting) >= g.options.Crowd {
		g.rouse(&g.crowd, g.options.Crowd)
	}
	return nil
}

// rouse has a worker look who waits, and begins it before its first time; least
// is how many it takes up a run for.
func (g *Group[In, Out]) rouse(wake *chan struct{}, least int) {
	if *wake == nil {
		look := make(chan struct{}, 1)
		*wake = look
		g.worker.Go(func() { g.work(look, least) })
	}
	select {
	case *wake <- struct{}{}:
	default: // it will look
	}
}

// Close refuses new callers and returns when all who waited are answered.
func (g *Group[In, Out]) Close() {
	g.mu.Lock()
	for _, wake := range [...]chan struct{}{g.wake, g.crowd} {
		if wake != nil && !g.closed {
			close(wake)
		}
	}
	g.closed = true
	g.mu.Unlock()
	g.worker.Wait()
}

// travel runs calls as one batch and answers each.
func (g *Group[In, Out]) travel(calls []*call[In, Out]) {
	seats, ins := g.fold(calls)
	// The batch belongs to all who are in it: the first to leave must not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(calls[0].ctx), g.options.Timeout)
	defer cancel()
	outs, err := g.safely(ctx, ins)
	if err != nil && len(calls) > 1 && g.splits(err) {
		g.travel(calls[:len(calls)/2])
		g.travel(calls[len(calls)/2:])
		return
	}
	for i, c := range calls {
		var out Out
		if err == nil {
			out = outs[seats[i]]
		}
		c.then(out, err)
	}
}

// crash is the error of a batch whose run has panicked.
type crash struct {
	cause any
	stack []byte
}

func (c *crash) Error() string { return fmt.Sprintf("batch: panic: %v\n%s", c.cause, c.stack) }

func (g *Group[In, Out]) splits(err error) bool {
	if _, crashed := errors.AsType[*crash](err); crashed {
		return true
	}
	return g.options.Split != nil && g.options.Split(err)
}

// fold gives each call its seat in the batch, equal keys the same one.
func (g *Group[In, Out]) fold(calls []*call[In, Out]) (seats []int, ins []In) {
	seats, ins = make([]int, len(calls)), make([]In, 0, len(calls))
	byKey := make(map[string]int, len(calls))
	for i, c := range calls {
		if g.options.Key != nil {
			key := g.options.Key(c.in)
			if seat, taken := byKey[key]; taken {
				seats[i] = seat
				continue
			}
			byKey[key] = len(ins)
		}
		seats[i] = len(ins)
		ins = append(ins, c.in)
	}
	return seats, ins
}

// safely runs the batch; a panic becomes its error, so that everybody who waits
// is answered.
func (g *Group[In, Out]) safely(ctx context.Context, ins []In) (outs []Out, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &crash{p, debug.Stack()}
		}
	}()
	outs, err = g.run(ctx, ins)
	if err == nil && len(outs) != len(ins) {
		err = fmt.Errorf("batch: %d results for %d callers", len(outs), len(ins))
	}
	return outs, err
}
