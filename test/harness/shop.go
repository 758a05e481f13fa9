package harness

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// Shop is a catalog and an order service as processes of their own, with wires
// before and between them.
type Shop struct {
	Catalog, Orders *Process
	// ToCatalog and ToOrders are the customers' ways; Between is the order
	// service's to the catalog.
	ToCatalog, ToOrders, Between *Wire
	// Direct calls past the wires, Calls over them.
	Direct, Calls *client.Client
	// Before is the stock at the start, of the books that are bought.
	Before map[int64]int64

	run *Run
}

// Open starts a shop; catalogDir and orderDir are where the databases are, "" for
// the run's own directory. stock is how many copies there are of which books of
// the starter catalogue.
func (r *Run) Open(ctx context.Context, catalogDir, orderDir string, stock map[int64]int64) *Shop {
	db := func(dir, name string) string {
		if dir == "" {
			dir = r.Dir
		}
		return "sqlite:" + filepath.Join(dir, name+".db")
	}
	s := &Shop{run: r, Before: stock}
	s.Catalog = r.Process("catalog", "catalog", nil, "--db", db(catalogDir, "catalog"))
	s.ToCatalog, s.Between = r.NewWire(s.Catalog.Addr), r.NewWire(s.Catalog.Addr)
	s.Orders = r.Process("order", "order", nil, "--db", db(orderDir, "order"), "--catalog-url", s.Between.URL)
	s.ToOrders = r.NewWire(s.Orders.Addr)
	r.Must(s.Catalog.Start(ctx))
	r.Must(s.Orders.Start(ctx))
	s.Direct = r.Client(s.Catalog.URL(), s.Orders.URL())
	s.Calls = r.Client(s.ToCatalog.URL, s.ToOrders.URL)
	r.Must(Fill(ctx, s.Direct, stock))
	return s
}

// Client calls a catalog and an order service; it waits for 10 s.
func (r *Run) Client(catalog, orders string) *client.Client {
	transport := Transport()
	r.Cleanup(transport.CloseIdleConnections)
	calls, err := client.New(client.Config{Catalog: []string{catalog}, Orders: []string{orders}, Transport: transport})
	r.Must(err)
	return calls.Within(10 * time.Second)
}

// Fill sets how many copies of books there are.
func Fill(ctx context.Context, calls *client.Client, stock map[int64]int64) error {
	for book, copies := range stock {
		if _, err := calls.Move(ctx, strconv.FormatInt(book, 10), api.NewID(), api.MovementRequest{Set: &copies}); err != nil {
			return err
		}
	}
	return nil
}

// Books are those that are bought, in their order.
func (s *Shop) Books() []int64 { return keys(s.Before) }

func keys(stock map[int64]int64) (books []int64) {
	for id := range stock {
		books = append(books, id)
	}
	slices.Sort(books)
	return books
}

// Env is where a customer finds the shop, over the wires.
func (s *Shop) Env() []string {
	return []string{"BAZAR_CATALOG_URL=" + s.ToCatalog.URL, "BAZAR_ORDER_URL=" + s.ToOrders.URL}
}

// Prove waits until the shop has settled by itself after the last fault, and
// then is [Run.Prove].
func (s *Shop) Prove(ctx context.Context, account *Account, fault time.Time) {
	s.run.Settles(ctx, account, s.Direct, fault)
	s.run.Prove(ctx, account, s.Direct, s.Before, "BAZAR_CATALOG_URL="+s.Catalog.URL(), "BAZAR_ORDER_URL="+s.Orders.URL())
}

// Settles waits until a store has settled by itself, which has to be soon enough
// after the last fault.
func (r *Run) Settles(ctx context.Context, account *Account, calls *client.Client, fault time.Time) {
	took, late, err := account.AwaitSettled(ctx, calls, fault)
	r.Must(err)
	r.Tell("the last order was settled", "%s after the last fault", took.Round(time.Millisecond))
	if len(late) > 0 {
		r.Violation("%d orders were open for longer than %s after the last fault, among them %s", len(late), Settled, late[0])
	}
}

// Prove looks whether all that buyers were told of is there, asks again for what
// nobody was told the end of, and holds the store that calls and env lead to
// against the account and the audit. It looks first: to ask again for an order
// that is lost makes it anew.
func (r *Run) Prove(ctx context.Context, account *Account, calls *client.Client, before map[int64]int64, env ...string) {
	told := account.Counts()
	states, err := States(ctx, calls)
	r.Must(err)
	for _, lost := range account.Lost(states) {
		r.Violation("%s", lost)
	}
	asked := account.ResumeAll(ctx, calls)
	r.Tell("ids", "%d; told at once: %d confirmed, %d rejected, %d cancelling, %d cancelled, %d pending, %d nothing; %d asked for again",
		account.Len(), told[api.OrderConfirmed], told[api.OrderRejected], told[api.OrderCancelling], told[api.OrderCancelled], told[api.OrderPending], told[""], asked)
	for _, b := range account.Unknown() {
		r.Violation("order %s has no end: %q", b.ID, b.Heard)
	}
	h, err := Look(ctx, calls, keys(before))
	r.Must(err)
	for _, wrong := range account.Compare(&h, before) {
		r.Violation("%s", wrong)
	}
	r.Tell("orders", "%d, reservations %d", len(h.Orders), len(h.Reservations))
	r.Audit(ctx, env...)
}

// Audit runs `bazar audit`, which has to end with its sums.
func (r *Run) Audit(ctx context.Context, env ...string) {
	audit := Finish(r.Bazar(ctx, "auditor", env, "audit", "--timeout", "60s"))
	if audit.Exit != 0 || audit.Out == "" {
		r.Violation("bazar audit ended with %d: %s%s", audit.Exit, audit.Out, audit.Err)
		return
	}
	r.Tell("bazar audit", "%s", fmt.Sprint("exit 0\n", audit.Out))
}
