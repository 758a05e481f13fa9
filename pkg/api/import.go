package api

import (
	"encoding/json"
	"time"
)

// Limits of one POST /v1/imports.
const (
	MaxImportRows  = 1_000
	MaxImportBytes = 4 << 20
)

// ImportRow is one book of an import. A field that is nil says nothing: an
// existing book keeps it. The book is matched by ISBN13, else by Key (within
// the import's Source), else by ID, else by title and authors. Stock counts for new books only, unless the
// import updates stock.
type ImportRow struct {
	// Line is where the row stands in the file, from 1; errors name it.
	Line        int        `json:"line"`
	ID          *int64     `json:"id,omitempty"`
	Key         *string    `json:"key,omitempty"`
	ISBN13      *string    `json:"isbn13,omitempty"`
	Title       *string    `json:"title,omitempty"`
	Authors     []string   `json:"authors,omitempty"`
	Topics      []string   `json:"topics,omitempty"`
	Publisher   *string    `json:"publisher,omitempty"`
	Year        *int       `json:"year,omitempty"`
	Language    *string    `json:"language,omitempty"`
	Description *string    `json:"description,omitempty"`
	Price       *Money     `json:"price,omitempty"`
	Stock       *int64     `json:"stock,omitempty"`
	State       *BookState `json:"state,omitempty"`
}

// ImportRequest is the body of POST /v1/imports: a part of a file, at most
// [MaxImportRows] rows. All parts of one file carry the same ID.
type ImportRequest struct {
	ID          string `json:"id"`
	Source      string `json:"source"`
	UpdateStock bool   `json:"update_stock"`
	DryRun      bool   `json:"dry_run"`
	// LaterWins lets a row name a book that an earlier row of the import named:
	// the later one holds. Without it such a row is rejected.
	LaterWins bool `json:"later_wins,omitempty"`
	// After is the first line of the part before this one. Parts that are under
	// way at the same time are then taken in the order of the file.
	After *int `json:"after,omitempty"`
	// Line is where the part begins in the file, that of its first row if nil. A
	// part that comes again is known by it, and counts once.
	Line *int `json:"line,omitempty"`
	// Rejected is how many rows of the part were turned down before they were
	// sent; they count in the import's report.
	Rejected int         `json:"rejected,omitempty"`
	Rows     []ImportRow `json:"rows"`
}

// PartLine is the line by which the part is known.
func (r *ImportRequest) PartLine() int {
	switch {
	case r.Line != nil:
		return *r.Line
	case len(r.Rows) > 0:
		return r.Rows[0].Line
	default:
		return 0
	}
}

// ImportStatus is what an import did (or, dry, would do) with a row.
type ImportStatus string

// What becomes of a row.
const (
	RowNew      ImportStatus = "new"
	RowChanged  ImportStatus = "changed"
	RowSame     ImportStatus = "same"
	RowRejected ImportStatus = "rejected"
)

// ImportResult is what became of one row. BookID is null for a rejected row
// and for a new one in a dry run; Code and Detail say why a row was rejected.
// Changes stands only in a dry run, for a book that would change.
type ImportResult struct {
	Line    int           `json:"line"`
	Status  ImportStatus  `json:"status"`
	BookID  *int64        `json:"book_id"`
	Code    *Code         `json:"code"`
	Detail  *string       `json:"detail"`
	Changes []FieldChange `json:"changes,omitempty"`
}

// FieldChange is what becomes of one field of a book: a member of [Book], or
// "key" with what an import's source calls the book. Before and After are its
// values as a book has them in JSON; null is none.
type FieldChange struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// ImportResults answers POST /v1/imports, a result a row, in their order.
type ImportResults struct {
	Results []ImportResult `json:"results"`
}

// ImportState says whether what an import did still holds.
type ImportState string

// The states of an import. One that is being taken back goes on until it is.
const (
	ImportApplied ImportState = "applied"
	ImportUndoing ImportState = "undoing"
	ImportUndone  ImportState = "undone"
)

// Import is the report of an import: how many of its rows were new books,
// changed a book, changed nothing or were rejected. EndedAt is when its last
// part came; Undo is null until somebody takes it back.
type Import struct {
	ID        string      `json:"id"`
	Source    string      `json:"source"`
	State     ImportState `json:"state"`
	New       int64       `json:"new"`
	Changed   int64       `json:"changed"`
	Same      int64       `json:"same"`
	Rejected  int64       `json:"rejected"`
	StartedAt time.Time   `json:"started_at"`
	EndedAt   time.Time   `json:"ended_at"`
	Undo      *ImportUndo `json:"undo"`
}

// ImportUndo is how far the taking back of an import has come, in books. New
// books are removed or, if somebody has bought or changed them since, retired;
// changed ones are restored or, if somebody has changed them since, kept in
// part. Operation stands in the history of the books.
type ImportUndo struct {
	Operation string    `json:"operation"`
	At        time.Time `json:"at"`
	Removed   int64     `json:"removed"`
	Retired   int64     `json:"retired"`
	Restored  int64     `json:"restored"`
	Kept      int64     `json:"kept"`
}

// ImportList is a page of imports, the latest first.
type ImportList struct {
	Imports    []Import `json:"imports"`
	NextCursor *string  `json:"next_cursor"`
}

// UndoOutcome is what taking an import back did to a book.
type UndoOutcome string

// What becomes of a new book, and of a changed one.
const (
	UndoRemoved  UndoOutcome = "removed"
	UndoRetired  UndoOutcome = "retired"
	UndoRestored UndoOutcome = "restored"
	UndoKept     UndoOutcome = "kept"
)

// ImportChange is what an import did to one book, and what taking it back did.
// Title is null for a book that is no more, Undone until that book's turn has
// come. Kept names the fields that taking back left as they are: somebody
// changed them since, or sold the copies.
type ImportChange struct {
	BookID int64         `json:"book_id"`
	Title  *string       `json:"title"`
	Status ImportStatus  `json:"status"`
	Fields []FieldChange `json:"fields"`
	Undone *UndoOutcome  `json:"undone"`
	Kept   []string      `json:"kept"`
}

// ImportReport is an import with a page of what it did: first the books that it
// changed, in the order of the file, then the new ones by item number.
type ImportReport struct {
	Import     Import         `json:"import"`
	Changes    []ImportChange `json:"changes"`
	NextCursor *string        `json:"next_cursor"`
}

// UndoProgress answers POST /v1/imports/{id}/undo. Until the import's state is
// [ImportUndone] there is more to do: ask again. Books are those of this step
// that are not simply as they were before the import.
type UndoProgress struct {
	Import Import         `json:"import"`
	Books  []ImportChange `json:"books"`
}
