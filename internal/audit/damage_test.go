package audit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	bought  = "01890a62-1c2f-7a5e-9d1b-2f6f0c3f8a11" // two copies of book 4 at 15.00 and one of book 8 at 44.99
	refused = "01890a62-1c2f-7a5e-9d1b-2f6f0c3f8a12" // nine copies of book 10, of which there are three
	nobody  = "01890a62-1c2f-7a5e-9d1b-2f6f0c3f8a13"
)

// spelled puts ids where a text says ID-1 and so on.
func spelled(s string) string { return strings.ReplaceAll(s, "ID-", bought[:len(bought)-1]) }

// damaged is a kind of damage, and all that an audit says of it.
type damaged struct {
	name, file, statement string
	found                 []string
}

func damages() []damaged {
	return []damaged{
		{
			"nothing", "catalog.db",
			"SELECT 1", nil,
		},
		{
			"copies made up", "catalog.db",
			"UPDATE books SET stock = stock + 5 WHERE id = 4",
			[]string{
				`stock: book 4 expected 18 found 23: book 4 has 23 copies; its movements make 18`,
			},
		},
		{
			"less than no copies", "catalog.db",
			"UPDATE books SET stock = -1 WHERE id = 4",
			[]string{
				`negative_stock: book 4 expected 0 found -1: book 4 has -1 copies`,
				`stock: book 4 expected 18 found -1: book 4 has -1 copies; its movements make 18`,
			},
		},
		{
			"a book that is gone", "catalog.db",
			"DELETE FROM books WHERE id = 4",
			[]string{
				`book: book 4 expected 0 found 18: there is no book 4, but its movements make 18 copies`,
			},
		},
		{
			"a sale of more copies than were ordered", "catalog.db",
			"UPDATE ledger SET stock_change = -3, stock_after = stock_after - 1 WHERE operation = '" + bought + "' AND book_id = 4;" +
				"UPDATE books SET stock = stock - 1 WHERE id = 4",
			[]string{
				`cause: order ID-1 book 4 movement 33 expected -2 found -3: movement 33 (sold) changed book 4 by -3; reservation ID-1 makes it -2`,
			},
		},
		{
			"a movement that leaves another stock", "catalog.db",
			"UPDATE ledger SET stock_after = 99 WHERE operation = '" + bought + "' AND book_id = 4",
			[]string{
				`ledger: book 4 movement 33 expected 18 found 99: movement 33 left 99 copies of book 4; 20 and -2 make 18`,
			},
		},
		{
			"a movement that is gone", "catalog.db",
			"DELETE FROM ledger WHERE operation = '" + bought + "' AND book_id = 8",
			[]string{
				`stock: book 8 expected 12 found 11: book 8 has 11 copies; its movements make 12`,
				`movement: order ID-1 book 8 expected -1 found 0: reservation ID-1 is taken, but no movement of -1 of book 8 is there`,
			},
		},
		{
			"a sale that nobody ordered", "catalog.db",
			"INSERT INTO ledger (book_id, at, cause, operation, stock_change, stock_after)" +
				" SELECT id, 0, 'sold', '" + nobody + "', -1, stock - 1 FROM books WHERE id = 3; UPDATE books SET stock = stock - 1 WHERE id = 3",
			[]string{
				`cause: order ID-3 book 3 movement 35 expected 0 found -1: movement 35 (sold) changed book 3 by -1 for reservation ID-3, which is not there`,
			},
		},
		{
			"an import that nobody made", "catalog.db",
			"INSERT INTO ledger (book_id, at, cause, operation, stock_change, stock_after)" +
				" SELECT id, 0, 'imported', '" + nobody + "', 5, stock + 5 FROM books WHERE id = 3; UPDATE books SET stock = stock + 5 WHERE id = 3",
			[]string{
				`cause: book 3 movement 35 expected 0 found 5: movement 35 (imported) changed book 3 by +5 for import ID-3, which is not there`,
			},
		},
		{
			"an import that nobody took back", "catalog.db",
			"INSERT INTO ledger (book_id, at, cause, operation, stock_change, stock_after)" +
				" SELECT id, 0, 'undone', '" + nobody + "', -1, stock - 1 FROM books WHERE id <= 2; UPDATE books SET stock = stock - 1 WHERE id <= 2",
			[]string{
				`cause: book 1 movement 35 expected 0 found -1: movement 35 (undone) changed book 1 by -1, but no import was taken back as ID-3`,
				`cause: book 2 movement 36 expected 0 found -1: movement 36 (undone) changed book 2 by -1, but no import was taken back as ID-3`,
			},
		},
		{
			"imports from before they were remembered, which is none", "catalog.db",
			"DELETE FROM imports", nil,
		},
		{
			"a cause from elsewhere", "catalog.db",
			"UPDATE ledger SET cause = 'stolen' WHERE operation = '" + bought + "' AND book_id = 8",
			[]string{
				`cause: book 8 movement 34 expected 0 found -1: movement 34 (stolen) changed book 8 by -1 for a cause that this version does not know`,
				`movement: order ID-1 book 8 expected -1 found 0: reservation ID-1 is taken, but no movement of -1 of book 8 is there`,
			},
		},
		{
			"a line that was sold but not ordered", "catalog.db",
			"INSERT INTO ledger (book_id, at, cause, operation, stock_change, stock_after)" +
				" SELECT id, 0, 'sold', '" + bought + "', -1, stock - 1 FROM books WHERE id = 3; UPDATE books SET stock = stock - 1 WHERE id = 3",
			[]string{
				`cause: order ID-1 book 3 movement 35 expected 0 found -1: movement 35 (sold) changed book 3 by -1; reservation ID-1, which is taken, has no cause for it`,
			},
		},
		{
			"a reservation that is gone", "catalog.db",
			"DELETE FROM reservations WHERE id = '" + bought + "'",
			[]string{
				`cause: order ID-1 book 4 movement 33 expected 0 found -2: movement 33 (sold) changed book 4 by -2 for reservation ID-1, which is not there`,
				`cause: order ID-1 book 8 movement 34 expected 0 found -1: movement 34 (sold) changed book 8 by -1 for reservation ID-1, which is not there`,
				`decision: order ID-1: order ID-1 is confirmed, but has no reservation`,
			},
		},
		{
			"a reservation that was decided twice", "catalog.db",
			"UPDATE reservations SET state = 'refused', reason = 'out_of_stock' WHERE id = '" + bought + "'",
			[]string{
				`cause: order ID-1 book 4 movement 33 expected 0 found -2: movement 33 (sold) changed book 4 by -2; reservation ID-1, which is refused, has no cause for it`,
				`cause: order ID-1 book 8 movement 34 expected 0 found -1: movement 34 (sold) changed book 8 by -1; reservation ID-1, which is refused, has no cause for it`,
				`decision: order ID-1: order ID-1 is confirmed, but its reservation is refused, not taken`,
			},
		},
		{
			"a refusal that was taken after all", "catalog.db",
			"UPDATE reservations SET state = 'taken', reason = NULL WHERE id = '" + refused + "'",
			[]string{
				`movement: order ID-2 book 10 expected -9 found 0: reservation ID-2 is taken, but no movement of -9 of book 10 is there`,
				`decision: order ID-2: order ID-2 is rejected, but its reservation is taken, not refused`,
			},
		},
		{
			"a reservation half decided", "catalog.db",
			"UPDATE reservations SET state = 'claimed' WHERE id = '" + bought + "'",
			[]string{
				`state: order ID-1: reservation ID-1 is "claimed", which this version does not know`,
				`decision: order ID-1: order ID-1 is confirmed, but its reservation is claimed, not taken`,
			},
		},
		{
			"an order that is lost", "order.db",
			"DELETE FROM orders WHERE id = '" + bought + "'",
			[]string{
				`order: order ID-1: there is no order ID-1, but a reservation of it: taken`,
			},
		},
		{
			"a rejected order that is lost", "order.db",
			"DELETE FROM orders WHERE id = '" + refused + "'",
			[]string{
				`order: order ID-2: there is no order ID-2, but a reservation of it: refused`,
			},
		},
		{
			"an order that was rejected but taken", "order.db",
			"UPDATE orders SET state = 'rejected', reason = 'out_of_stock' WHERE id = '" + bought + "'",
			[]string{
				`decision: order ID-1: order ID-1 is rejected, but its reservation is taken, not refused`,
			},
		},
		{
			"an order that was rejected for another reason", "order.db",
			"UPDATE orders SET reason = 'retired' WHERE id = '" + refused + "'",
			[]string{
				`decision: order ID-2: order ID-2 was rejected as retired, but its reservation refused as out_of_stock`,
			},
		},
		{
			"an order of more copies than were taken", "order.db",
			`UPDATE orders SET lines = replace(lines, '"quantity":2', '"quantity":3') WHERE id = '` + bought + "'",
			[]string{
				`lines: order ID-1 book 4 expected 2 found 3: order ID-1 has 3 of book 4; its reservation has 2 of book 4`,
				`total: order ID-1 expected 8999 found 7499 USD: the total of order ID-1 is 74.99 USD; its lines make 89.99 USD`,
			},
		},
		{
			"an order with a line less", "order.db",
			`UPDATE orders SET lines = json_remove(lines, '$[1]'), total_amount = 3000 WHERE id = '` + bought + "'",
			[]string{
				`lines: order ID-1 expected 2 found 1: lines: order ID-1 has 1, its reservation 2`,
			},
		},
		{
			"an order at another price", "order.db",
			`UPDATE orders SET lines = replace(lines, '"amount":4499', '"amount":4400') WHERE id = '` + bought + "'",
			[]string{
				`price: order ID-1 book 8 expected 4499 found 4400 USD: order ID-1 sells book 8 for 44.00 USD; it was taken at 44.99 USD`,
				`total: order ID-1 expected 7400 found 7499 USD: the total of order ID-1 is 74.99 USD; its lines make 74.00 USD`,
			},
		},
		{
			"a total that is wrong", "order.db",
			"UPDATE orders SET total_amount = 7500 WHERE id = '" + bought + "'",
			[]string{
				`total: order ID-1 expected 7499 found 7500 USD: the total of order ID-1 is 75.00 USD; its lines make 74.99 USD`,
			},
		},
		{
			"no total", "order.db",
			"UPDATE orders SET total_amount = NULL WHERE id = '" + bought + "'",
			[]string{
				`total: order ID-1 expected 7499 USD: order ID-1 is confirmed, but has no total; its lines make 74.99 USD`,
			},
		},
		{
			"a state from elsewhere", "order.db",
			"UPDATE orders SET state = 'lost' WHERE id = '" + bought + "'",
			[]string{
				`state: order ID-1: order ID-1 is "lost", which this version does not know`,
			},
		},
		{
			"an order that nobody drives on", "order.db",
			"UPDATE orders SET state = 'pending', updated_at = 1234567890000 WHERE id = '" + bought + "'",
			[]string{
				`pending: order ID-1: order ID-1 is pending since 2009-02-13T23:31:30Z`,
			},
		},
		{
			"an order that is being cancelled for ever", "order.db",
			"UPDATE orders SET state = 'cancelling', updated_at = 1234567890000 WHERE id = '" + bought + "'",
			[]string{
				`pending: order ID-1: order ID-1 is cancelling since 2009-02-13T23:31:30Z`,
			},
		},
		{
			"an order cancelled without giving back", "order.db",
			"UPDATE orders SET state = 'cancelled' WHERE id = '" + bought + "'",
			[]string{
				`decision: order ID-1: order ID-1 is cancelled, but its reservation is taken, not released or refused`,
			},
		},
		{
			"copies not given back", "catalog.db",
			"UPDATE reservations SET state = 'released' WHERE id = '" + bought + "'",
			[]string{
				`movement: order ID-1 book 4 expected 2 found 0: reservation ID-1 is released, but no movement of +2 of book 4 is there`,
				`movement: order ID-1 book 8 expected 1 found 0: reservation ID-1 is released, but no movement of +1 of book 8 is there`,
				`decision: order ID-1: order ID-1 is confirmed, but its reservation is released, not taken`,
			},
		},
	}
}

// Whatever is changed behind the programs' backs is found, and told with its
// ids and amounts; nothing else is.
func TestDamageIsFound(t *testing.T) {
	for _, d := range damages() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			store := open(t, dir)
			if _, err := store.PlaceOrder(t.Context(), bought, lines(4, 2, 8, 1)); err != nil {
				t.Fatal(err)
			}
			if _, err := store.PlaceOrder(t.Context(), refused, lines(10, 9)); api.CodeOf(err) != api.CodeOutOfStock {
				t.Fatal(err)
			}
			execute(t, dir, d.file, d.statement)
			found, sums, err := (&auditor{store: store, hurried: true}).run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i := range d.found {
				d.found[i] = spelled(d.found[i])
			}
			if !slices.Equal(found, d.found) || sums.Faults != int64(len(found)) {
				t.Errorf("%d found:\n%s\nwant:\n%s", sums.Faults, strings.Join(found, "\n"), strings.Join(d.found, "\n"))
			}
		})
	}
}
