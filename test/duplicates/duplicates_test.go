package duplicates

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
	"github.com/bazar-store/bazar/test/harness"
)

var room = harness.NewRoom("duplicates", flag.CommandLine)

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }

const (
	clients = 50
	retries = 20
	// together is how many ids are asked for at a time, each by clients of its
	// own: while the last clients of one wait the next one is at work.
	together = 2
	soldOut  = 2 // the book of which there are no copies
)

func TestFiftyClientsWhoRepeatAnOrderGetOneAnswerAndOneOrder(t *testing.T) {
	run := room.Begin(t, "duplicates")
	ctx := t.Context()
	shop := run.Open(ctx, "", "", map[int64]int64{1: 1_000_000, soldOut: 0, 3: 1_000_000})
	account := harness.NewAccount()
	cuts := newScissors(run)
	cuts.hold(shop.ToOrders, 60)
	cuts.hold(shop.Between, 20)
	q := &queue{wanted: harness.Pick(run, 4, 40, 10_000), run: run}
	began := time.Now()
	var asking sync.WaitGroup
	for range together {
		asking.Go(func() {
			for h := q.take(); h != nil; h = q.take() {
				account.Ask(h.id, h.lines)
				h.ask(ctx, shop.Calls, account)
				q.end(h)
			}
		})
	}
	asking.Wait()
	ids := q.ids
	fault := time.Now()
	cuts.rest(shop.ToOrders, shop.Between)
	run.Tell("ids", "%d, asked for by %d clients, %d times each: %d requests in %s", len(ids), clients, retries, len(ids)*clients*retries, fault.Sub(began).Round(time.Second))
	run.Tell("answers", "%d arrived, %d of them as the first (201)", q.answers, q.created)
	run.Tell("cuts", "%s; %d calls were not answered", cuts, q.unanswered)
	for _, nothing := range q.proved(cuts) {
		run.Violation("this proves nothing: %s", nothing)
	}
	shop.Prove(ctx, account, fault)
	moved := 0
	for _, id := range ids {
		moved += once(ctx, run, shop.Direct, id)
	}
	run.Tell("movements of these ids", "%d", moved)
}

// queue is the ids that are asked for.
type queue struct {
	run    *harness.Run
	wanted int

	mu               sync.Mutex
	ids              []string
	answers, created int
	unanswered       int
}

// proved says what of that which is to be borne did not happen.
func (q *queue) proved(cuts *scissors) (nothing []string) {
	if q.answers == 0 {
		nothing = append(nothing, "no answer has arrived")
	}
	if q.unanswered == 0 {
		nothing = append(nothing, "every call was answered")
	}
	for edge := range cuts.counts {
		if cuts.counts[edge].Load() == 0 {
			nothing = append(nothing, fmt.Sprintf("no connection was cut at edge %d of a call's way", edge))
		}
	}
	return nothing
}

// take begins the next id; nil if there is none.
func (q *queue) take() *hearing {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.ids) == q.wanted || !q.run.More() {
		return nil
	}
	h := &hearing{run: q.run, id: api.NewID(), lines: lines(len(q.ids))}
	q.ids = append(q.ids, h.id)
	return h
}

func (q *queue) end(h *hearing) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.answers += h.answers
	q.created += h.created
	q.unanswered += h.unanswered
}

// lines are those of the nth order: one line, two, or one that is refused.
func lines(n int) []api.LineRequest {
	of := []api.LineRequest{{BookID: 1, Quantity: 1}, {BookID: 3, Quantity: 2}}
	switch n % 4 {
	case 0:
		return of
	case 1:
		return []api.LineRequest{{BookID: soldOut, Quantity: 1}}
	default:
		return of[:1]
	}
}

// once looks for exactly one movement for each line that was taken.
func once(ctx context.Context, run *harness.Run, calls *client.Client, id string) int {
	order, err := calls.Order(ctx, id)
	run.Must(err)
	page, err := calls.Movements(ctx, api.MovementQuery{Operation: id})
	run.Must(err)
	want := map[int64]int64{}
	for _, l := range order.Lines {
		if order.State == api.OrderConfirmed {
			want[l.BookID] = -l.Quantity
		}
	}
	if len(page.Movements) != len(want) {
		run.Violation("order %s, %s, moved stock %d times", id, order.State, len(page.Movements))
	}
	for _, m := range page.Movements {
		if m.Change != want[m.BookID] {
			run.Violation("order %s moved book %d by %d, not %d", id, m.BookID, m.Change, want[m.BookID])
		}
	}
	return len(page.Movements)
}

// hearing gathers what the clients of one id are told.
type hearing struct {
	run   *harness.Run
	id    string
	lines []api.LineRequest

	mu      sync.Mutex
	settled []byte // the first answer that is an end
	answers int
	created int
	// unanswered is how many calls nothing came of, as far as was told.
	unanswered int
}

func (h *hearing) ask(ctx context.Context, calls *client.Client, account *harness.Account) {
	body, err := json.Marshal(api.OrderRequest{Lines: h.lines})
	h.run.Must(err)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range retries {
				request, err := http.NewRequestWithContext(ctx, http.MethodPut, "/v1/orders/"+h.id, bytes.NewReader(body))
				if err != nil {
					h.run.Violation("%v", err)
					return
				}
				request.Header.Set("Content-Type", "application/json")
				answer, err := calls.Send(api.Orders, request)
				h.hear(account, &answer, err)
			}
		})
	}
	all.Wait()
	if h.created > 1 {
		h.run.Violation("order %s was told to be new %d times", h.id, h.created)
	}
}

// hear notes an answer, and compares it with the first.
func (h *hearing) hear(account *harness.Account, answer *client.Answer, err error) {
	var order api.Order
	if err == nil {
		if failed := json.Unmarshal(answer.Body, &order); failed != nil {
			h.run.Violation("order %s: an answer of %d bytes is no order: %v", h.id, len(answer.Body), failed)
			return
		}
	}
	account.Told(h.id, &order, err)
	h.mu.Lock()
	defer h.mu.Unlock()
	said := answer.Body
	switch {
	case api.CodeOf(err).Retryable():
		h.unanswered++
		return
	case err != nil:
		refusal := *api.AsError(err)
		refusal.RequestID = ""
		said, _ = json.Marshal(refusal) // it came as JSON
	case answer.Status == http.StatusCreated:
		h.created++
	}
	h.answers++
	if err == nil && order.State == api.OrderPending {
		return // an end is still to come
	}
	if h.settled == nil {
		h.settled = said
	}
	if !bytes.Equal(h.settled, said) {
		h.run.Violation("order %s is told as\n%s\nand as\n%s", h.id, h.settled, said)
	}
}

// scissors cut connections by chance, and count where.
type scissors struct {
	mu     sync.Mutex
	chance interface{ IntN(int) int }
	counts [harness.Delivered + 1]atomic.Int64
}

func newScissors(run *harness.Run) *scissors { return &scissors{chance: run.Rand(1)} }

// hold cuts so many of a hundred calls on a wire, each at some edge.
func (s *scissors) hold(wire *harness.Wire, percent int) {
	guard := harness.Guard(func(harness.Call) func(harness.Edge) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.chance.IntN(100) >= percent {
			return nil
		}
		at := harness.Edge(s.chance.IntN(int(harness.Delivered) + 1))
		return func(edge harness.Edge) bool {
			if edge == at {
				s.counts[at].Add(1)
			}
			return edge == at
		}
	})
	wire.Guard.Store(&guard)
}

// rest lets all calls through again.
func (s *scissors) rest(wires ...*harness.Wire) {
	for _, w := range wires {
		w.Guard.Store(nil)
	}
}

// String counts the cuts.
func (s *scissors) String() string {
	return fmt.Sprintf("%d before the request, %d in it, %d after it, %d before the answer, %d in it, %d after it",
		s.counts[harness.Arrived].Load(), s.counts[harness.Torn].Load(), s.counts[harness.Passed].Load(),
		s.counts[harness.Answered].Load(), s.counts[harness.Halfway].Load(), s.counts[harness.Delivered].Load())
}
