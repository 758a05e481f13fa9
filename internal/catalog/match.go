package catalog

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/pkg/api"
)

// known is the books that an import's rows may be about.
type known struct {
	byISBN map[string]*bookRow
	byKey  map[[2]string]*bookRow
	byID   map[int64]*bookRow
}

func (k *known) learn(b *bookRow) {
	k.byID[b.ID] = b
	if b.ISBN13 != nil {
		k.byISBN[*b.ISBN13] = b
	}
	if b.SourceKey != nil {
		k.byKey[[2]string{*b.Source, *b.SourceKey}] = b
	}
}

// match finds the book that a row is about: by ISBN, else by key, else by item
// number; nil for none.
func (i *importer) match(c *candidate) (*bookRow, error) {
	if c.err != nil {
		return nil, c.err
	}
	byISBN := i.known.byISBN[c.isbn]
	byKey := i.known.byKey[[2]string{c.source, c.key}]
	if byISBN != nil && byKey != nil && byISBN.ID != byKey.ID {
		return nil, api.Errorf(api.CodeConflict, "its ISBN is book %d's and its key book %d's", byISBN.ID, byKey.ID)
	}
	if byISBN != nil {
		return byISBN, nil
	}
	if byKey != nil {
		return byKey, nil
	}
	if c.id == nil {
		return nil, nil //nolint:nilnil // no book is an answer, not an error
	}
	return i.byItemNumber(c)
}

// byItemNumber trusts a number only where ISBNs don't deny it: in another store
// the same number is another book.
func (i *importer) byItemNumber(c *candidate) (*bookRow, error) {
	b := i.known.byID[*c.id]
	if b != nil && c.isbn != "" && b.ISBN13 != nil {
		c.id = nil
		return nil, nil //nolint:nilnil // another book: it gets a number of its own
	}
	return b, nil
}

// findKnown looks up, set by set, every book that one of the rows names.
func findKnown(tx *gorm.DB, rows []candidate) (*known, error) {
	k := &known{byISBN: map[string]*bookRow{}, byKey: map[[2]string]*bookRow{}, byID: map[int64]*bookRow{}}
	var isbns []string
	var ids []int64
	keys := map[string][]string{}
	for n := range rows {
		if rows[n].isbn != "" {
			isbns = append(isbns, rows[n].isbn)
		}
		if rows[n].key != "" {
			keys[rows[n].source] = append(keys[rows[n].source], rows[n].key)
		}
		if rows[n].id != nil {
			ids = append(ids, *rows[n].id)
		}
	}
	if err := k.find(tx, "isbn13 IN (SELECT value FROM json_each(?))", isbns); err != nil {
		return nil, err
	}
	for source, of := range keys {
		if err := k.find(tx, "source_key IN (SELECT value FROM json_each(?)) AND source = ?", of, source); err != nil {
			return nil, err
		}
	}
	return k, k.find(tx, "id IN (SELECT value FROM json_each(?))", ids)
}

func (k *known) find(tx *gorm.DB, where string, values any, more ...any) error {
	list, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("look up: %w", err)
	}
	if string(list) == "null" {
		return nil
	}
	books, err := selectBooks(tx, where, append([]any{string(list)}, more...)...)
	for n := range books {
		k.learn(&books[n])
	}
	return err
}
