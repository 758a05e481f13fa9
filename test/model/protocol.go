package model

// actor is who takes a step.
type actor uint8

const (
	customer actor = iota
	keeper         // of the shop: stock and prices
	service        // the order service and the catalog
	clock          // time passes
	crash          // a process ends, and what it had in memory is lost
)

// step is one thing that can happen: a transaction and what is sent after it,
// or a fault. do says whether it could happen there. Whatever a process does
// between two steps it may also never do, and that is a crash between them.
type step struct {
	name string
	by   actor
	// books says that the step is about a book, not an order; once, that it is
	// about everything.
	books, once bool
	do          func(scene) bool
}

// scene is where a step happens: a state of a world, and the order or the book
// that the step is about.
type scene struct {
	*world
	*state
	order *order
	i     int
}

// The names of the steps, by which variants replace them.
const (
	placeStep    = "customer places order"
	otherStep    = "customer uses the id for other lines: order"
	cancelStep   = "customer cancels order"
	reserveStep  = "catalog gets the reserve of order"
	reserve2Step = "catalog gets the other reserve of order"
	releaseStep  = "catalog gets the release of order"
	takenStep    = "order service gets 'taken' for order"
	refusedStep  = "order service gets 'refused' for order"
	releasedStep = "order service gets 'released' for order"
	timeoutStep  = "order service gives up waiting for order"
	leaseStep    = "recovery leases order"
	expireStep   = "the lease runs out of order"
	restockStep  = "keeper restocks book"
	repriceStep  = "keeper raises the price of book"
	orderCrash   = "order service crashes"
	catalogCrash = "catalog crashes"
)

// correct is the protocol as the store keeps it.
func correct() []step {
	return []step{
		{name: placeStep, by: customer, do: place(0)},
		{name: otherStep, by: customer, do: place(1)},
		{name: cancelStep, by: customer, do: cancel},
		{name: reserveStep, by: service, do: reserve(0)},
		{name: reserve2Step, by: service, do: reserve(1)},
		{name: releaseStep, by: service, do: release},
		{name: takenStep, by: service, do: settle(saysTaken)},
		{name: refusedStep, by: service, do: settle(saysRefused)},
		{name: releasedStep, by: service, do: settleCancel},
		{name: timeoutStep, by: crash, do: giveUp},
		{name: expireStep, by: clock, do: expire},
		{name: leaseStep, by: service, do: lease},
		{name: restockStep, by: keeper, books: true, do: restock},
		{name: repriceStep, by: keeper, books: true, do: reprice},
		{name: orderCrash, by: crash, once: true, do: crashOrder},
		{name: catalogCrash, by: crash, once: true, do: crashCatalog},
	}
}

// place is PUT /v1/orders/{id}: record the order, then call the catalog. It may
// arrive at any time and as often as it likes: the customer repeats it, the
// network doubles it.
func place(body uint8) func(scene) bool {
	return func(s scene) bool {
		o := s.order
		switch {
		case s.body(s.i, body) == lines{}:
			return false
		case o.row == absent:
			o.row, o.body, o.lease, o.waiting = pending, body, 1, true
			o.drive()
			o.answer(body, isRecorded)
		case o.row == cancelling || o.row == cancelled:
			o.answer(body, o.row.answer())
		case o.body != body:
			// id_reused: nothing is told, nothing changes.
		case o.row == pending:
			o.waiting = true
			o.drive()
			o.answer(body, isRecorded)
		default:
			o.answer(body, o.row.answer())
		}
		return true
	}
}

// drive makes the call of the catalog that an unsettled order needs.
func (o *order) drive() {
	switch o.row {
	case pending:
		o.send(reserveOf(o.body))
	case cancelling:
		o.send(releaseIt)
	}
}

// cancel is POST /v1/orders/{id}/cancel: first the order service writes down
// that the order is not to be, then it calls the catalog. An id that it never
// saw is written down too, so that a late order finds it cancelled.
func cancel(s scene) bool {
	o := s.order
	switch {
	case s.wants[s.i].keeps:
		return false
	case o.row == rejected || o.row == cancelled:
		o.answer(o.body, o.row.answer())
	default:
		o.row, o.lease, o.waiting = cancelling, 1, true
		o.total = 0
		o.drive()
		o.answer(o.body, isCancelling)
	}
	return true
}

// settle writes an explicit decision where the order is still pending, and
// answers whatever the order is then. Anyone who still waits may do so, also
// after somebody else did.
func settle(decision messages) func(scene) bool {
	return func(s scene) bool {
		o := s.order
		if !o.waiting || !o.has(decision) {
			return false
		}
		if o.row == pending {
			o.become(decision)
		}
		o.answer(o.body, o.row.answer())
		return true
	}
}

// become turns the order into what the catalog decided.
func (o *order) become(decision messages) {
	o.lease = 0
	if decision == saysRefused {
		o.row = rejected
		return
	}
	o.row, o.total = confirmed, o.cost()
}

// cost is what the reservation's lines cost, at the prices of their decision.
func (o *order) cost() (sum uint8) {
	for b, n := range o.lines {
		sum += n * o.price[b]
	}
	return sum
}

// settleCancel ends a cancellation once the catalog has nothing taken.
func settleCancel(s scene) bool {
	o := s.order
	if !o.waiting || !o.has(saysReleased) {
		return false
	}
	if o.row.unsettled() {
		o.row, o.lease = cancelled, 0
	}
	o.answer(o.body, o.row.answer())
	return true
}

// giveUp is a time-out, a reset, a 429 or a 5xx: it decides nothing.
func giveUp(s scene) bool {
	waited := s.order.waiting
	s.order.waiting = false
	return waited
}

// lease takes an unsettled order that is due, committed before the call, and
// drives it on.
func lease(s scene) bool {
	o := s.order
	if !o.row.unsettled() || o.lease > 0 {
		return false
	}
	o.lease++
	o.waiting = true
	o.drive()
	return true
}

// expire makes a leased order due again, whether or not its holder still works.
func expire(s scene) bool {
	held := s.order.lease > 0
	s.order.lease = 0
	return held
}

// crashOrder ends the order service: whoever waited in it waits no more.
func crashOrder(s scene) bool {
	for i := range s.orders {
		s.orders[i].waiting = false
	}
	return true
}
