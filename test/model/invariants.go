package model

// invariant is something that must hold in every state.
type invariant struct {
	name  string
	holds func(scene) bool // of one order; of everything if once
	once  bool
}

// The invariants' names.
const (
	stockAdds       = "stock = initial + moved in - taken + released"
	stockNotBelow0  = "stock is never below 0"
	oneDecision     = "one decision per reservation"
	confirmedTaken  = "confirmed <=> taken with equal lines"
	rejectedRefused = "rejected => refused"
	cancelledFree   = "cancelled => released, refused or tombstone"
	movementCause   = "no movement without its cause"
	acknowledged    = "every acknowledged order is there, in that state or a later one"
	sameAnswer      = "a replay repeats the first answer"
	askedFor        = "an answer is about what was asked"
	totalAdds       = "total = sum of price x quantity, none above its max_price"
	oneOrderPerWish = "as many orders as wishes"
	oneLease        = "one lease at a time"
	settles         = "once faults end, nothing is pending"
)

// invariants are those of every state. That everything settles is a matter of
// what follows a state: see [machine.settle].
func invariants() []invariant {
	return []invariant{
		{name: stockNotBelow0, once: true, holds: func(s scene) bool { return s.books[0].stock >= 0 && s.books[1].stock >= 0 }},
		{name: stockAdds, once: true, holds: stockIsItsLedger},
		{name: movementCause, once: true, holds: movesHaveCauses},
		{name: movementCause, holds: salesHaveCauses},
		{name: oneDecision, holds: func(s scene) bool { return !(s.order.has(saysTaken) && s.order.has(saysRefused)) }},
		{name: rejectedRefused, holds: func(s scene) bool { return s.order.row != rejected || s.order.reservation == refused }},
		{name: cancelledFree, holds: cancelledIsFree},
		{name: confirmedTaken, holds: confirmedIsTaken},
		{name: sameAnswer, holds: func(s scene) bool { return s.order.breach != contradiction }},
		{name: askedFor, holds: func(s scene) bool { return s.order.breach != wrongBody }},
		{name: acknowledged, holds: func(s scene) bool { return s.order.row.atLeast(s.order.told) }},
		{name: totalAdds, holds: totalIsItsLines},
		{name: oneOrderPerWish, holds: boughtOnce},
		{name: oneLease, holds: func(s scene) bool { return s.order.lease <= 1 }},
	}
}

func stockIsItsLedger(s scene) bool {
	for b := range s.books {
		stock := s.stock[b] + s.books[b].moved
		for i := range s.orders {
			stock += int8(s.orders[i].returned[b]) - int8(s.orders[i].sold[b])
		}
		if stock != s.books[b].stock {
			return false
		}
	}
	return true
}

func movesHaveCauses(s scene) bool {
	for b := range s.books {
		want := int8(0)
		if s.books[b].restocked {
			want = 1
		}
		if s.books[b].moved != want {
			return false
		}
	}
	return true
}

// salesHaveCauses: what was sold and returned is what the reservation says, and
// the reservation is that of a recorded order.
func salesHaveCauses(s scene) bool {
	o, sold, returned := s.order, lines{}, lines{}
	switch o.reservation {
	case taken:
		sold = o.lines
	case released:
		sold, returned = o.lines, o.lines
	}
	return o.sold == sold && o.returned == returned && (o.row != absent || o.reservation == unseen)
}

// confirmedIsTaken: a confirmed order has its lines; and what is taken is so for
// a confirmed order, or for one that is not settled yet.
func confirmedIsTaken(s scene) bool {
	o := s.order
	if o.row == confirmed {
		return o.reservation == taken && o.lines == s.body(s.i, o.body)
	}
	return o.reservation != taken || o.row.unsettled()
}

func cancelledIsFree(s scene) bool {
	r := s.order.reservation
	return s.order.row != cancelled || r == released || r == refused || r == tombstone
}

func totalIsItsLines(s scene) bool {
	o := s.order
	for _, price := range o.price {
		if s.dear(price) {
			return false
		}
	}
	return o.row != confirmed || o.total == o.cost()
}

// boughtOnce: of the ids that stand for one wish at most one took something.
func boughtOnce(s scene) bool {
	bought := 0
	for i := range s.orders {
		o := &s.orders[i]
		if s.order.wish > 0 && o.wish == s.order.wish && o.reservation == taken {
			bought++
		}
	}
	return bought <= 1
}
