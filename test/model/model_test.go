package model

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

var long = flag.Bool("long", false, "explore the larger worlds")

// explored are the worlds that a run explores.
func explored() []world {
	if !raceEnabled && !testing.Short() {
		return worlds(*long)
	}
	// The race detector makes it many times slower, and finds but one goroutine;
	// "make check" runs it without.
	small := []world{shop(), counter()}
	for i := range orders {
		small[0].wants[i].keeps, small[1].wants[i].keeps = i != 2, true
	}
	return small
}

func TestTheProtocolKeepsItsPromisesWhateverHappens(t *testing.T) {
	untaken, ends := map[string]bool{}, map[end]bool{}
	for _, s := range correct() {
		untaken[s.name] = true
	}
	for _, w := range explored() {
		t.Run(w.name, func(t *testing.T) {
			began := time.Now()
			got := explore(newMachine(w, correct()))
			t.Logf("%d states, %d transitions, %d states to come to rest from; %.1f s", got.states, got.transitions, got.rests, time.Since(began).Seconds())
			if got.violated != "" {
				t.Errorf("%q does not hold:%s", got.violated, listed(got.trace))
			}
			for s := range got.taken {
				delete(untaken, s.name)
			}
			maps.Copy(ends, got.ends)
		})
	}
	// A crash of the catalog changes nothing: it has nothing in memory.
	if delete(untaken, catalogCrash); len(untaken) > 0 {
		t.Errorf("steps that nothing led to: %v", slices.Sorted(maps.Keys(untaken)))
	}
	if want := theEnds(); !maps.Equal(ends, want) {
		t.Errorf("at rest orders stand so: %v, want %v", ends, want)
	}
}

// theEnds are the ways in which an order may stand once everything came to
// rest, here and there; each of them is reached.
func theEnds() map[end]bool {
	return map[end]bool{
		{absent, unseen}:       true,
		{confirmed, taken}:     true,
		{rejected, refused}:    true,
		{cancelled, released}:  true,
		{cancelled, refused}:   true,
		{cancelled, tombstone}: true,
	}
}

func TestEveryWrongVariantIsCaught(t *testing.T) {
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			got := explore(newMachine(v.in(), v.change(correct())))
			t.Logf("breaks %q, found among %d states:%s", got.violated, got.states, listed(got.trace))
			if got.violated != v.breaks {
				t.Errorf("breaks %q, not %q", got.violated, v.breaks)
			}
		})
	}
}

func TestEveryPromiseIsBrokenBySomeVariant(t *testing.T) {
	unbroken := map[string]bool{settles: true}
	for _, i := range invariants() {
		unbroken[i.name] = true
	}
	for _, v := range variants() {
		delete(unbroken, v.breaks)
	}
	if len(unbroken) > 0 {
		t.Errorf("no variant shows that these can fail: %v", slices.Sorted(maps.Keys(unbroken)))
	}
}

func TestATraceIsShortest(t *testing.T) {
	for _, v := range variants() {
		if v.name != "cancel wins over confirmed without a release" {
			continue
		}
		got := explore(newMachine(v.in(), v.change(correct())))
		want := []string{
			"customer places order 1: order pending, reservation none",
			"catalog gets the reserve of order 1: order pending, reservation taken",
			"order service gets 'taken' for order 1: order confirmed, reservation taken",
			"customer cancels order 1: order cancelled, reservation taken",
		}
		for i, line := range got.trace {
			got.trace[i], _, _ = strings.Cut(line, ";")
		}
		if !slices.Equal(got.trace, want) {
			t.Errorf("the trace is%s", listed(got.trace))
		}
		return
	}
	t.Error("no such variant")
}

func TestAlikeOrdersAreInterchangeable(t *testing.T) {
	w := shop()
	one, other := w.start(), w.start()
	one.orders[0].row, other.orders[1].row = pending, pending
	if w.canonical(one) != w.canonical(other) {
		t.Error("the first two orders are alike, and still told apart")
	}
	other.orders[1].row, other.orders[2].row = absent, pending
	if w.canonical(one) == w.canonical(other) {
		t.Error("orders of different lines are taken for each other")
	}
}

// listed gives a trace as lines.
func listed(trace []string) (text string) {
	for i, line := range trace {
		text += fmt.Sprintf("\n  %2d. %s", i+1, line)
	}
	return text
}
