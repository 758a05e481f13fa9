package catalog

import (
	"encoding/json"
	"fmt"
	"slices"

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
// number, else, without any of them, by title and authors; nil for none.
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
	if c.id != nil {
		b := i.known.byID[*c.id]
		if b == nil || c.mayBe(b) {
			return b, nil
		}
		c.id = nil // another book has the number: this one gets its own
	}
	return i.known.byKey[[2]string{byTitle, c.print}], nil
}

// mayBe says whether a row is about the book with its item number. In another
// store the same number is another book: where an ISBN can't tell, the title
// must.
func (c *candidate) mayBe(b *bookRow) bool {
	switch {
	case c.isbn != "" && b.ISBN13 != nil:
		return false // they differ, or the book had been found by it
	case c.row.Title == nil, c.isbn == "" && b.ISBN13 == nil:
		return true
	default:
		return api.Fold(plain(*c.row.Title)) == b.TitleKey
	}
}

// findKnown looks up, set by set, every book that one of the rows names.
func findKnown(tx *gorm.DB, rows []candidate) (*known, error) {
	k := &known{byISBN: make(map[string]*bookRow, len(rows)), byKey: map[[2]string]*bookRow{}, byID: make(map[int64]*bookRow, len(rows))}
	var isbns []int64
	var ids []int64
	keys := map[string][]string{}
	for n := range rows {
		if rows[n].isbn != "" {
			isbns = append(isbns, isbnNumber(rows[n].isbn))
		}
		if rows[n].key != "" {
			keys[rows[n].source] = append(keys[rows[n].source], rows[n].key)
		}
		if rows[n].print != "" {
			keys[byTitle] = append(keys[byTitle], rows[n].print)
		}
		if rows[n].id != nil {
			ids = append(ids, *rows[n].id)
		}
	}
	if err := k.findAll(tx, isbns, keys); err != nil {
		return nil, err
	}
	return k, k.find(tx, "id IN (SELECT value FROM json_each(?))", ids)
}

// findAll looks up who has some ISBNs, and keys by their sources.
func (k *known) findAll(tx *gorm.DB, isbns []int64, keys map[string][]string) error {
	slices.Sort(isbns) // neighbours are read together
	if err := k.find(tx, inISBNs, isbns); err != nil {
		return err
	}
	for source, of := range keys {
		if err := k.find(tx, "source_key IN (SELECT value FROM json_each(?)) AND source = ?", of, source); err != nil {
			return err
		}
	}
	return nil
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
