package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/pkg/api"
)

// A transaction of an import takes this many rows at first, then as many as fit
// into importTurn, or sharedTurn where it had to wait for its own turn: others
// write too, and buyers wait no longer than that.
const (
	firstImportStep = 250
	minImportStep   = 25
	importTurn      = 20 * time.Millisecond
	sharedTurn      = 8 * time.Millisecond
	undisturbed     = time.Millisecond
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
	if err := s.importRows(ctx, &r, &results); err != nil || r.DryRun {
		return results, err
	}
	return results, s.db.Sync(ctx)
}

// importRows takes the rows in as many transactions as keep nobody waiting. What
// they commit is not yet durable: the disk is waited for once, while the next
// part is written.
func (s *Service) importRows(ctx context.Context, r *api.ImportRequest, results *api.ImportResults) error {
	defer s.turns.enter(r.ID, r.Rows[0].Line)()
	i := newImporter(r)
	for rest := r.Rows; len(rest) > 0; {
		step := min(int(s.importStep.Load()), len(rest))
		if r.DryRun {
			step = len(rest) // it keeps nobody waiting, and has to see its own new books
		}
		p := newPart(rest[:step], r.Source)
		err := s.turns.wait(ctx, r.ID, r.Rows[0].Line, r.After)
		var done []api.ImportResult
		if err == nil {
			done, err = s.importPart(ctx, i, p)
		}
		if err != nil {
			return brokenOff(err, len(results.Results))
		}
		results.Results, rest = append(results.Results, done...), rest[step:]
	}
	return nil
}

// brokenOff says that some rows are in, where an error alone would deny it.
func brokenOff(err error, done int) error {
	if e := api.AsError(err); done > 0 {
		return api.Wrap(e.Code, err, fmt.Sprintf("%d rows went in before this: %s; the same import again goes on", done, e.Detail))
	}
	return err
}

func (s *Service) importPart(ctx context.Context, i *importer, p part) (results []api.ImportResult, err error) {
	if i.DryRun {
		err = s.db.Snapshot(ctx, func(tx *gorm.DB) (err error) {
			results, err = i.take(tx, p)
			return err
		})
		return results, err
	}
	called, start := time.Now(), time.Time{}
	err = s.db.WriteUnsynced(ctx, func(tx *gorm.DB) (err error) {
		start = time.Now() // its turn has come
		results, err = i.take(tx, p)
		return err
	})
	if err == nil {
		s.pace(len(p.rows), time.Since(start), start.Sub(called))
	}
	return results, err
}

// pace fits the next transactions to a turn, by how long this one took and how
// long it had waited.
func (s *Service) pace(rows int, took, waited time.Duration) {
	if took <= 0 {
		return
	}
	turn := importTurn
	if waited > undisturbed {
		turn = sharedTurn
	}
	fitting := int64(rows) * int64(turn) / int64(took)
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
	stocked map[int64]bool
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
func (i *importer) take(tx *gorm.DB, p part) (results []api.ImportResult, err error) {
	i.shelf = newShelf(imported, i.ID, nil)
	i.shelf.index, i.shelf.isbns.known = p.index, true
	if i.known, err = findKnown(tx, p.rows); err != nil {
		return nil, err
	}
	if i.numbers, err = freeNumbers(tx); err != nil {
		return nil, err
	}
	if i.stocked, err = i.stockedBefore(tx); err != nil {
		return nil, err
	}
	results = make([]api.ImportResult, len(p.rows))
	for n := range p.rows {
		results[n] = i.decide(&p.rows[n])
	}
	if i.DryRun {
		return results, nil
	}
	return results, i.shelf.flush(tx)
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
	if line, twice := i.lines[old.ID]; twice {
		return rejected(c, api.Errorf(api.CodeConflict, "the same book as line %d of this file", line))
	}
	b := *old
	if err := apply(&b, &c.edit); err != nil {
		return rejected(c, err)
	}
	if c.key != "" {
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
	switch source := byTitle; {
	case c.key != "":
		b.Source, b.SourceKey = &c.source, &c.key
	case c.print != "" && i.known.byKey[[2]string{byTitle, c.print}] == nil:
		b.Source, b.SourceKey = &source, &c.print
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
	if i.UpdateStock && c.row.Stock != nil && *c.row.Stock != b.Stock && !i.stocked[b.ID] {
		i.shelf.move(b, *c.row.Stock-b.Stock)
		result.Status = api.RowChanged
	}
	return result
}

// stockedBefore says which of the known books this very import has stocked: the
// answer may have been lost, and copies have been sold since.
func (i *importer) stockedBefore(tx *gorm.DB) (map[int64]bool, error) {
	stocked := map[int64]bool{}
	if !i.UpdateStock || len(i.known.byID) == 0 {
		return stocked, nil
	}
	var books []int64
	err := tx.Model(&ledgerRow{}).Where("operation = ? AND stock_change IS NOT NULL AND book_id IN ?", i.ID,
		slices.Collect(maps.Keys(i.known.byID))).Pluck("book_id", &books).Error
	for _, id := range books {
		stocked[id] = true
	}
	return stocked, err
}
