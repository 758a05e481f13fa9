package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// sums is what seeds have seen, for the report.
type sums struct {
	asks, lost, orders, crashes, moves int
	states                             tally[api.OrderState]
	faults                             tally[string]
}

// tally counts by kind.
type tally[K ~string] map[K]int

func (t tally[K]) listed() string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(t)) {
		parts = append(parts, fmt.Sprintf("%d %s", t[k], k))
	}
	return strings.Join(parts, ", ")
}

func (t *tally[K]) add(of tally[K]) {
	if *t == nil {
		*t = tally[K]{}
	}
	for k, n := range of {
		(*t)[k] += n
	}
}

func (s *sums) add(of sums) {
	s.asks += of.asks
	s.lost += of.lost
	s.orders += of.orders
	s.crashes += of.crashes
	s.moves += of.moves
	s.states.add(of.states)
	s.faults.add(of.faults)
}

// count is what a seed has seen.
func (w *world) count(orders map[string]*api.Order) sums {
	s := sums{orders: len(orders), moves: len(w.told.staff.moves), states: tally[api.OrderState]{}, faults: w.faults}
	for _, asks := range w.told.asks {
		s.asks += len(asks)
		for _, a := range asks {
			if a.state == unknown {
				s.lost++
			}
		}
	}
	for _, o := range orders {
		s.states[o.State]++
	}
	for _, n := range w.nodes {
		s.crashes += n.lives - 1
	}
	return s
}
