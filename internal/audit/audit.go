// Package audit proves that ledger, stock, reservations and orders of a store
// agree, from what its services answer. It reads page by page, holds a few
// pages, some 20 bytes a book and the ids of imports and overdue orders, and may run while others buy: what seems to
// disagree is read again, by id, and told only if it does so at one moment.
package audit

import (
	"context"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// overdue is how long an order may be pending: whatever held it up, ten
	// seconds after that has ended it is settled.
	overdue = 10 * time.Second
	// grace is how long an overdue order is still waited for: the end of what
	// held it up may be a moment ago.
	grace = 3 * time.Second
)

// Store is what an audit reads; the shared client is one. PlaceOrder and
// CancelOrder are called only to repair.
type Store interface {
	Book(ctx context.Context, ref string) (api.Book, error)
	Books(ctx context.Context, q api.BookQuery) (api.BookList, error)
	Movements(ctx context.Context, q api.MovementQuery) (api.MovementList, error)
	Imports(ctx context.Context, limit int, cursor string) (api.ImportList, error)
	Reservation(ctx context.Context, id string) (api.Reservation, error)
	Reservations(ctx context.Context, limit int, after string) (api.ReservationList, error)
	Order(ctx context.Context, id string) (api.Order, error)
	AllOrders(ctx context.Context, limit int, after string) (api.OrderList, error)
	PlaceOrder(ctx context.Context, id string, r api.OrderRequest) (api.Order, error)
	CancelOrder(ctx context.Context, id string) (api.Order, error)
}

// Options says how to audit.
type Options struct {
	// Repair drives on orders that are overdue, by asking for them again; the
	// order service lets nobody do so with orders of other accounts.
	Repair bool
	// Fault takes what disagrees, one by one; its error ends the audit.
	Fault func(Fault) error
	// Progress is told how much has been read: movements, books and orders.
	Progress func(read int64)
	Now      func() time.Time
}

// Sums is what there is in a store that was read to its end.
type Sums struct {
	Books     int64 // retired ones too
	Copies    int64 // that can be sold now
	Movements int64
	// Reservations and Orders are counted by state.
	Reservations map[api.ReservationState]int64
	Orders       map[api.OrderState]int64
	// Money is what confirmed orders cost in all, in minor units, by currency.
	Money map[string]int64
	// Repaired counts overdue orders that were driven to their end; Overdue
	// those that are open still.
	Repaired, Overdue int64
	// Faults counts what disagrees.
	Faults int64
}

// run is one audit.
type run struct {
	Options

	store Store
	sums  Sums
	read  int64
	late  []id // orders that are overdue
}

// Run audits a store: first that each book's stock is what the ledger says, then
// orders, reservations and their movements side by side. What disagrees is given
// to o.Fault; an error is of reading, or of o.Fault.
func Run(ctx context.Context, store Store, o Options) (Sums, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends what is read ahead
	r := &run{Options: o, store: store, sums: Sums{
		Reservations: map[api.ReservationState]int64{}, Orders: map[api.OrderState]int64{}, Money: map[string]int64{},
	}}
	for _, step := range [...]func(context.Context) error{r.books, r.orders, r.pending} {
		if err := step(ctx); err != nil {
			return r.sums, err
		}
	}
	return r.sums, nil
}

func (r *run) fault(f Fault) error {
	r.sums.Faults++
	return r.Fault(f)
}

func (r *run) step() {
	r.read++
	r.Progress(r.read)
}
