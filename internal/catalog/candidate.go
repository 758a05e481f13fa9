package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// candidate is a row made ready: what it says, and what it is matched by.
type candidate struct {
	row         *api.ImportRow
	id          *int64
	isbn        string
	source, key string
	// print stands for title and authors, where there is neither ISBN nor key:
	// importing a file again must not make a second book.
	print string
	err   error

	// What it becomes if it is new, and why it can't be.
	fresh    bookRow
	freshErr error
	terms    []uint32 // in the part's index

	// again says that the row came, and was counted, before.
	again bool
}

// part is the rows of an import that one transaction takes, made ready, and the
// index of those that are new.
type part struct {
	rows   []candidate
	index  *indexer
	offset int // of the first of the rows in the request
}

// newPart makes rows ready before their transaction: others write meanwhile.
func newPart(rows []api.ImportRow, source string) part {
	p := part{rows: make([]candidate, len(rows)), index: newIndexer(len(rows))}
	terms := 0
	for n := range rows {
		c := &p.rows[n]
		c.prepare(&rows[n], source)
		if c.freshErr = c.freshen(); c.freshErr == nil {
			c.terms = p.index.terms(&c.fresh)
			terms += len(c.terms)
		}
	}
	p.index.Grow(terms)
	return p
}

// freshen makes the book that the row becomes if it is new.
func (c *candidate) freshen() error {
	c.fresh.State = api.OnSale
	if c.row.Title == nil {
		return api.Errorf(api.CodeInvalid, "the store does not know this book, and a new one needs a title")
	}
	edit := editOf(c.row)
	if err := apply(&c.fresh, &edit); err != nil {
		return err
	}
	return complete(&c.fresh)
}

func (c *candidate) prepare(row *api.ImportRow, source string) {
	c.row, c.id = row, row.ID
	if row.Title != nil {
		c.err = api.CheckText("title", *row.Title, api.MaxTitle)
	}
	if row.ISBN13 != nil && c.err == nil {
		c.isbn, c.err = api.ParseISBN(*row.ISBN13)
	}
	if row.ID != nil && (*row.ID < 1 || *row.ID > api.MaxBookID) && c.err == nil {
		c.err = api.Errorf(api.CodeInvalid, "%d is not an item number", *row.ID)
	}
	if row.Stock != nil && c.err == nil {
		c.err = checkStock(*row.Stock)
	}
	switch {
	case row.Key != nil && *row.Key != "":
		c.source, c.key = source, *row.Key
		if c.err == nil {
			c.err = api.CheckText("key", c.key, api.MaxPublisher)
		}
	case c.isbn == "" && row.Title != nil:
		c.print = fingerprint(row)
	}
}

// byTitle is the source of books that are known by title and authors.
const byTitle = "title"

func fingerprint(row *api.ImportRow) string {
	sum := sha256.Sum256([]byte(api.Fold(*row.Title + "\x00" + strings.Join(row.Authors, "\x00"))))
	return hex.EncodeToString(sum[:16])
}

// editOf reads a row as an edit: what is nil says nothing.
func editOf(r *api.ImportRow) api.BookEdit {
	e := api.BookEdit{
		ISBN13: optional(r.ISBN13), Title: optional(r.Title), Publisher: optional(r.Publisher), Year: optional(r.Year),
		Language: optional(r.Language), Description: optional(r.Description), Price: optional(r.Price), State: optional(r.State),
	}
	if r.Authors != nil {
		e.Authors = api.Optional[[]string]{Set: true, Value: &r.Authors}
	}
	if r.Topics != nil {
		e.Topics = api.Optional[[]string]{Set: true, Value: &r.Topics}
	}
	return e
}

func optional[T any](p *T) api.Optional[T] { return api.Optional[T]{Set: p != nil, Value: p} }
