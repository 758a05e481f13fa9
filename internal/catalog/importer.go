package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/pkg/api"
)

// importer is one import, over all its transactions.
type importer struct {
	*api.ImportRequest

	// lines says which line made or changed a book.
	lines map[int64]int
	// numbered are the item numbers that rows ask for; no other row gets them.
	numbered map[int64]bool

	// Of the transaction at hand:
	shelf   *shelf
	record  *record // nil for a dry run
	known   *known
	numbers numbers
	before  before
}

// before is what the transactions before did that matters to rows now.
type before struct {
	// given is how many copies this import has put on the shelf, by book: the
	// answer may have been lost, and copies have been sold since.
	given map[int64]int64
	// made are those of the books that this import made; known where later rows
	// win alone.
	made map[int64]bool
	// withdrawn are books that the taking back of an import retired, and that
	// nobody has touched since.
	withdrawn map[int64]bool
	// gone are item numbers of books that are no more.
	gone map[int64]bool
}

func newImporter(r *api.ImportRequest) *importer {
	i := &importer{ImportRequest: r, lines: make(map[int64]int, len(r.Rows)), numbered: map[int64]bool{}}
	for n := range r.Rows {
		if id := r.Rows[n].ID; id != nil {
			i.numbered[*id] = true
		}
	}
	return i
}

// take decides each of some rows and, unless the import is dry, writes them all.
func (i *importer) take(tx *gorm.DB, p part) (results []api.ImportResult, err error) {
	i.shelf = newShelf(imported, i.ID, nil)
	i.shelf.index, i.shelf.isbns.known = p.index, true
	if !i.DryRun {
		if i.record, err = openRecord(tx, i.ImportRequest, i.shelf.at); err != nil {
			return nil, err
		}
	}
	if i.known, err = findKnown(tx, p.rows); err != nil {
		return nil, err
	}
	if i.numbers, err = freeNumbers(tx); err != nil {
		return nil, err
	}
	if i.before, err = i.recall(tx, p.rows); err != nil {
		return nil, err
	}
	results = make([]api.ImportResult, len(p.rows))
	for n := range p.rows {
		p.rows[n].again = i.record != nil && p.offset+n < i.record.counted
		results[n] = i.decide(&p.rows[n])
	}
	if i.DryRun {
		return results, nil
	}
	if err := i.shelf.flush(tx); err != nil {
		return nil, err
	}
	return results, i.record.flush(tx, p.offset, results, i.shelf.inserts, i.shelf.at)
}

// decide says what becomes of a row, and puts it on the shelf.
func (i *importer) decide(c *candidate) api.ImportResult {
	old, err := i.match(c)
	if err != nil {
		return rejected(c, err)
	}
	if old == nil {
		return i.create(c)
	}
	old = i.known.byID[old.ID] // an earlier row may have given it another name
	if c.again && i.LaterWins {
		// It came before, and later rows may have won since.
		return api.ImportResult{Line: c.row.Line, Status: api.RowSame, BookID: &old.ID}
	}
	if line, twice := i.lines[old.ID]; twice && !i.LaterWins {
		return rejected(c, api.Errorf(api.CodeConflict, "the same book as line %d of this file", line))
	}
	b, edit := *old, editOf(c.row)
	if err := apply(&b, &edit); err != nil {
		return rejected(c, err)
	}
	if c.key != "" {
		b.Source, b.SourceKey = &c.source, &c.key
	}
	if i.returns(c, old) {
		b.State = api.OnSale
	}
	return i.change(c, old, &b)
}

func rejected(c *candidate, err error) api.ImportResult {
	problem := api.AsError(err)
	return api.ImportResult{Line: c.row.Line, Status: api.RowRejected, Code: &problem.Code, Detail: &problem.Detail}
}

// returns says whether a row puts a book back on sale that the taking back of
// an import retired: it had it from a row like this.
func (i *importer) returns(c *candidate, b *bookRow) bool {
	return c.row.State == nil && i.before.withdrawn[b.ID]
}

func (i *importer) create(c *candidate) api.ImportResult {
	if c.freshErr != nil {
		return rejected(c, c.freshErr)
	}
	b := &c.fresh
	if err := i.number(c, b); err != nil {
		return rejected(c, err)
	}
	if c.row.Stock != nil {
		b.Stock = *c.row.Stock
	}
	switch source := byTitle; {
	case c.key != "":
		b.Source, b.SourceKey = &c.source, &c.key
	case c.print != "" && i.known.byKey[[2]string{byTitle, c.print}] == nil:
		b.Source, b.SourceKey = &source, &c.print
	}
	i.shelf.add(b, c.terms)
	i.known.learn(b)
	i.lines[b.ID] = c.row.Line
	if i.LaterWins {
		i.before.made[b.ID], i.before.given[b.ID] = true, b.Stock
	}
	result := api.ImportResult{Line: c.row.Line, Status: api.RowNew, BookID: &b.ID}
	if i.DryRun {
		result.BookID = nil
	}
	return result
}

// number gives a new book the item number that its row asks for, or a free one.
func (i *importer) number(c *candidate, b *bookRow) (err error) {
	if c.id != nil && !i.before.gone[*c.id] {
		b.ID = *c.id
		return nil
	}
	b.ID, err = i.numbers.take(i.numbered)
	return err
}

func (i *importer) change(c *candidate, old, b *bookRow) api.ImportResult {
	result := api.ImportResult{Line: c.row.Line, Status: api.RowSame, BookID: &b.ID}
	i.lines[b.ID] = c.row.Line
	kind, edits, changes := changedBook, int64(0), []api.FieldChange(nil)
	if i.returns(c, old) {
		kind = returnedBook
	}
	if !sameBook(old, b) {
		changes, edits = changesOf(old, b), 1
		i.shelf.edit(old, b)
	}
	if delta := i.restock(c, old); delta != 0 {
		i.shelf.move(b, delta)
		i.before.given[b.ID] += delta
		changes = append(changes, changeOf(stockField, old.Stock, b.Stock))
	}
	if len(changes) == 0 {
		return result
	}
	i.known.learn(b)
	result.Status = api.RowChanged
	if i.DryRun {
		result.Changes = changes
	} else {
		i.record.changed(b.ID, kind, edits, changes)
	}
	return result
}

// restock says how many copies a row adds to a known book, or takes away.
func (i *importer) restock(c *candidate, b *bookRow) int64 {
	given, stocked := i.before.given[b.ID]
	switch {
	case c.row.Stock == nil:
		return 0
	case i.before.made[b.ID]:
		// An earlier row gave the book its first copies; what was sold of them
		// stays sold.
		return max(*c.row.Stock-given, -b.Stock)
	case i.UpdateStock && (!stocked || i.LaterWins), i.returns(c, b):
		return *c.row.Stock - b.Stock
	default:
		return 0
	}
}

// recall looks up what the transactions before did to the books that are known
// and the numbers that are not.
func (i *importer) recall(tx *gorm.DB, rows []candidate) (before, error) {
	b := before{given: map[int64]int64{}, made: map[int64]bool{}}
	ids := slices.Collect(maps.Keys(i.known.byID))
	var err error
	if b.gone, err = i.goneNumbers(tx, rows); err != nil || len(ids) == 0 {
		return b, err
	}
	if i.UpdateStock || i.LaterWins {
		if b.given, err = givenBy(tx, i.ID, ids); err != nil {
			return b, err
		}
	}
	if i.LaterWins && i.record != nil {
		if b.made, err = madeBy(tx, i.record.number, ids); err != nil {
			return b, err
		}
	}
	retired := slices.DeleteFunc(ids, func(id int64) bool { return i.known.byID[id].onSale() })
	b.withdrawn, err = withdrawnBooks(tx, retired)
	return b, err
}

// goneNumbers gives the item numbers that rows ask for and that have no book,
// but had one: the ledger knows.
func (i *importer) goneNumbers(tx *gorm.DB, rows []candidate) (map[int64]bool, error) {
	var asked []int64
	for n := range rows {
		if id := rows[n].id; id != nil && i.known.byID[*id] == nil {
			asked = append(asked, *id)
		}
	}
	return setOf(tx, asked, everThere)
}

const everThere = "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM ledger WHERE book_id = value AND cause <> 'sold')"

// withdrawnBooks gives those of some books that the taking back of an import
// retired, and that nobody has touched since.
func withdrawnBooks(tx *gorm.DB, ids []int64) (map[int64]bool, error) {
	return setOf(tx, ids, `SELECT book_id FROM import_withdrawn AS w WHERE book_id IN (SELECT value FROM json_each(?))
		AND version = (SELECT version FROM books WHERE id = w.book_id)`)
}

// setOf gives the numbers that a query of one list of numbers selects.
func setOf(tx *gorm.DB, numbers []int64, query string, more ...any) (map[int64]bool, error) {
	set := map[int64]bool{}
	if len(numbers) == 0 {
		return set, nil
	}
	list, err := json.Marshal(numbers)
	if err != nil {
		return nil, fmt.Errorf("look up: %w", err)
	}
	var found []int64
	err = tx.Raw(query, append([]any{string(list)}, more...)...).Scan(&found).Error
	for _, n := range found {
		set[n] = true
	}
	return set, err
}

const givenCopies = `SELECT book_id, sum(stock_change) AS given FROM ledger WHERE book_id IN (SELECT value FROM json_each(?))
	AND cause <> 'sold' AND operation = ? AND cause = ? AND stock_change IS NOT NULL GROUP BY book_id`

// givenBy says how many copies an import has put on the shelf, by book.
func givenBy(tx *gorm.DB, id string, books []int64) (map[int64]int64, error) {
	list, err := json.Marshal(books)
	if err != nil {
		return nil, fmt.Errorf("look up: %w", err)
	}
	var rows []struct{ BookID, Given int64 }
	err = tx.Raw(givenCopies, string(list), id, imported).Scan(&rows).Error
	given := make(map[int64]int64, len(rows))
	for _, r := range rows {
		given[r.BookID] = r.Given
	}
	return given, err
}
