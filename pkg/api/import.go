package api

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
	// After is the first line of the part before this one. Parts that are under
	// way at the same time are then taken in the order of the file.
	After *int        `json:"after,omitempty"`
	Rows  []ImportRow `json:"rows"`
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
type ImportResult struct {
	Line   int          `json:"line"`
	Status ImportStatus `json:"status"`
	BookID *int64       `json:"book_id"`
	Code   *Code        `json:"code"`
	Detail *string      `json:"detail"`
}

// ImportResults answers POST /v1/imports, a result a row, in their order.
type ImportResults struct {
	Results []ImportResult `json:"results"`
}
