package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/batch"
	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// Book gives the book that ref (an item number or an ISBN) stands for. Who asks
// for books at the same time shares one query, which begins after all have
// asked.
func (s *Service) Book(ctx context.Context, ref string) (api.Book, error) {
	id, isbn, err := api.ParseBookRef(ref)
	if err != nil {
		return api.Book{}, err
	}
	if isbn != "" {
		b, err := findBook(s.db.Read(ctx), ref)
		if err != nil {
			return api.Book{}, err
		}
		return b.book(), nil
	}
	b, err := s.reads.Do(ctx, id)
	if full, ok := errors.AsType[*batch.Full](err); ok {
		err = api.Wrap(api.CodeUnavailable, err, full.Error())
	}
	if err != nil {
		return api.Book{}, err
	}
	if b == nil {
		return api.Book{}, noBook(ref)
	}
	return b.book(), nil
}

// ownFault says whether an error may be one row's: those of the surroundings have
// a code.
func ownFault(err error) bool {
	_, known := errors.AsType[*api.Error](err)
	return !known
}

// readBooks reads books by their item numbers, in the order asked; nil for one
// that is not there.
func (s *Service) readBooks(ctx context.Context, ids []int64) ([]*bookRow, error) {
	where, value := "id = ?", any(ids[0])
	if len(ids) > 1 {
		list, err := json.Marshal(ids)
		if err != nil {
			return nil, fmt.Errorf("books by id: %w", err)
		}
		where, value = "id IN (SELECT value FROM json_each(?))", string(list)
	}
	rows, err := selectBooks(s.db.Read(ctx), where, value)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]*bookRow, len(rows))
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
	}
	books := make([]*bookRow, len(ids))
	for i, id := range ids {
		books[i] = byID[id]
	}
	return books, nil
}

func noBook(ref string) error {
	return api.Errorf(api.CodeNotFound, "no book %s", strings.TrimSpace(ref))
}

func findBook(tx *gorm.DB, ref string) (*bookRow, error) {
	id, isbn, err := api.ParseBookRef(ref)
	if err != nil {
		return nil, err
	}
	where, value := "id = ?", id
	if isbn != "" {
		where, value = hasISBN, isbnNumber(isbn)
	}
	books, err := selectBooks(tx, where, value)
	if err != nil {
		return nil, err
	}
	if len(books) == 0 {
		return nil, noBook(ref)
	}
	return &books[0], nil
}

// selectBooks reads rows of books. It scans them by hand: on the hot path
// GORM's reflection costs more than SQLite does.
func selectBooks(tx *gorm.DB, where string, args ...any) (books []bookRow, err error) {
	query := "SELECT " + strings.Join(bookColumns(), ", ") + " FROM books WHERE " + where
	err = database.ScanAll(tx, func(rows *sql.Rows) error {
		books = append(books, bookRow{})
		return books[len(books)-1].scan(rows)
	}, query, args...)
	return books, database.Explain(err)
}

func (b *bookRow) scan(rows *sql.Rows) error {
	err := rows.Scan(&b.ID, &b.ISBN13, &b.Title, &b.TitleKey, &b.Authors, &b.Topics, &b.Publisher, &b.Year, &b.Language,
		&b.Description, &b.PriceAmount, &b.PriceCurrency, &b.Stock, &b.State, &b.Version, &b.Source, &b.SourceKey,
		&b.CreatedAt, &b.UpdatedAt)
	if err != nil {
		return fmt.Errorf("a row of books: %w", err)
	}
	return nil
}

// Create adds a book with the next item number.
func (s *Service) Create(ctx context.Context, e api.BookEdit) (api.Book, error) {
	b := bookRow{State: api.OnSale}
	if err := errors.Join(apply(&b, &e), complete(&b)); err != nil {
		return api.Book{}, err
	}
	if e.Stock.Value != nil {
		b.Stock = *e.Stock.Value
	}
	if err := checkStock(b.Stock); err != nil {
		return api.Book{}, err
	}
	err := s.db.Write(ctx, func(tx *gorm.DB) (err error) {
		free, err := freeNumbers(tx)
		if err != nil {
			return err
		}
		if b.ID, err = free.take(nil); err != nil {
			return err
		}
		change := newShelf(added, api.NewID(), nil)
		if e.Topics.Value != nil {
			change.named(*e.Topics.Value)
		}
		change.add(&b, change.index.terms(&b))
		return change.flush(tx)
	})
	s.merger.Kick()
	return b.book(), err
}

// numbers are free item numbers: from next, until before end.
type numbers struct{ next, end int64 }

// freeNumbers gives those behind the greatest number that has room behind it: a
// book that was imported as the very last is not the end of them. It asks the
// ledger, which knows removed books too: their numbers are not given again.
func freeNumbers(tx *gorm.DB) (numbers, error) {
	free := numbers{1, api.MaxBookID + 1}
	_, err := database.ScanOne(tx, []any{&free.next, &free.end}, behindTheLast, free.end, api.MaxBookID)
	return free, err
}

const behindTheLast = `SELECT book_id + 1, coalesce((SELECT min(book_id) FROM ledger WHERE book_id > l.book_id AND cause <> 'sold'), ?) FROM ledger AS l
	WHERE book_id < ? AND cause <> 'sold' AND NOT EXISTS (SELECT 1 FROM ledger WHERE book_id = l.book_id + 1 AND cause <> 'sold') ORDER BY book_id DESC LIMIT 1`

// take gives the next number that is not among the reserved.
func (n *numbers) take(reserved map[int64]bool) (int64, error) {
	for reserved[n.next] {
		n.next++
	}
	if n.next >= n.end {
		return 0, api.Errorf(api.CodeConflict, "no item number is free behind %d", n.next-1)
	}
	n.next++
	return n.next - 1, nil
}

// Edit changes what is known of a book. Unless match is nil, the book must
// still have that version.
func (s *Service) Edit(ctx context.Context, ref string, match *int64, e api.BookEdit) (book api.Book, err error) {
	if e.Stock.Set {
		return book, api.Errorf(api.CodeInvalid, "stock is not edited but moved: PUT /v1/books/{book}/movements/{id}")
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		old, err := findBook(tx, ref)
		if err != nil {
			return err
		}
		if match != nil && *match != old.Version {
			return api.Errorf(api.CodeVersionMismatch, "book %d has changed since: it is at version %d, not %d", old.ID, old.Version, *match)
		}
		b := *old
		if err := apply(&b, &e); err != nil {
			return err
		}
		book = b.book()
		if sameBook(old, &b) {
			return nil
		}
		change := newShelf(edited, api.NewID(), nil)
		if e.Topics.Value != nil {
			change.named(*e.Topics.Value)
		}
		change.edit(old, &b)
		book = b.book()
		return change.flush(tx)
	})
	s.merger.Kick()
	return book, err
}
