package catalog

import (
	"encoding/json"
	"fmt"
	"math"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// record is what one transaction of an import adds to what is remembered of it:
// its counts, the books that it made and what it changed.
type record struct {
	request *api.ImportRequest
	number  int64 // of the import
	// counted is how many of the part's rows have been counted before; first
	// says that the part is new altogether.
	counted int
	first   bool
	changes []importChangeRow
}

// openRecord finds the import, or begins it. One that is being taken back, or
// has been, takes no more rows.
func openRecord(tx *gorm.DB, r *api.ImportRequest, at int64) (*record, error) {
	rec := &record{request: r, first: true}
	state := api.ImportApplied
	found, err := database.ScanOne(tx, []any{&rec.number, &state}, "SELECT number, state FROM imports WHERE id = ?", r.ID)
	switch {
	case err != nil:
		return nil, err
	case state != api.ImportApplied:
		return nil, api.Errorf(api.CodeConflict, "import %s has been taken back; import the file anew, under another id", r.ID)
	case !found:
		row := importRow{ID: r.ID, Source: r.Source, State: state, StartedAt: at, EndedAt: at, UndoChange: math.MaxInt64}
		if err := tx.Create(&row).Error; err != nil {
			return nil, fmt.Errorf("import %s: %w", r.ID, err)
		}
		rec.number = row.Number
		return rec, nil
	}
	known, err := database.ScanOne(tx, []any{&rec.counted}, "SELECT counted FROM import_parts WHERE import = ? AND line = ?", rec.number, r.PartLine())
	rec.first = !known
	return rec, err
}

// changed notes what the import did to a book.
func (r *record) changed(book int64, kind changeKind, edits int64, changes []api.FieldChange) {
	r.changes = append(r.changes, importChangeRow{Import: r.number, BookID: book, Kind: kind, Edits: edits, Fields: changes})
}

// flush writes it all. The results are of the part's rows from offset on;
// made are the new books.
func (r *record) flush(tx *gorm.DB, offset int, results []api.ImportResult, made []*bookRow, at int64) error {
	if err := r.count(tx, offset, results, at); err != nil {
		return err
	}
	if err := r.make(tx, made); err != nil {
		return err
	}
	return r.flushChanges(tx)
}

// count adds the results to the counts, but for rows that came before: those
// come out the same now. A book that is made even so, of a row that was rejected
// then, is one book more.
func (r *record) count(tx *gorm.DB, offset int, results []api.ImportResult, at int64) error {
	counts := map[api.ImportStatus]int{}
	for n := range results {
		if offset+n >= r.counted || results[n].Status == api.RowNew {
			counts[results[n].Status]++
		}
	}
	if r.first {
		counts[api.RowRejected] += r.request.Rejected
	}
	_, err := database.Exec(tx, `INSERT INTO import_parts (import, line, counted) VALUES (?, ?, ?)
		ON CONFLICT (import, line) DO UPDATE SET counted = max(counted, excluded.counted)`, r.number, r.request.PartLine(), offset+len(results))
	if err == nil {
		_, err = database.Exec(tx, `UPDATE imports SET new = new + ?, changed = changed + ?, same = same + ?, rejected = rejected + ?, ended_at = ?
			WHERE number = ?`, counts[api.RowNew], counts[api.RowChanged], counts[api.RowSame], counts[api.RowRejected], at, r.number)
	}
	return err
}

// make remembers the new books as runs of numbers.
func (r *record) make(tx *gorm.DB, made []*bookRow) error {
	return database.InsertAll(tx, "import_books", []string{"import", "first", "last"}, runsOf(made),
		func(args []any, made run) []any { return append(args, r.number, made.first, made.last) })
}

// flushChanges writes the changes, each behind what the import did to the book
// before.
func (r *record) flushChanges(tx *gorm.DB) error {
	if len(r.changes) == 0 {
		return nil
	}
	ids := make([]int64, len(r.changes))
	for n := range r.changes {
		ids[n] = r.changes[n].BookID
	}
	made, err := madeBy(tx, r.number, ids)
	if err != nil {
		return err
	}
	earlier, err := changesBy(tx, r.number, ids)
	if err != nil {
		return err
	}
	for n := range r.changes {
		c := &r.changes[n]
		if made[c.BookID] {
			c.Kind = madeBook
		}
		if before := earlier[c.BookID]; before != nil {
			c.Kind, c.Edits, c.Fields = before.Kind, c.Edits+before.Edits, mergeChanges(before.Fields, c.Fields)
		}
		earlier[c.BookID] = c
		if err := c.put(tx); err != nil {
			return err
		}
	}
	return nil
}

func (r *importChangeRow) put(tx *gorm.DB) error {
	fields, err := r.Fields.Value()
	if err == nil {
		_, err = database.Exec(tx, `INSERT INTO import_changes (import, book_id, kind, edits, fields, kept) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (import, book_id) DO UPDATE SET edits = excluded.edits, fields = excluded.fields, kept = excluded.kept`,
			r.Import, r.BookID, string(r.Kind), r.Edits, fields, database.Plain(r.Kept))
	}
	if err != nil {
		return fmt.Errorf("change of book %d: %w", r.BookID, err)
	}
	return nil
}

// madeBy says which of some books an import made.
func madeBy(tx *gorm.DB, number int64, ids []int64) (map[int64]bool, error) {
	return setOf(tx, ids, `SELECT value FROM json_each(?) WHERE value <=
		(SELECT last FROM import_books WHERE import = ? AND first <= value ORDER BY first DESC LIMIT 1)`, number)
}

// changesBy gives what an import did to some books, by their numbers.
func changesBy(tx *gorm.DB, number int64, ids []int64) (map[int64]*importChangeRow, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("changes of an import: %w", err)
	}
	var rows []importChangeRow
	err = tx.Where("import = ? AND book_id IN (SELECT value FROM json_each(?))", number, string(list)).Find(&rows).Error
	byBook := make(map[int64]*importChangeRow, len(rows))
	for n := range rows {
		byBook[rows[n].BookID] = &rows[n]
	}
	return byBook, err
}
