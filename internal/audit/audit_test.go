package audit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bazar-store/bazar/internal/audit"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// account is what buyers were told.
type account struct{ confirmed, rejected, money atomic.Int64 }

// buy buys random books, under ids of every kind, until ctx ends or as often as
// said.
func (a *account) buy(ctx context.Context, t *testing.T, store *client.Client, times int) {
	for range times {
		id := api.NewID()
		if rand.IntN(4) == 0 {
			id = uuid.NewString() // random: anywhere among the others
		}
		book := 1 + rand.Int64N(31)
		order, err := store.PlaceOrder(ctx, id, lines(book, 1+rand.Int64N(3), book+1, 1))
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && order.State == api.OrderConfirmed:
			a.confirmed.Add(1)
			a.money.Add(order.Total.Amount)
		case api.CodeOf(err) == api.CodeOutOfStock:
			a.rejected.Add(1)
		default:
			t.Errorf("order %s: %+v, %v", id, order, err)
			return
		}
	}
}

// crowd has 32 buyers buy at the same time.
func (a *account) crowd(ctx context.Context, t *testing.T, store *client.Client, times int) {
	var buyers sync.WaitGroup
	for range 32 {
		buyers.Go(func() { a.buy(ctx, t, store, times) })
	}
	buyers.Wait()
}

// stock puts copies of all books on the shelf, of some so few that they sell
// out.
func stock(t *testing.T, store *client.Client) {
	t.Helper()
	for book := range int64(32) {
		n := 5 + 300*(book%4)
		if _, err := store.Move(t.Context(), strconv.FormatInt(book+1, 10), api.NewID(), api.MovementRequest{Set: &n, Reason: "sold"}); err != nil {
			t.Fatal(err)
		}
	}
}

// After thousands of purchases everything agrees, and the sums are what the
// buyers were told.
func TestAHealthyStoreAgrees(t *testing.T) {
	store := open(t, t.TempDir())
	stock(t, store)
	var told account
	told.crowd(t.Context(), t, store, 100)
	found, sums, err := (&auditor{store: store}).run(t.Context())
	if err != nil || len(found) > 0 {
		t.Fatalf("%v, found %q", err, found)
	}
	confirmed, rejected := told.confirmed.Load(), told.rejected.Load()
	if confirmed == 0 || rejected == 0 || confirmed+rejected != 3200 {
		t.Errorf("%d confirmed and %d rejected", confirmed, rejected)
	}
	for what, pair := range map[string][2]int64{
		"books":        {32, sums.Books},
		"confirmed":    {confirmed, sums.Orders[api.OrderConfirmed]},
		"rejected":     {rejected, sums.Orders[api.OrderRejected]},
		"taken":        {confirmed, sums.Reservations[api.Taken]},
		"refused":      {rejected, sums.Reservations[api.Refused]},
		"money":        {told.money.Load(), sums.Money["USD"]},
		"faults":       {0, sums.Faults},
		"repaired":     {0, sums.Repaired},
		"other states": {4, int64(len(sums.Orders) + len(sums.Reservations))},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %d, want %d", what, pair[1], pair[0])
		}
	}
}

// While others buy, take back, restock, add and retire books, import and undo it,
// and sell out, one audit after the other finds nothing.
func TestALiveStoreGivesNoFalseAlarm(t *testing.T) {
	store := open(t, t.TempDir())
	stock(t, store)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var told account
	var others sync.WaitGroup
	others.Go(func() { told.crowd(ctx, t, store, 1_000_000) })
	others.Go(func() { keep(ctx, t, store) })
	var returned, retired, undone atomic.Int64
	always := func(people int, times *atomic.Int64, errand func() error) {
		for range people {
			others.Go(func() {
				err := errand()
				for ; err == nil; err = errand() {
					times.Add(1)
				}
				if ctx.Err() == nil {
					t.Error(err)
				}
			})
		}
	}
	always(8, &returned, func() error {
		id, unknown := uuid.NewString(), uuid.NewString()
		_, placed := store.PlaceOrder(ctx, id, lines(32, 1))
		if api.CodeOf(placed) == api.CodeOutOfStock {
			id, placed = api.NewID(), nil
		}
		_, cancelled := store.CancelOrder(ctx, id)
		_, buried := store.CancelOrder(ctx, unknown)
		return errors.Join(placed, cancelled, buried)
	})
	always(1, &retired, func() error {
		book, added := store.AddBook(ctx, api.BookEdit{Title: api.Some("Old"), Price: api.Some(api.Money{Amount: 7, Currency: "USD"}), Stock: api.Some(int64(9))})
		ref := strconv.FormatInt(book.ID, 10)
		_, bought := store.PlaceOrder(ctx, api.NewID(), lines(book.ID, 2))
		_, moved := store.Move(ctx, ref, api.NewID(), api.MovementRequest{Set: new(int64(4)), Reason: "counted"})
		_, edited := store.EditBook(ctx, ref, 0, api.BookEdit{State: api.Some(api.Retired)})
		return errors.Join(added, bought, moved, edited)
	})
	always(1, &undone, func() error {
		request := api.ImportRequest{ID: api.NewID(), Source: "test", Rows: []api.ImportRow{
			{Line: 1, Title: new("Kept"), Price: &api.Money{Amount: 5, Currency: "USD"}, Stock: new(int64(7))},
			{Line: 2, Title: new("Gone"), Price: &api.Money{Amount: 5, Currency: "USD"}, Stock: new(int64(7))},
		}}
		results, imported := store.Import(ctx, request)
		if imported != nil {
			return imported
		}
		_, bought := store.PlaceOrder(ctx, api.NewID(), lines(*results.Results[0].BookID, 3))
		_, taken := store.UndoImport(ctx, request.ID)
		return errors.Join(bought, taken)
	})
	audits, largest := 0, int64(0)
	for ctx.Err() == nil {
		found, sums, err := (&auditor{store: store}).run(t.Context())
		if err != nil || len(found) > 0 {
			t.Errorf("%v, found %q", err, found)
			break
		}
		audits++
		largest = max(largest, sums.Orders[api.OrderConfirmed])
	}
	cancel()
	others.Wait()
	if audits < 2 || largest == 0 || returned.Load() == 0 || retired.Load() == 0 || undone.Load() == 0 {
		t.Errorf("%d audits, at most of %d orders; %d taken back, %d books retired, %d imports undone", audits, largest, returned.Load(), retired.Load(), undone.Load())
	}
	t.Logf("%d audits while %d were confirmed and %d rejected, %d taken back, %d books retired and %d imports undone",
		audits, told.confirmed.Load(), told.rejected.Load(), returned.Load(), retired.Load(), undone.Load())
}

// keep restocks and adds books until ctx ends.
func keep(ctx context.Context, t *testing.T, store *client.Client) {
	for n := int64(7); ctx.Err() == nil; n = 7 + (n+13)%90 {
		_, moveErr := store.Move(ctx, strconv.FormatInt(1+n%32, 10), api.NewID(), api.MovementRequest{Delta: &n})
		_, addErr := store.AddBook(ctx, api.BookEdit{
			Title: api.Some("New"), Price: api.Some(api.Money{Amount: n, Currency: "USD"}), Stock: api.Some(n),
		})
		if err := errors.Join(moveErr, addErr); err != nil && ctx.Err() == nil {
			t.Error(err)
			return
		}
	}
}

// late makes an order that its service has forgotten since long ago, and which
// the catalog has decided; or has not.
func late(t *testing.T, dir string, store *client.Client, decided bool) {
	t.Helper()
	if _, err := store.PlaceOrder(t.Context(), bought, lines(4, 2)); err != nil {
		t.Fatal(err)
	}
	execute(t, dir, "order.db", `UPDATE orders SET state = 'pending', updated_at = 1234567890000, total_amount = NULL, total_currency = NULL,
		lines = '[{"book_id":4,"title":null,"quantity":2,"max_price":null,"price":null}]'`)
	if !decided {
		execute(t, dir, "catalog.db", "DELETE FROM reservations; DELETE FROM ledger WHERE cause = 'sold'; UPDATE books SET stock = 20 WHERE id = 4")
	}
}

// Repair asks the order service to go on with what it left: it then has what was
// decided already, or is decided now, once.
func TestRepairSettlesWhatIsPending(t *testing.T) {
	for name, decided := range map[string]bool{"decided": true, "undecided": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir)
			late(t, dir, store, decided)
			found, sums, err := (&auditor{store: store, hurried: true}).run(t.Context())
			want := spelled("pending: order ID-1: order ID-1 is pending since 2009-02-13T23:31:30Z")
			if err != nil || !slices.Equal(found, []string{want}) || sums.Orders[api.OrderPending] != 1 {
				t.Errorf("%v, found %q, want %s", err, found, want)
			}
			for _, repaired := range []int64{1, 0} {
				found, sums, err = (&auditor{store: store, repair: true}).run(t.Context())
				if err != nil || len(found) > 0 || sums.Repaired != repaired || sums.Orders[api.OrderConfirmed] != 1 || sums.Money["USD"] != 3000 {
					t.Errorf("%v, found %q, %+v", err, found, sums)
				}
			}
			if b, err := store.Book(t.Context(), "4"); err != nil || b.Stock != 18 {
				t.Errorf("%v, %d copies are left of 20", err, b.Stock)
			}
		})
	}
}

// An order that repairing may not drive on, or that cannot be driven on, is told
// as pending, with why, and what is found besides is told as ever.
func TestRepairTellsWhatItMayNotSettle(t *testing.T) {
	for name, c := range map[string]struct{ damage, want string }{
		"pending for another account": {
			"UPDATE orders SET account_id = 'another'",
			"pending: order ID-1: order ID-1 is pending since 2009-02-13T23:31:30Z; it is another account's, so the order service alone drives it on",
		},
		"cancelling for another account": {
			"UPDATE orders SET account_id = 'another', state = 'cancelling'",
			"pending: order ID-1: order ID-1 is cancelling since 2009-02-13T23:31:30Z; it is another account's, so the order service alone drives it on",
		},
		"of too many copies": {
			`UPDATE orders SET lines = replace(lines, '"quantity":2', '"quantity":1000')`,
			"pending: order ID-1: order ID-1 is pending since 2009-02-13T23:31:30Z; it cannot be driven on: quantity of book 4: 1 to 100 copies an order, not 1000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			store := open(t, dir)
			late(t, dir, store, false)
			execute(t, dir, "order.db", c.damage)
			execute(t, dir, "catalog.db", "UPDATE books SET stock = 99 WHERE id = 5")
			found, sums, err := (&auditor{store: store, repair: true, hurried: true}).run(t.Context())
			if err != nil || len(found) != 2 || found[1] != spelled(c.want) {
				t.Errorf("%v, found %q, want %s", err, found, spelled(c.want))
			}
			if sums.Faults != 2 || sums.Overdue != 1 || sums.Repaired != 0 {
				t.Errorf("%+v", sums)
			}
		})
	}
}

// An order that is driven on when there is no time left to wait for it counts as
// repaired, too.
func TestRepairCountsWhatItSettlesAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	const orders = 8
	for range orders - 1 {
		if _, err := store.PlaceOrder(t.Context(), api.NewID(), lines(4, 2)); err != nil {
			t.Fatal(err)
		}
	}
	late(t, dir, store, true)
	found, sums, err := (&auditor{store: store, repair: true, hurried: true}).run(t.Context())
	if err != nil || len(found) > 0 || sums.Repaired != orders || sums.Overdue != 0 {
		t.Errorf("%v, found %q, %+v", err, found, sums)
	}
}

// An order that was placed a moment ago is on its way, and no fault.
func TestAPendingOrderIsNoFault(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	late(t, dir, store, false)
	execute(t, dir, "order.db", "UPDATE orders SET updated_at = "+strconv.FormatInt(time.Now().UnixMilli(), 10))
	sums, err := audit.Run(t.Context(), store, audit.Options{
		Now: time.Now, Progress: func(int64) {}, Fault: func(f audit.Fault) error { return errors.New(f.Detail) },
	})
	if err != nil || sums.Orders[api.OrderPending] != 1 {
		t.Errorf("%v, %+v", err, sums)
	}
}

// Repair changes nothing else.
func TestRepairMakesUpNoStock(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	execute(t, dir, "catalog.db", "UPDATE books SET stock = 99 WHERE id = 4")
	found, sums, err := (&auditor{store: store, repair: true}).run(t.Context())
	if err != nil || sums.Repaired != 0 || !slices.Equal(found, []string{"stock: book 4 expected 20 found 99: book 4 has 99 copies; its movements make 20"}) {
		t.Errorf("%v, found %q", err, found)
	}
	if b, err := store.Book(t.Context(), "4"); err != nil || b.Stock != 99 {
		t.Errorf("%v, %d copies", err, b.Stock)
	}
}

// Who can't take any more faults ends the audit.
func TestAnAuditEndsWithItsReader(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	execute(t, dir, "catalog.db", "UPDATE books SET stock = 99")
	closed, asked := errors.New("closed"), 0
	_, err := audit.Run(t.Context(), store, audit.Options{
		Now: time.Now, Progress: func(int64) {}, Fault: func(audit.Fault) error { asked++; return closed },
	})
	if !errors.Is(err, closed) || asked != 1 {
		t.Errorf("%v after %d", err, asked)
	}
}

// An import that is taken back removes its books, their copies before them; so
// the ledger has books that are not there, with no copies. However many there
// are under one operation, they are not held at once: what no order caused
// streams by.
func TestAnImportThatWasTakenBackAgrees(t *testing.T) {
	store := open(t, t.TempDir())
	const books = 3000
	id := bringIn(t, store, books)
	if before := sums(t, store); before.Books != 32+books || before.Copies != 304+7*books {
		t.Errorf("with the import: %+v", before)
	}
	takeBack(t, store, id)
	if after := sums(t, store); after.Books != 32 || after.Copies != 304 || after.Movements != 32+2*books {
		t.Errorf("taken back: %+v", after)
	}
	if _, err := store.PlaceOrder(t.Context(), bought, lines(4, 2, 8, 1)); err != nil {
		t.Fatal(err)
	}
	if most, err := audit.MostHeld(t.Context(), store); err != nil || most != 2 {
		t.Errorf("%v, %d movements at once", err, most)
	}
}

// bringIn imports new books, a thousand at a time, and gives the import's id.
func bringIn(t *testing.T, store *client.Client, books int) (id string) {
	t.Helper()
	id = api.NewID()
	for line := 1; line <= books; line += 1000 {
		if _, err := store.Import(t.Context(), newBooks(id, line, min(line+999, books))); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// newBooks is a part of an import, of books with seven copies each.
func newBooks(id string, first, last int) api.ImportRequest {
	r := api.ImportRequest{ID: id, Source: "test"}
	for line := first; line <= last; line++ {
		r.Rows = append(r.Rows, api.ImportRow{
			Line: line, Title: new(fmt.Sprint("New ", line)), Price: &api.Money{Amount: 5, Currency: "USD"}, Stock: new(int64(7)),
		})
	}
	return r
}

func takeBack(t *testing.T, store *client.Client, id string) {
	t.Helper()
	for {
		progress, err := store.UndoImport(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if progress.Import.State == api.ImportUndone {
			return
		}
	}
}

// sums are those of a store that has to agree.
func sums(t *testing.T, store audit.Store) audit.Sums {
	t.Helper()
	found, sums, err := (&auditor{store: store}).run(t.Context())
	if err != nil || len(found) > 0 {
		t.Errorf("%v, found %q", err, found)
	}
	return sums
}
