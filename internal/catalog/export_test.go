package catalog

import (
	"context"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// DB is the catalog's database, for tests that look at its rows.
func (s *Service) DB() *database.DB { return s.db }

// WaitForMerges returns when nothing is being merged.
func (s *Service) WaitForMerges() { s.merger.Wait() }

// Segments counts the segments that are searched.
func (s *Service) Segments(ctx context.Context) (int, error) {
	live, err := liveSegments(s.db.Read(ctx))
	return len(live), err
}

// ReplaceSwept ends a merge of all live segments whose target has been swept.
func ReplaceSwept(ctx context.Context, s *Service) error {
	live, err := liveSegments(s.db.Read(ctx))
	if err != nil {
		return err
	}
	var merged []int64
	for _, segment := range live {
		merged = append(merged, segment.ID)
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error { return replace(tx, merged, 1_000_000) })
}

// SetImportStep has the next transaction of an import take so many rows.
func (s *Service) SetImportStep(rows int64) { s.importStep.Store(rows) }

// SetUndoStep has the next transaction that takes an import back look at so many
// books.
func (s *Service) SetUndoStep(books int64) { s.undoStep.Store(books) }

// ParseCursor reads a query's cursor, and gives it as it would be written.
func ParseCursor(q *api.BookQuery) (again string, err error) {
	c, err := parseCursor(q)
	return c.encode(q), err
}

// Models are the rows of all tables, with the lists of columns that are
// written by hand.
func Models() map[string]any {
	return map[string]any{
		"store": &storeRow{}, "books": &bookRow{}, "ledger": &ledgerRow{}, "isbns": &isbnRow{}, "isbns_recent": &recentISBNRow{}, "isbns_moving": &isbnsMovingRow{}, "topics": &topicRow{}, "reservations": &reservationRow{},
		"imports": &importRow{}, "import_parts": &importPartRow{}, "import_books": &importBooksRow{}, "import_changes": &importChangeRow{}, "import_withdrawn": &withdrawnRow{},
		"index_segments": &segmentRow{}, "index_pages": &pageRow{},
	}
}

// HandWritten are the columns that statements name in the order of values.
func HandWritten() (books, ledger []string, bookValues, ledgerValues int) {
	return bookColumns(), ledgerColumns(), len(appendBook(nil, &bookRow{})), len(appendEntry(nil, &ledgerRow{}))
}

// LedgerQueries are those that ask the ledger by book.
func LedgerQueries() []string {
	return []string{behindTheLast, everThere, givenCopies, touchedByOthers, "SELECT * FROM ledger WHERE " + entriesOf}
}
