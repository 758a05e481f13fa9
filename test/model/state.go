package model

// books is how many books a world has, and orders how many ids.
const (
	books  = 2
	orders = 4
)

// row is where an order stands in the order service's database.
type row uint8

const (
	absent row = iota
	pending
	confirmed
	rejected
	cancelling
	cancelled
)

// unsettled says whether recovery still has to drive the order.
func (r row) unsettled() bool { return r == pending || r == cancelling }

// reservation is what the catalog's database says of an id.
type reservation uint8

const (
	unseen  reservation = iota
	claimed             // only inside a transaction; a wrong variant lets it be seen
	taken
	refused
	released
	tombstone
)

// messages is a set of messages about one id. The network keeps every message
// that was ever sent: that one of them is never delivered is its loss, that it
// is delivered twice its duplication, later its delay, before an older one its
// reordering.
type messages uint8

const (
	reserveFirst messages = 1 << iota // order → catalog: reserve the lines first asked for
	reserveOther                      // order → catalog: reserve the other lines
	releaseIt                         // order → catalog: DELETE the reservation
	saysTaken                         // catalog → order
	saysRefused                       // catalog → order
	saysReleased                      // catalog → order: there is nothing taken, and never will be
)

// reserveOf is the call that asks for the lines of a body.
func reserveOf(body uint8) messages { return reserveFirst << body }

// answer is the most that the customer can have been told of an id. It is told
// as soon as it is sent: whoever has been told more holds the store to more.
type answer uint8

const (
	nothing answer = iota
	isRecorded
	isConfirmed
	isRejected
	isCancelling
	isCancelled
)

// breach is a promise that an answer broke when it was given.
type breach uint8

const (
	none breach = iota
	contradiction
	wrongBody
)

// lines is how many copies of each book.
type lines [books]uint8

// order is one id, everywhere.
type order struct {
	// The customer.
	told   answer
	breach breach
	wish   uint8 // ids with the same number, unless 0, stand for one wish

	// The order service's database.
	row   row
	body  uint8 // which of two sets of lines it asks for
	total uint8
	lease uint8 // how many hold the order, by attempt_at

	// The order service's memory: a request or recovery waits for the catalog.
	waiting bool

	// The network.
	sent messages

	// The catalog's database: the reservation, and its rows in the ledger.
	reservation reservation
	lines       lines // as the reservation has them
	price       lines // of a copy, when it was decided
	sold        lines
	returned    lines

	// The catalog's memory between two steps; only wrong variants have one.
	memory uint8
}

// book is a row of the catalog, and the sum of its ledger rows that are no sales.
type book struct {
	stock     int8
	price     uint8
	moved     int8
	restocked bool // the movement's id is in the ledger
}

// state is everything that is stored, remembered or under way.
type state struct {
	orders [orders]order
	books  [books]book
}

// send puts messages on the network.
func (o *order) send(m messages) { o.sent |= m }

// has says whether one of the messages may arrive.
func (o *order) has(m messages) bool { return o.sent&m != 0 }

// answer tells the customer, who asked for the lines of body, how the order
// stands, and notes a broken promise.
func (o *order) answer(body uint8, a answer) {
	switch {
	case !o.told.mayBecome(a):
		o.breach = contradiction
	case a != isCancelling && a != isCancelled && body != o.body:
		o.breach = wrongBody
	}
	o.told = a
}

// mayBecome says whether the second answer may be given after the first.
func (a answer) mayBecome(next answer) bool {
	switch a {
	case isConfirmed:
		return next == isConfirmed || next == isCancelling || next == isCancelled
	case isRejected:
		return next == isRejected
	case isCancelling:
		return next == isCancelling || next == isCancelled
	case isCancelled:
		return next == isCancelled
	default:
		return true
	}
}

// answer is what the customer is told of an order that stands so.
func (r row) answer() answer {
	return [...]answer{nothing, isRecorded, isConfirmed, isRejected, isCancelling, isCancelled}[r]
}

// atLeast says whether an order that stands so keeps what the customer was told.
func (r row) atLeast(told answer) bool {
	return told == nothing || r != absent && told.mayBecome(r.answer())
}
