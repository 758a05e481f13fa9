package simulation

import (
	"slices"
	"strings"
	"sync"

	"github.com/bazar-store/bazar/pkg/api"
)

// state is what somebody was told of an id.
type state string

// What can be told besides the states of an order.
const (
	unknown state = "unknown" // the answer was lost, or said that nothing was decided
	absent  state = "absent"
	another state = "placed for something else"
	givenUp state = "cancelling or cancelled"

	pending    = state(api.OrderPending)
	confirmed  = state(api.OrderConfirmed)
	rejected   = state(api.OrderRejected)
	cancelling = state(api.OrderCancelling)
	cancelled  = state(api.OrderCancelled)
)

// later are the states that an order can be in after it was in one.
func later(s state) []state {
	switch s {
	case absent, pending:
		return []state{pending, confirmed, rejected, cancelling, cancelled, givenUp}
	case confirmed, givenUp:
		return []state{cancelling, cancelled, givenUp}
	case cancelling:
		return []state{cancelled, givenUp}
	case cancelled:
		return []state{givenUp}
	default:
		return nil
	}
}

func reaches(from, to state) bool { return from == to || slices.Contains(later(from), to) }

// verb is what was asked.
type verb string

const (
	toPlace  verb = "place"
	toCancel verb = "cancel"
	toKnow   verb = "ask"
)

// told is what buyers and staff were told, and what they wanted.
type told struct {
	world *world
	staff *staff

	mu     sync.Mutex
	clock  int // counts questions and answers
	ids    []string
	asks   map[string][]*ask
	prices map[int64][]int64 // that a book was given
}

// ask is a question about an id, and its answer.
type ask struct {
	told         *told
	who          string
	verb         verb
	id           string
	wish         api.OrderRequest
	asked, heard int
	state        state
	nothing      bool // it was told that nothing was recorded
	order        *api.Order
	refusal      *api.Error
}

func (t *told) begin(who string, v verb, id string) *ask {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asks == nil {
		t.asks = map[string][]*ask{}
	}
	if t.asks[id] == nil {
		t.ids = append(t.ids, id)
	}
	t.clock++
	a := &ask{told: t, who: who, verb: v, id: id, asked: t.clock, state: unknown}
	t.asks[id] = append(t.asks[id], a)
	return a
}

// end notes the answer.
func (a *ask) end(order api.Order, err error) state {
	a.told.mu.Lock()
	a.told.clock++
	a.heard = a.told.clock
	a.state = a.understand(order, err)
	a.told.mu.Unlock()
	a.told.world.log("%s: %s %s: %s", a.who, a.verb, a.id, a.state)
	if a.state == "" {
		a.state = unknown
		a.told.world.violation("%s: %s %s: an answer that must not be: %v", a.who, a.verb, a.id, err)
	}
	return a.state
}

// understand is what an answer says of the order; "" for what must not be
// answered.
func (a *ask) understand(order api.Order, err error) state {
	code := api.CodeOf(err)
	if err == nil {
		a.order = &order
		return state(order.State)
	}
	if code.Retryable() {
		a.nothing = code == api.CodeUnavailable
		return unknown
	}
	e := api.AsError(err)
	switch code {
	case api.CodeNotFound:
		if a.verb == toKnow {
			return absent
		}
	case api.CodeIDReused:
		return another
	case api.CodeCancelled:
		if e.OrderID == a.id && a.verb == toPlace {
			return givenUp
		}
	case api.CodeConflict:
		if a.verb == toCancel && strings.Contains(e.Detail, "was rejected") {
			return rejected
		}
		return ""
	}
	if a.verb == toPlace && e.OrderID == a.id && len(e.Errors) > 0 {
		a.refusal = e
		return rejected
	}
	return ""
}

// price notes that a book is given a price.
func (t *told) price(book, amount int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.prices == nil {
		t.prices = map[int64][]int64{}
	}
	t.prices[book] = append(t.prices[book], amount)
}
