package audit

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/bazar-store/bazar/pkg/api"
)

// books checks each book against the ledger. Before a page of books the ledger
// has been read to its end, and it is again after it: the stock that was read is
// then what the ledger said at some moment between the two.
func (r *run) books(ctx context.Context) error {
	l := newLedger(r)
	if err := l.readOn(ctx); err != nil {
		return err
	}
	query := api.BookQuery{Sort: api.SortID, All: true, Limit: api.MaxLimit}
	for more := true; more; {
		l.watch()
		page, err := r.store.Books(ctx, query)
		if err != nil {
			return err
		}
		if err := l.readOn(ctx); err != nil {
			return err
		}
		if err := r.checkPage(ctx, l, page.Books); err != nil {
			return err
		}
		if more = page.NextCursor != nil; more {
			query.Cursor = *page.NextCursor
		}
	}
	return r.checkUnlisted(ctx, l)
}

// checkPage holds a page of books against the ledger; those that disagree are
// read again.
func (r *run) checkPage(ctx context.Context, l *ledger, books []api.Book) error {
	var suspects []int64
	for i := range books {
		b := &books[i]
		r.step()
		r.sums.Books++
		r.sums.Copies += b.Stock
		l.list(b.ID)
		if b.Stock < 0 || !l.said(b) {
			suspects = append(suspects, b.ID)
		}
	}
	for _, id := range suspects {
		if err := r.checkBook(ctx, l, id); err != nil {
			return err
		}
	}
	return nil
}

// checkUnlisted looks for books that have movements and were not listed: they
// came meanwhile, or there are none.
func (r *run) checkUnlisted(ctx context.Context, l *ledger) error {
	for _, id := range l.unlisted() {
		if err := r.checkBook(ctx, l, id); err != nil {
			return err
		}
	}
	return nil
}

// checkBook reads one book, between two looks at the ledger, and says what is
// wrong with it.
func (r *run) checkBook(ctx context.Context, l *ledger, id int64) error {
	l.watch()
	if err := l.readOn(ctx); err != nil {
		return err
	}
	l.watch()
	b, err := r.store.Book(ctx, strconv.FormatInt(id, 10))
	gone := api.CodeOf(err) == api.CodeNotFound
	if err != nil && !gone {
		return err
	}
	if err := l.readOn(ctx); err != nil {
		return err
	}
	if gone {
		return r.checkGone(l, id)
	}
	if b.Stock < 0 {
		f := Fault{Check: CheckNegative, Detail: fmt.Sprintf("book %d has %d copies", id, b.Stock)}
		if err := r.fault(f.book(id).amounts(0, b.Stock)); err != nil {
			return err
		}
	}
	if l.said(&b) {
		return nil
	}
	f := Fault{Check: CheckStock, Detail: fmt.Sprintf("book %d has %d copies; its movements make %d", id, b.Stock, l.sum(id))}
	return r.fault(f.book(id).amounts(l.sum(id), b.Stock))
}

// checkGone says what is wrong with a book that is not there. One that an import
// made is removed when that is taken back: all its copies went before it.
func (r *run) checkGone(l *ledger, id int64) error {
	if l.said(&api.Book{ID: id}) {
		return nil
	}
	f := Fault{Check: CheckBook, Detail: fmt.Sprintf("there is no book %d, but its movements make %d copies", id, l.sum(id))}
	return r.fault(f.book(id).amounts(0, l.sum(id)))
}

// shelf is what the ledger says of a book: the sum of its movements, and how
// many copies its last one left. Copies are at most [api.MaxStock], so 32 bits
// hold them.
type shelf struct {
	sum, after int32
	listed     bool
}

// ledger is the stock ledger as far as it has been read.
type ledger struct {
	run     *run
	imports *imports
	shelves map[int32]shelf
	read    string // the id of the last movement
	// recent are the sums that books had since it was watched: that before the
	// first change, and that after each.
	recent map[int32][]int32
}

func newLedger(r *run) *ledger {
	return &ledger{run: r, imports: newImports(r.store), shelves: map[int32]shelf{}}
}

// watch begins to note the sums that a book goes through.
func (l *ledger) watch() { l.recent = map[int32][]int32{} }

// readOn reads the ledger from where it has been read to its end.
func (l *ledger) readOn(ctx context.Context) error {
	from := l.read
	position := func(m *api.Movement) string { return strconv.FormatInt(m.ID, 10) }
	movements := newStream(ctx, position, func(ctx context.Context, after string) ([]api.Movement, *string, error) {
		if after == "" {
			after = from
		}
		page, err := l.run.store.Movements(ctx, api.MovementQuery{After: after, Limit: api.MaxLimit})
		return page.Movements, page.NextCursor, err
	})
	for {
		m, err := movements.head(ctx)
		if err != nil || m == nil {
			return err
		}
		if err := l.checkCause(ctx, m); err != nil {
			return err
		}
		if err := l.add(m); err != nil {
			return err
		}
		l.read = position(movements.take())
	}
}

func (l *ledger) checkCause(ctx context.Context, m *api.Movement) error {
	detail, err := l.imports.causeFault(ctx, m)
	if err != nil || detail == "" {
		return err
	}
	f := Fault{Check: CheckCause, Detail: detail}
	return l.run.fault(f.movement(m).amounts(0, m.Change))
}

// add enters a movement, and checks that it goes on from the one before it.
func (l *ledger) add(m *api.Movement) error {
	l.run.sums.Movements++
	l.run.step()
	book := int32(m.BookID)
	s := l.shelves[book]
	if left := int64(s.after) + m.Change; left != m.After {
		f := Fault{Check: CheckLedger, Detail: fmt.Sprintf("movement %d left %d copies of book %d; %d and %+d make %d",
			m.ID, m.After, m.BookID, s.after, m.Change, left)}
		if err := l.run.fault(f.movement(m).amounts(left, m.After)); err != nil {
			return err
		}
	}
	if l.recent != nil {
		if len(l.recent[book]) == 0 {
			l.recent[book] = append(l.recent[book], s.sum)
		}
		l.recent[book] = append(l.recent[book], narrow(int64(s.sum)+m.Change))
	}
	s.sum, s.after = narrow(int64(s.sum)+m.Change), narrow(m.After)
	l.shelves[book] = s
	return nil
}

// narrow keeps what no ledger should have within what a shelf can hold.
func narrow(n int64) int32 { return int32(max(-2*api.MaxStock, min(n, 2*api.MaxStock))) }

func (l *ledger) sum(book int64) int64 { return int64(l.shelves[int32(book)].sum) }

// said tells whether the ledger has said as much as the book's stock since it
// was watched.
func (l *ledger) said(b *api.Book) bool {
	if recent := l.recent[int32(b.ID)]; len(recent) > 0 {
		return slices.Contains(recent, narrow(b.Stock))
	}
	return b.Stock == l.sum(b.ID)
}

// list notes that a book is there.
func (l *ledger) list(book int64) {
	if s, moved := l.shelves[int32(book)]; moved {
		s.listed = true
		l.shelves[int32(book)] = s
	}
}

// unlisted are the books that have copies by their movements, but were not
// listed.
func (l *ledger) unlisted() (books []int64) {
	for book, s := range l.shelves {
		if !s.listed && s.sum != 0 {
			books = append(books, int64(book))
		}
	}
	slices.Sort(books)
	return books
}
