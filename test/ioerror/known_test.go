package ioerror

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
	"github.com/bazar-store/bazar/test/harness"
)

// known is what does not change any more, so that every answer can be held
// against it.
type known struct {
	account     *harness.Account
	calls       *client.Client
	order       api.Order
	reservation api.Reservation
	books       []api.Book // that a search finds

	// told is how many orders are there for certain, and decided of these are
	// settled; as far as a page shows it.
	told, decided int
}

// learn has an order confirmed and reads all that will be read, while the disks
// are well.
func learn(ctx context.Context, account *harness.Account, calls *client.Client) (*known, error) {
	k := &known{account: account, calls: calls}
	id, lines := api.NewID(), []api.LineRequest{{BookID: 1, Quantity: 2}, {BookID: 3, Quantity: 1}}
	account.Ask(id, lines)
	placed, err := calls.PlaceOrder(ctx, id, api.OrderRequest{Lines: lines})
	if account.Told(id, &placed, err); err != nil || placed.State != api.OrderConfirmed {
		return nil, fmt.Errorf("order %s is %q: %w", id, placed.State, err)
	}
	reservation, failed := calls.Reservation(ctx, id)
	books, err := k.search(ctx)
	k.order, k.reservation, k.books = placed, reservation, books
	if len(books) < 2 {
		err = errors.Join(err, fmt.Errorf("a search finds %d books", len(books)))
	}
	return k, errors.Join(failed, err)
}

// read reads all of it, and says which answers are not so. That there is none now
// may be said.
func (k *known) read(ctx context.Context) (wrong []string) {
	k.count()
	for what, read := range map[string]func(context.Context) (string, error){
		"an order": k.readOrder, "a reservation": k.readReservation, "a book": k.readBook, "a search": k.readSearch,
		"all orders": k.readOrders, "all reservations": k.readReservations,
	} {
		fault, err := read(ctx)
		switch code := api.CodeOf(err); {
		case err != nil && code != api.CodeUnavailable:
			wrong = append(wrong, fmt.Sprintf("reading %s was answered %s: %v", what, code, err))
		case err == nil && fault != "":
			wrong = append(wrong, fmt.Sprintf("reading %s %s", what, fault))
		}
	}
	return wrong
}

// count counts the orders that buyers were told of.
func (k *known) count() {
	if k.told > api.MaxLimit && k.decided > api.MaxLimit {
		return // a page shows no more
	}
	k.told, k.decided = 0, 0
	for state, n := range k.account.Counts() {
		if state != "" {
			k.told += n
		}
		if state == api.OrderConfirmed || state == api.OrderRejected || state == api.OrderCancelled {
			k.decided += n
		}
	}
}

func (k *known) readOrder(ctx context.Context) (string, error) {
	got, err := k.calls.Order(ctx, k.order.ID)
	return differs(k.order, got), err
}

func (k *known) readReservation(ctx context.Context) (string, error) {
	got, err := k.calls.Reservation(ctx, k.reservation.ID)
	return differs(k.reservation, got), err
}

func (k *known) readBook(ctx context.Context) (string, error) {
	got, err := k.calls.Book(ctx, fmt.Sprint(k.books[0].ID))
	return differs(k.books[0], lasting(got)), err
}

func (k *known) readSearch(ctx context.Context) (string, error) {
	got, err := k.search(ctx)
	return differs(k.books, got), err
}

func (k *known) readOrders(ctx context.Context) (string, error) {
	page, err := k.calls.AllOrders(ctx, api.MaxLimit, "")
	i := slices.IndexFunc(page.Orders, func(o api.Order) bool { return o.ID == k.order.ID })
	if err != nil || i < 0 {
		return fmt.Sprintf("does not give order %s", k.order.ID), err
	}
	return differs(k.order, page.Orders[i]) + cutOff(k.told, len(page.Orders), page.NextCursor), nil
}

func (k *known) readReservations(ctx context.Context) (string, error) {
	page, err := k.calls.Reservations(ctx, api.MaxLimit, "")
	i := slices.IndexFunc(page.Reservations, func(r api.Reservation) bool { return r.ID == k.reservation.ID })
	if err != nil || i < 0 {
		return fmt.Sprintf("does not give order %s", k.order.ID), err
	}
	return differs(k.reservation, page.Reservations[i]) + cutOff(k.decided, len(page.Reservations), page.NextCursor), nil
}

// search finds books that nobody edits.
func (k *known) search(ctx context.Context) ([]api.Book, error) {
	page, err := k.calls.Books(ctx, api.BookQuery{Q: "distributed systems"})
	for i := range page.Books {
		page.Books[i] = lasting(page.Books[i])
	}
	return page.Books, err
}

// lasting is a book without what a sale changes.
func lasting(b api.Book) api.Book {
	b.Stock, b.UpdatedAt = 0, time.Time{}
	return b
}

// differs says how an answer is not what it must be; "" if it is.
func differs(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return fmt.Sprintf("gives %+v, not %+v", got, want)
}

// cutOff says where the first page of a list ends before all that is known to be
// there; "" if it does not.
func cutOff(known, got int, next *string) string {
	switch {
	case got < min(known, api.MaxLimit):
		return fmt.Sprintf("gives %d of %d", got, known)
	case next == nil && got < known:
		return fmt.Sprintf("ends with %d of %d", got, known)
	default:
		return ""
	}
}

func TestAnAnswerThatIsWrongOrCutOffIsReported(t *testing.T) {
	next := "a"
	for name, c := range map[string]struct {
		fault string
		wrong bool
	}{
		"the same":               {differs([]string{"a"}, []string{"a"}), false},
		"another":                {differs(api.Book{ID: 3, Title: "Three"}, api.Book{ID: 3}), true},
		"all, and more":          {cutOff(20, 21, nil), false},
		"fewer":                  {cutOff(20, 19, nil), true},
		"a page":                 {cutOff(api.MaxLimit+1, api.MaxLimit, &next), false},
		"a page as if it is all": {cutOff(api.MaxLimit+1, api.MaxLimit, nil), true},
		"less than a page":       {cutOff(api.MaxLimit+1, api.MaxLimit-1, &next), true},
	} {
		if (c.fault != "") != c.wrong {
			t.Errorf("%s: %q", name, c.fault)
		}
	}
}
