package linear

import (
	"math/rand/v2"
	"slices"

	"github.com/anishathalye/porcupine"
)

// mutation makes a real history wrong; it gives nothing where it can't. Some
// stay right by chance: what they say could have been, because of what else went
// on.
type mutation struct {
	name string
	make func(all []porcupine.Operation, chance *rand.Rand) []porcupine.Operation
}

// mutated counts histories that were made wrong.
type mutated struct{ made, found int }

func mutations() []mutation {
	return []mutation{
		{"an oversell", oversell}, {"a lost release", loseRelease}, {"a stale read", staleRead}, {"a decision made anew", decideAnew},
	}
}

// mutate makes the history wrong in each way, and counts what is found.
func (s *store) mutate(h *history) {
	for _, m := range mutations() {
		all := m.make(slices.Clone(h.all), s.run.Rand(uint64(h.book)))
		if all == nil {
			continue
		}
		n := s.mutated[m.name]
		n.made++
		if wrong := (&history{stock: h.stock, all: all}); wrong.check() == porcupine.Illegal {
			n.found++
		}
		s.mutated[m.name] = n
	}
}

// change changes one of the operations that are meant.
func change(all []porcupine.Operation, chance *rand.Rand, meant func(operation, answer) bool, to func(*answer)) []porcupine.Operation {
	var at []int
	for i, o := range all {
		if meant(o.Input.(operation), o.Output.(answer)) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil
	}
	i := at[chance.IntN(len(at))]
	a := all[i].Output.(answer)
	to(&a)
	all[i].Output = a
	return all
}

func oversell(all []porcupine.Operation, chance *rand.Rand) []porcupine.Operation {
	return change(all, chance,
		func(o operation, a answer) bool { return o.kind == reserve && a.decision == refused },
		func(a *answer) { a.decision = taken })
}

func staleRead(all []porcupine.Operation, chance *rand.Rand) []porcupine.Operation {
	return change(all, chance,
		func(o operation, _ answer) bool { return o.kind == read },
		func(a *answer) { a.stock += 1 + chance.Int64N(3) })
}

func decideAnew(all []porcupine.Operation, chance *rand.Rand) []porcupine.Operation {
	return change(all, chance,
		func(o operation, a answer) bool { return o.kind == reserve && a.decision == taken },
		func(a *answer) { a.decision = refused })
}

// loseRelease takes a release out that gave copies back: nobody asked for it.
func loseRelease(all []porcupine.Operation, chance *rand.Rand) []porcupine.Operation {
	var slots []int
	for _, o := range all {
		if in := o.Input.(operation); in.kind == release && o.Output.(answer).decision == released {
			slots = append(slots, in.slot)
		}
	}
	if len(slots) == 0 {
		return nil
	}
	slot := slots[chance.IntN(len(slots))]
	return slices.DeleteFunc(all, func(o porcupine.Operation) bool {
		in := o.Input.(operation)
		return in.slot == slot && in.kind == release
	})
}
