package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// Imports gives the reports of all imports, the latest first.
func (s *Service) Imports(ctx context.Context, limit int, cursor string) (page api.ImportList, err error) {
	page.Imports = []api.Import{}
	before := int64(math.MaxInt64)
	if cursor != "" {
		if before, err = parsePosition(cursor); err != nil {
			return page, err
		}
	}
	var rows []importRow
	find := s.db.Read(ctx).Where("number < ?", before).Order("number DESC").Limit(limit + 1).Find(&rows)
	if find.Error != nil {
		return page, database.Explain(find.Error)
	}
	for n := range rows[:min(limit, len(rows))] {
		page.Imports = append(page.Imports, rows[n].report())
	}
	if len(rows) > limit {
		next := strconv.FormatInt(rows[limit-1].Number, 10)
		page.NextCursor = &next
	}
	return page, nil
}

// findImport gives the import with an id, in any form of it.
func findImport(tx *gorm.DB, id string) (row importRow, err error) {
	if id, err = api.ParseID(id); err != nil {
		return row, err
	}
	err = tx.Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, api.Errorf(api.CodeNotFound, "no import %s", id)
	}
	return row, err
}

// Import's report lists what it did in two runs: changed books by the order of
// the file, then new ones by number. A cursor names the run that it stands in.
const (
	inChanged = "changed-"
	inNew     = "new-"
)

// ImportReport gives an import with a page of what it did.
func (s *Service) ImportReport(ctx context.Context, id string, limit int, cursor string) (page api.ImportReport, err error) {
	err = s.db.Snapshot(ctx, func(tx *gorm.DB) error {
		row, err := findImport(tx, id)
		if err != nil {
			return err
		}
		l := lister{tx: tx, row: &row, limit: limit, list: []api.ImportChange{}}
		if page.NextCursor, err = l.page(cursor); err != nil {
			return err
		}
		page.Import, page.Changes = row.report(), l.list
		return l.entitle()
	})
	return page, err
}

// lister gathers a page of what an import did.
type lister struct {
	tx    *gorm.DB
	row   *importRow
	limit int
	list  []api.ImportChange
}

// page gathers what follows the cursor, and says where the next page begins.
func (l *lister) page(cursor string) (next *string, err error) {
	position, changed := strings.CutPrefix(cursor, inChanged)
	if cursor == "" || changed {
		after, err := parsePosition(position)
		if err != nil {
			return nil, err
		}
		if next, err := l.changed(after); next != nil || err != nil {
			return next, err
		}
		return l.made(0)
	}
	position, made := strings.CutPrefix(cursor, inNew)
	if !made || position == "" {
		return nil, api.Errorf(api.CodeInvalid, "%q is not a cursor of this list", cursor)
	}
	after, err := parsePosition(position)
	if err != nil {
		return nil, err
	}
	return l.made(after)
}

func cursorIn(run string, position int64) *string {
	cursor := run + strconv.FormatInt(position, 10)
	return &cursor
}

// changed lists books that the import changed and did not make itself.
func (l *lister) changed(after int64) (next *string, err error) {
	var rows []importChangeRow
	err = l.tx.Where("import = ? AND seq > ? AND kind <> ?", l.row.Number, after, madeBook).Order("seq").Limit(l.limit + 1).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	for n := range rows[:min(l.limit, len(rows))] {
		c, err := rows[n].change(l.row)
		if err != nil {
			return nil, err
		}
		l.list = append(l.list, c)
	}
	if len(rows) > l.limit {
		return cursorIn(inChanged, rows[l.limit-1].Seq), nil
	}
	return nil, nil
}

// change is the row as the report shows it.
func (r *importChangeRow) change(of *importRow) (c api.ImportChange, err error) {
	c = api.ImportChange{BookID: r.BookID, Status: api.RowChanged, Fields: r.Fields.list()}
	if c.Kept, err = r.kept(); err != nil || r.Seq < of.UndoChange {
		return c, err
	}
	outcome := api.UndoRestored
	if len(c.Kept) > 0 {
		outcome = api.UndoKept
	}
	c.Undone = &outcome
	return c, nil
}

// made lists the books that the import made, as far as there is room.
func (l *lister) made(after int64) (next *string, err error) {
	ids, err := madeAfter(l.tx, l.row.Number, after, l.limit-len(l.list)+1)
	if err != nil {
		return nil, err
	}
	room := min(l.limit-len(l.list), len(ids))
	changes, err := changesBy(l.tx, l.row.Number, ids[:room])
	if err != nil {
		return nil, err
	}
	last := after
	for _, id := range ids[:room] {
		c := api.ImportChange{BookID: id, Status: api.RowNew, Fields: []api.FieldChange{}, Kept: []string{}}
		if changes[id] != nil {
			if c.Kept, err = changes[id].kept(); err != nil {
				return nil, err
			}
		}
		l.list, last = append(l.list, c), id
	}
	if len(ids) > room {
		return cursorIn(inNew, last), nil
	}
	return nil, nil
}

// madeAfter gives at most n books that an import made, behind a number: those
// that are no more, too.
func madeAfter(tx *gorm.DB, number, after int64, n int) (ids []int64, err error) {
	var runs []importBooksRow
	err = tx.Where(`import = @import AND last > @after
		AND first >= coalesce((SELECT max(first) FROM import_books WHERE import = @import AND first <= @after), 0)`,
		map[string]any{"import": number, "after": after}).Order("first").Limit(n).Find(&runs).Error
	for _, run := range runs {
		for id := max(run.First, after+1); id <= run.Last && len(ids) < n; id++ {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// entitle adds the titles of the books that are still there, and says of new
// ones what became of them.
func (l *lister) entitle() error {
	ids := make([]int64, len(l.list))
	for n := range l.list {
		ids[n] = l.list[n].BookID
	}
	books, err := booksByID(l.tx, ids)
	if err != nil {
		return err
	}
	for n := range l.list {
		c := &l.list[n]
		if b := books[c.BookID]; b != nil {
			c.Title = &b.Title
		}
		if c.Status == api.RowNew && c.BookID <= l.row.UndoBook {
			outcome := api.UndoRetired
			if c.Title == nil {
				outcome = api.UndoRemoved
			}
			c.Undone = &outcome
		}
	}
	return nil
}

func booksByID(tx *gorm.DB, ids []int64) (map[int64]*bookRow, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("books by id: %w", err)
	}
	rows, err := selectBooks(tx, "id IN (SELECT value FROM json_each(?))", string(list))
	byID := make(map[int64]*bookRow, len(rows))
	for n := range rows {
		byID[rows[n].ID] = &rows[n]
	}
	return byID, err
}
