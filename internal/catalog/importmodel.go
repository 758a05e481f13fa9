package catalog

import (
	"database/sql/driver"
	"encoding/json"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// importRow is a row of table imports.
type importRow struct {
	Number        int64 `gorm:"primaryKey"`
	ID            string
	Source        string
	State         api.ImportState
	StartedAt     int64
	EndedAt       int64
	New           int64
	Changed       int64
	Same          int64
	Rejected      int64
	UndoOperation *string
	UndoAt        *int64
	UndoBook      int64
	UndoChange    int64
	Removed       int64
	Retired       int64
	Restored      int64
	Kept          int64
}

func (importRow) TableName() string { return "imports" }

func (r *importRow) report() api.Import {
	report := api.Import{
		ID: r.ID, Source: r.Source, State: r.State, New: r.New, Changed: r.Changed, Same: r.Same, Rejected: r.Rejected,
		StartedAt: instant(r.StartedAt), EndedAt: instant(r.EndedAt),
	}
	if r.UndoOperation != nil {
		report.Undo = &api.ImportUndo{
			Operation: *r.UndoOperation, At: instant(*r.UndoAt),
			Removed: r.Removed, Retired: r.Retired, Restored: r.Restored, Kept: r.Kept,
		}
	}
	return report
}

// importPartRow is a row of table import_parts.
type importPartRow struct {
	Import  int64 `gorm:"primaryKey"`
	Line    int   `gorm:"primaryKey"`
	Counted int
}

func (importPartRow) TableName() string { return "import_parts" }

// importBooksRow is a row of table import_books: books from first to last.
type importBooksRow struct {
	Import int64 `gorm:"primaryKey"`
	First  int64 `gorm:"primaryKey"`
	Last   int64
}

func (importBooksRow) TableName() string { return "import_books" }

// changeKind tells the books apart that an import changed.
type changeKind string

const (
	changedBook  changeKind = "changed"
	madeBook     changeKind = "made"
	returnedBook changeKind = "returned"
)

// importChangeRow is a row of table import_changes.
type importChangeRow struct {
	Seq    int64 `gorm:"primaryKey"`
	Import int64
	BookID int64
	Kind   changeKind
	Edits  int64
	Fields fieldChanges
	Kept   *string
}

func (importChangeRow) TableName() string { return "import_changes" }

// kept are the fields that taking back left as they are.
func (r *importChangeRow) kept() (fields []string, err error) {
	fields = []string{}
	if r.Kept != nil {
		err = json.Unmarshal([]byte(*r.Kept), &fields)
	}
	return fields, err
}

// withdrawnRow is a row of table import_withdrawn.
type withdrawnRow struct {
	BookID  int64 `gorm:"primaryKey"`
	Version int64
}

func (withdrawnRow) TableName() string { return "import_withdrawn" }

// fieldChanges is what became of a book's fields, in one JSON column.
type fieldChanges []api.FieldChange

// Scan reads the column.
func (f *fieldChanges) Scan(value any) error {
	return database.ScanJSON(value, (*[]api.FieldChange)(f))
}

// Value writes the column.
func (f fieldChanges) Value() (driver.Value, error) {
	data, err := json.Marshal(f.list())
	return string(data), err
}

// list is the changes, not nil: on the wire none are [], never null.
func (f fieldChanges) list() []api.FieldChange {
	if f == nil {
		return []api.FieldChange{}
	}
	return f
}
