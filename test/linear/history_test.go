package linear

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// history is what was done to one book.
type history struct {
	book  int64
	stock int64 // at the start
	began time.Time

	mu   sync.Mutex
	ids  []used // by their slot
	all  []porcupine.Operation
	lost int
}

// used is an id, and the first thing that was asked with it.
type used struct {
	id    string
	first operation
}

// slot numbers a new id; false when there are as many as a history has.
func (h *history) slot(id string, k kind, copies int64) (operation, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := operation{kind: k, slot: len(h.ids), copies: copies}
	if len(h.ids) == mostIDs {
		return o, false
	}
	h.ids = append(h.ids, used{id, o})
	return o, true
}

// known gives ids that were used.
func (h *history) known() []used {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ids)
}

func (h *history) id(o operation) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ids[o.slot].id
}

// mostLost is how many operations of a history may have no answer: each of them
// doubles what has to be searched, at worst.
const mostLost = 10

// isHazy says that too much of the history is not known for more of it.
func (h *history) isHazy() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost >= mostLost
}

// note adds an operation that was called at a time and has been answered now.
func (h *history) note(client int, o operation, called time.Time, a answer) {
	end := time.Since(h.began).Nanoseconds()
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.lost {
		end = math.MaxInt64
		h.lost++
	}
	h.all = append(h.all, porcupine.Operation{
		ClientId: client, Input: o, Output: a, Call: called.Sub(h.began).Nanoseconds(), Return: end,
	})
}

// patience is how long porcupine may search.
const patience = 20 * time.Second

func (h *history) check() porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(model(h.stock), h.all, patience)
}

// String is the history by the times of the calls.
func (h *history) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "book %d, %d copies:\n", h.book, h.stock)
	all := slices.Clone(h.all)
	slices.SortFunc(all, func(x, y porcupine.Operation) int { return int(x.Call - y.Call) })
	for _, o := range all {
		end := "?"
		if o.Return != math.MaxInt64 {
			end = fmt.Sprintf("%.3f", float64(o.Return)/1e6)
		}
		fmt.Fprintf(&b, "%9.3f to %9s ms  client %d  %s\n", float64(o.Call)/1e6, end, o.ClientId, describe(o.Input.(operation), o.Output.(answer)))
	}
	return b.String()
}
