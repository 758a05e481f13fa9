package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/pkg/api"
)

// A transaction of an import takes this many rows at first, then as many as fit
// into importTurn: buyers wait no longer than that.
const (
	firstImportStep = 250
	minImportStep   = 25
	importTurn      = 20 * time.Millisecond
)

// Import takes books from a file. Each row gets a result of its own; a bad row
// stops none of the others. Rows are committed in short transactions, so a
// failure can come after some of them: the same import again finds those as the
// same.
func (s *Service) Import(ctx context.Context, r api.ImportRequest) (api.ImportResults, error) {
	results := api.ImportResults{Results: make([]api.ImportResult, 0, len(r.Rows))}
	if len(r.Rows) == 0 || len(r.Rows) > api.MaxImportRows {
		return results, api.Errorf(api.CodeInvalid, "an import has 1 to %d rows, not %d", api.MaxImportRows, len(r.Rows))
	}
	id, err := api.ParseID(r.ID)
	if err != nil {
		return results, err
	}
	if err := api.CheckText("source", r.Source, api.MaxPublisher); err != nil {
		return results, err
	}
	defer s.merger.Kick()
	r.ID = id
	i := newImporter(&r)
	for rest := prepareAll(&r); len(rest) > 0; {
		step := min(int(s.importStep.Load()), len(rest))
		if r.DryRun {
			step = len(rest) // it keeps nobody waiting, and has to see its own new books
		}
		done, err := s.importPart(ctx, i, rest[:step])
		if err != nil {
			return results, err
		}
		results.Results, rest = append(results.Results, done...), rest[step:]
	}
	return results, nil
}

func (s *Service) importPart(ctx context.Context, i *importer, rows []candidate) (results []api.ImportResult, err error) {
	if i.DryRun {
		err = s.db.Snapshot(ctx, func(tx *gorm.DB) (err error) {
			results, err = i.take(tx, rows)
			return err
		})
		return results, err
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) (err error) {
		start := time.Now()
		results, err = i.take(tx, rows)
		s.pace(len(rows), time.Since(start))
		return err
	})
	return results, err
}

// pace fits the next transactions to importTurn, by how long this one took.
func (s *Service) pace(rows int, took time.Duration) {
	if took <= 0 {
		return
	}
	fitting := int64(rows) * int64(importTurn) / int64(took)
	s.importStep.Store(max(minImportStep, min(fitting, api.MaxImportRows)))
}

// importer is one import, over all its transactions.
type importer struct {
	*api.ImportRequest

	// lines says which line made or changed a book.
	lines map[int64]int
	// numbered are the item numbers that rows ask for; no other row gets them.
	numbered map[int64]bool

	// Of the transaction at hand:
	shelf   *shelf
	known   *known
	numbers numbers
}

func newImporter(r *api.ImportRequest) *importer {
	i := &importer{ImportRequest: r, lines: map[int64]int{}, numbered: map[int64]bool{}}
	for n := range r.Rows {
		if id := r.Rows[n].ID; id != nil {
			i.numbered[*id] = true
		}
	}
	return i
}

// take decides each of some rows and, unless the import is dry, writes them all.
func (i *importer) take(tx *gorm.DB, rows []candidate) (results []api.ImportResult, err error) {
	i.shelf = newShelf(imported, i.ID, nil)
	if i.known, err = findKnown(tx, rows); err != nil {
		return nil, err
	}
	if i.numbers, err = freeNumbers(tx); err != nil {
		return nil, err
	}
	for n := range rows {
		results = append(results, i.decide(&rows[n]))
	}
	if i.DryRun {
		return results, nil
	}
	return results, i.shelf.flush(tx)
}

// candidate is a row made ready: what it says, and what it is matched by.
type candidate struct {
	row         *api.ImportRow
	edit        api.BookEdit
	id          *int64
	isbn        string
	source, key string
	err         error

	// What it becomes if it is new, and why it can't be.
	fresh    bookRow
	freshErr error
	terms    []string
}

// prepareAll makes rows ready before their transaction: others write meanwhile.
func prepareAll(r *api.ImportRequest) []candidate {
	prepared := make([]candidate, len(r.Rows))
	for n := range r.Rows {
		c := prepare(&r.Rows[n], r.Source)
		c.fresh.State = api.OnSale
		if c.freshErr = apply(&c.fresh, &c.edit); c.freshErr == nil {
			c.freshErr = complete(&c.fresh)
		}
		if c.freshErr == nil {
			c.terms = termsOf(&c.fresh)
		}
		prepared[n] = c
	}
	return prepared
}

func prepare(row *api.ImportRow, source string) candidate {
	c := candidate{row: row, edit: editOf(row), id: row.ID}
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
	case c.isbn == "" && row.ID == nil && row.Title != nil:
		// Without anything to know it by, a book is the one with its title
		// and authors, so that importing a file again makes no second one.
		c.source, c.key = "title", fingerprint(row)
	}
	return c
}

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

// decide says what becomes of a row, and puts it on the shelf.
func (i *importer) decide(c *candidate) api.ImportResult {
	old, err := i.match(c)
	if err != nil {
		return rejected(c, err)
	}
	if old == nil {
		return i.create(c)
	}
	if line, twice := i.lines[old.ID]; twice {
		return rejected(c, api.Errorf(api.CodeConflict, "the same book as line %d of this file", line))
	}
	b := *old
	if err := apply(&b, &c.edit); err != nil {
		return rejected(c, err)
	}
	if c.key != "" && c.source != "title" {
		b.Source, b.SourceKey = &c.source, &c.key
	}
	return i.change(c, old, &b)
}

func rejected(c *candidate, err error) api.ImportResult {
	problem := api.AsError(err)
	return api.ImportResult{Line: c.row.Line, Status: api.RowRejected, Code: &problem.Code, Detail: &problem.Detail}
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
	if c.key != "" {
		b.Source, b.SourceKey = &c.source, &c.key
	}
	i.shelf.add(b, c.terms)
	i.known.learn(b)
	i.lines[b.ID] = c.row.Line
	result := api.ImportResult{Line: c.row.Line, Status: api.RowNew, BookID: &b.ID}
	if i.DryRun {
		result.BookID = nil
	}
	return result
}

// number gives a new book the item number that its row asks for, or a free one.
func (i *importer) number(c *candidate, b *bookRow) (err error) {
	if c.id != nil {
		b.ID = *c.id
		return nil
	}
	b.ID, err = i.numbers.take(i.numbered)
	return err
}

func (i *importer) change(c *candidate, old, b *bookRow) api.ImportResult {
	result := api.ImportResult{Line: c.row.Line, Status: api.RowSame, BookID: &b.ID}
	i.lines[b.ID] = c.row.Line
	if !sameBook(old, b) {
		i.shelf.edit(old, b)
		i.known.learn(b)
		result.Status = api.RowChanged
	}
	if i.UpdateStock && c.row.Stock != nil && *c.row.Stock != b.Stock {
		i.shelf.move(b, *c.row.Stock-b.Stock)
		result.Status = api.RowChanged
	}
	return result
}
