package model

import (
	"fmt"
	"hash/maphash"
	"strings"
)

// found is what an exploration found.
type found struct {
	states, transitions int
	// taken counts how often each step led to another state.
	taken map[*step]int
	// rests is from how many states, each after a last fault, all came to rest.
	rests int
	// ends are the ways in which orders stand at rest.
	ends map[end]bool
	// violated is the invariant that a state broke; "" if none did.
	violated string
	// trace tells the shortest way to that state.
	trace []string
}

// end is how an order stands, here and there.
type end struct {
	row         row
	reservation reservation
}

// node is a state that was reached, and from which one.
type node struct {
	state  state
	parent int32
}

// entry is where a node stands, and some of its hash, so that others are seldom
// looked at.
type entry struct {
	hash uint32
	node int32 // its number + 1; 0 is a free entry
}

// chunk is how many nodes stand in a chunk, as a power of 2.
const chunk = 16

// explorer visits every state breadth first, so that the first that breaks an
// invariant is one of the nearest.
type explorer struct {
	*machine
	found
	nodes  [][]node // in chunks, so that adding one never copies the others
	count  int32
	table  []entry // by hash; open addressing
	seed   maphash.Seed
	still  map[state]bool // after a last fault, those known to come to rest
	rested []state        // where they do
}

// explore visits every state that a machine can reach, until one breaks an
// invariant, or cannot be brought to rest.
func explore(m *machine) found {
	x := &explorer{machine: m, seed: maphash.MakeSeed(), table: make([]entry, 1<<12)}
	x.taken, x.ends, x.still = map[*step]int{}, map[end]bool{}, map[state]bool{}
	start := m.world.canonical(m.world.start())
	x.add(&start, -1)
	for at := int32(0); at < x.count && x.violated == ""; at++ {
		x.expand(at)
	}
	x.checkRests()
	x.states, x.rests = int(x.count), len(x.still)
	return x.found
}

// checkRests holds the invariants against the states at rest too. It comes last,
// because whatever breaks there has, somewhere, a trace without an end of faults.
func (x *explorer) checkRests() {
	for i := range x.rested {
		if x.violated == "" {
			x.violated = x.broken(&x.rested[i])
		}
	}
}

// node gives a node by its number.
func (x *explorer) node(at int32) *node { return &x.nodes[at>>chunk][at&(1<<chunk-1)] }

// expand checks that a state comes to rest, and adds those that can follow it.
func (x *explorer) expand(at int32) {
	s := x.node(at).state
	if restless := x.restless(&s); restless != "" {
		x.violated, x.trace = settles, append(x.tell(at), restless)
		return
	}
	x.successors(&s, func(e event, next *state) bool {
		canonical := x.world.canonical(*next)
		if canonical == s {
			return true
		}
		x.transitions++
		x.taken[e.step]++
		if !x.add(&canonical, at) {
			return true
		}
		if x.violated = x.broken(next); x.violated != "" {
			x.trace = x.tell(x.count - 1)
		}
		return x.violated == ""
	})
}

// restless lets the faults end in a state, and says which order is not settled
// then, if one is not: by recovery, or by customers who ask again.
func (x *explorer) restless(s *state) string {
	last := x.lastFault(*s)
	if x.still[last] {
		return ""
	}
	x.still[last] = true
	for _, again := range []func(*machine, *state){recovery, customers} {
		rest := x.settle(last, again)
		x.rested = append(x.rested, rest)
		for i := range rest.orders {
			o := &rest.orders[i]
			if o.row.unsettled() {
				return fmt.Sprintf("the faults end, and an order stays %s", o.row)
			}
			x.ends[end{o.row, o.reservation}] = true
		}
	}
	return ""
}

// add adds a state, unless it is there already.
func (x *explorer) add(s *state, parent int32) bool {
	if 2*int(x.count) >= len(x.table) {
		x.grow()
	}
	slot, hash := x.slot(s)
	if x.table[slot].node != 0 {
		return false
	}
	if x.count&(1<<chunk-1) == 0 {
		x.nodes = append(x.nodes, make([]node, 1<<chunk))
	}
	*x.node(x.count) = node{*s, parent}
	x.count++
	x.table[slot] = entry{hash, x.count}
	return true
}

// slot is where a state stands in the table, or would.
func (x *explorer) slot(s *state) (slot uint64, hash uint32) {
	mask, sum := uint64(len(x.table)-1), maphash.Comparable(x.seed, *s)
	slot, hash = sum&mask, uint32(sum>>32)
	for {
		e := x.table[slot]
		if e.node == 0 || e.hash == hash && x.node(e.node-1).state == *s {
			return slot, hash
		}
		slot = (slot + 1) & mask
	}
}

func (x *explorer) grow() {
	x.table = make([]entry, 2*len(x.table))
	for at := range x.count {
		slot, hash := x.slot(&x.node(at).state)
		x.table[slot] = entry{hash, at + 1}
	}
}

// tell follows the way to a node again, without exchanging alike orders, and
// says what happened.
func (x *explorer) tell(at int32) (trace []string) {
	var way []int32
	for ; x.node(at).parent >= 0; at = x.node(at).parent {
		way = append(way, at)
	}
	s := x.world.start()
	for k := len(way) - 1; k >= 0; k-- {
		x.successors(&s, func(e event, next *state) bool {
			if x.world.canonical(*next) != x.node(way[k]).state {
				return true
			}
			trace = append(trace, e.tell(next))
			s = *next
			return false
		})
	}
	return trace
}

// tell says what happened, and what is so since.
func (e event) tell(s *state) string {
	var is strings.Builder
	if !e.step.once {
		fmt.Fprintf(&is, " %d", e.i+1)
	}
	if !e.step.once && !e.step.books {
		o := &s.orders[e.i]
		fmt.Fprintf(&is, ": order %s, reservation %s", o.row, o.reservation)
	}
	return fmt.Sprintf("%s%s; stock %d and %d", e.step.name, is.String(), s.books[0].stock, s.books[1].stock)
}

func (r row) String() string {
	return [...]string{"absent", "pending", "confirmed", "rejected", "cancelling", "cancelled"}[r]
}

func (r reservation) String() string {
	return [...]string{"none", "claimed", "taken", "refused", "released", "tombstone"}[r]
}
