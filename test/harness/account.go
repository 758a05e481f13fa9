package harness

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// Bought is an id as its buyer knows it.
type Bought struct {
	ID    string
	Lines []api.LineRequest // none if it was only cancelled
	// Cancel says that it was to be cancelled, at some time.
	Cancel bool
	// Heard is the furthest state that an answer told; "" if none came.
	Heard api.OrderState
	Total api.Money // once it was heard

	askedBack time.Time // when it was last asked to be cancelled
}

// Account is what buyers were told: all that a store has to answer for.
type Account struct {
	mu     sync.Mutex
	bought map[string]*Bought
	wrong  []string
}

// NewAccount makes an account of nothing.
func NewAccount() *Account { return &Account{bought: map[string]*Bought{}} }

// Ask notes that an order is about to be asked for.
func (a *Account) Ask(id string, lines []api.LineRequest) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.of(id).Lines = lines
}

// AskBack notes that an id is about to be cancelled.
func (a *Account) AskBack(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.of(id)
	b.Cancel, b.askedBack = true, time.Now()
}

func (a *Account) askedBack(id string) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b := a.bought[id]; b != nil {
		return b.askedBack
	}
	return time.Time{}
}

func (a *Account) of(id string) *Bought {
	if a.bought[id] == nil {
		a.bought[id] = &Bought{ID: id}
	}
	return a.bought[id]
}

// rank orders states by how late they are.
func rank(s api.OrderState) int {
	return slices.Index([]api.OrderState{"", api.OrderPending, api.OrderConfirmed, api.OrderRejected, api.OrderCancelling, api.OrderCancelled}, s)
}

// Told notes what a call was answered: an order, or an error. Of an error it
// notes only what it says for certain; one that no call may end with is a
// violation.
func (a *Account) Told(id string, order *api.Order, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.of(id)
	code := api.CodeOf(err)
	switch {
	case err == nil:
		a.hear(b, order.State)
		if order.Total != nil {
			a.hearTotal(b, *order.Total)
		}
	case code.Retryable():
		// nothing was said
	case code == api.CodeOutOfStock:
		a.hear(b, api.OrderRejected)
	case code == api.CodeConflict && b.Cancel:
		a.hear(b, api.OrderRejected)
	case code == api.CodeCancelled:
		a.hear(b, api.OrderCancelling)
	default:
		a.wrong = append(a.wrong, fmt.Sprintf("order %s was answered %s: %v", id, code, err))
	}
}

func (a *Account) hear(b *Bought, s api.OrderState) {
	switch {
	case (s == api.OrderCancelling || s == api.OrderCancelled) && !b.Cancel:
		a.wrong = append(a.wrong, fmt.Sprintf("order %s is told to be %s, and nobody cancelled it", b.ID, s))
	case !reconcilable(b.Heard, s):
		a.wrong = append(a.wrong, fmt.Sprintf("order %s is told to be %s, after it was %s", b.ID, s, b.Heard))
	}
	if rank(s) > rank(b.Heard) {
		b.Heard = s
	}
}

// reconcilable says whether one order can have been in both states, whichever
// came first: answers overtake each other.
func reconcilable(one, other api.OrderState) bool {
	if one == api.OrderRejected {
		one, other = other, one
	}
	return other != api.OrderRejected || rank(one) <= rank(api.OrderPending) || one == api.OrderRejected
}

func (a *Account) hearTotal(b *Bought, total api.Money) {
	if b.Total != (api.Money{}) && b.Total != total {
		a.wrong = append(a.wrong, fmt.Sprintf("order %s is told to cost %s, after it cost %s", b.ID, total, b.Total))
	}
	b.Total = total
}

// Unknown gives what was asked for and has no end that anybody was told of.
func (a *Account) Unknown() (open []Bought) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range a.bought {
		if rank(b.Heard) <= rank(api.OrderPending) || b.Heard == api.OrderCancelling || (b.Cancel && b.Heard == api.OrderConfirmed) {
			open = append(open, *b)
		}
	}
	slices.SortFunc(open, func(x, y Bought) int { return strings.Compare(x.ID, y.ID) })
	return open
}

func (a *Account) toldNothing(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.of(id).Heard == ""
}

// Len is how many ids were asked for.
func (a *Account) Len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.bought)
}

// Counts are the ids by the furthest state that was told.
func (a *Account) Counts() map[api.OrderState]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	counts := map[api.OrderState]int{}
	for _, b := range a.bought {
		counts[b.Heard]++
	}
	return counts
}

// Lost says which orders are not as their buyers were told: gone, or back in a
// state before. states are what a store holds at a moment, by id.
func (a *Account) Lost(states map[string]api.OrderState) (lost []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, b := range a.bought {
		state, found := states[id]
		switch {
		case b.Heard == "":
		case !found:
			lost = append(lost, fmt.Sprintf("order %s is lost; its buyer was told %s", id, b.Heard))
		case rank(state) < rank(b.Heard) || !reconcilable(b.Heard, state):
			lost = append(lost, fmt.Sprintf("order %s is %s; its buyer was told %s", id, state, b.Heard))
		}
	}
	return lost
}
