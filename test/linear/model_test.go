package linear

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// kind is what an operation does to a book's shelf.
type kind string

const (
	reserve kind = "reserve"
	release kind = "release"
	look    kind = "look" // at a reservation
	add     kind = "add"
	set     kind = "set"
	read    kind = "read"
)

// operation is what was asked of a book. slot stands for the id: those of one
// book are numbered as they come.
type operation struct {
	kind   kind
	slot   int
	copies int64
}

// answer is what was said. What an operation has no answer for is zero.
type answer struct {
	lost      bool // nothing is known of it
	decision  decision
	available int64 // copies when it was decided
	short     bool  // there are not as many copies
	stock     int64
}

// decision is what has become of an id.
type decision uint8

const (
	unseen decision = iota
	taken
	refused
	released
	tombstone
	moved
)

func (d decision) String() string {
	return [...]string{"unseen", "taken", "refused", "released", "tombstone", "moved"}[d]
}

// mostIDs is how many ids a history of one book has.
const mostIDs = 48

// shelf is a book: its copies, and what was decided of each id.
type shelf struct {
	stock int64
	ids   [mostIDs]decided
}

type decided struct {
	decision  decision
	copies    int64
	available int64
}

// step does an operation, and says whether its answer is right.
func (s shelf) step(o operation, a answer) (bool, shelf) {
	id := &s.ids[o.slot]
	switch o.kind {
	case reserve:
		if id.decision == unseen {
			*id = decided{decision: refused, copies: o.copies, available: s.stock}
			if s.stock >= o.copies {
				id.decision = taken
				s.stock -= o.copies
			}
		}
		return a.lost || a.fits(id), s
	case release:
		switch id.decision {
		case unseen:
			id.decision = tombstone
		case taken:
			id.decision = released
			s.stock += id.copies
		}
		return a.lost || a.fits(id), s
	case look:
		return a.fits(id), s
	case read:
		return a.stock == s.stock, s
	default:
		return s.move(o, a)
	}
}

func (a answer) fits(id *decided) bool {
	return a.decision == id.decision && a.available == id.available
}

func (s shelf) move(o operation, a answer) (bool, shelf) {
	id := &s.ids[o.slot]
	if id.decision == unseen {
		after := o.copies
		if o.kind == add {
			after += s.stock
		}
		if after < 0 {
			return a.lost || a.short, s
		}
		s.stock, id.decision = after, moved
	}
	return a.lost || (!a.short && a.stock == s.stock), s
}

// model is a shelf with so many copies, as porcupine asks for it.
func model(stock int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return shelf{stock: stock} },
		Step: func(state, input, output any) (bool, any) {
			return state.(shelf).step(input.(operation), output.(answer))
		},
		Hash: func(state any) uint64 {
			s := state.(shelf)
			sum := uint64(s.stock)
			for _, id := range s.ids {
				sum = sum*31 + uint64(id.decision)
			}
			return sum
		},
		DescribeOperation: func(input, output any) string {
			return describe(input.(operation), output.(answer))
		},
		DescribeState: func(state any) string { return fmt.Sprint(state.(shelf).stock) },
	}
}

func describe(o operation, a answer) string {
	said := fmt.Sprintf("%s, %d were there", a.decision, a.available)
	switch {
	case a.lost:
		said = "?"
	case a.short:
		said = "not so many"
	case o.kind == read:
		return fmt.Sprintf("read: %d", a.stock)
	case o.kind == add || o.kind == set:
		said = fmt.Sprintf("now %d", a.stock)
	}
	return fmt.Sprintf("%s #%d %d: %s", o.kind, o.slot, o.copies, said)
}
