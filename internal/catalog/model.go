package catalog

import (
	"database/sql/driver"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// storeRow is the one row of table store.
type storeRow struct {
	ID        string `gorm:"primaryKey"`
	Currency  string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

func (storeRow) TableName() string { return "store" }

// bookRow is a row of table books.
type bookRow struct {
	ID            int64   `gorm:"primaryKey"`
	ISBN13        *string `gorm:"column:isbn13"`
	Title         string
	TitleKey      string
	Authors       texts
	Topics        texts
	Publisher     *string
	Year          *int
	Language      *string
	Description   *string
	PriceAmount   int64
	PriceCurrency string
	Stock         int64
	State         api.BookState
	Version       int64
	Source        *string
	SourceKey     *string
	CreatedAt     int64  `gorm:"autoCreateTime:false"`
	UpdatedAt     int64  `gorm:"autoUpdateTime:false"`
	Sales         int64  // these are read by those alone who sell, or tell of sales
	LastSale      *int64 // in the ledger
	LastStop      *int64
}

func (bookRow) TableName() string { return "books" }

// bookColumns are the columns of books in the order of [appendBook]: all that a
// new book has.
func bookColumns() []string {
	return []string{
		"id", "isbn13", "title", "title_key", "authors", "topics", "publisher", "year", "language", "description",
		"price_amount", "price_currency", "stock", "state", "version", "source", "source_key", "created_at", "updated_at",
	}
}

func appendBook(args []any, b *bookRow) []any {
	return append(args,
		b.ID, database.Plain(b.ISBN13), b.Title, b.TitleKey, b.Authors.json(), b.Topics.json(), database.Plain(b.Publisher),
		database.Plain(b.Year), database.Plain(b.Language), database.Plain(b.Description), b.PriceAmount, b.PriceCurrency, b.Stock,
		string(b.State), b.Version, database.Plain(b.Source), database.Plain(b.SourceKey), b.CreatedAt, b.UpdatedAt)
}

func (b *bookRow) price() api.Money {
	return api.Money{Amount: b.PriceAmount, Currency: b.PriceCurrency}
}

func (b *bookRow) onSale() bool { return b.State == api.OnSale }

func (b *bookRow) book() api.Book {
	return api.Book{
		ID: b.ID, ISBN13: b.ISBN13, Title: b.Title, Authors: b.Authors.list(), Topics: b.Topics.list(), Publisher: b.Publisher,
		Year: b.Year, Language: b.Language, Description: b.Description, Price: b.price(), Stock: b.Stock,
		State: b.State, Version: b.Version, CreatedAt: instant(b.CreatedAt), UpdatedAt: instant(b.UpdatedAt),
	}
}

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// ledgerRow is a row of table ledger.
type ledgerRow struct {
	ID          int64 `gorm:"primaryKey"`
	BookID      int64
	At          int64
	Cause       cause
	Operation   string
	Reason      *string
	StockChange *int64
	StockAfter  *int64
	PriceChange *int64
	PriceAfter  *int64
	Currency    *string
	SaleBefore  *int64
	StopBefore  *int64
}

func (ledgerRow) TableName() string { return "ledger" }

func ledgerColumns() []string {
	return []string{
		"id", "book_id", "at", "cause", "operation", "reason",
		"stock_change", "stock_after", "price_change", "price_after", "currency", "sale_before", "stop_before",
	}
}

func appendEntry(args []any, l *ledgerRow) []any {
	id := any(l.ID)
	if l.ID == 0 {
		id = nil // the next
	}
	return append(args,
		id, l.BookID, l.At, string(l.Cause), l.Operation, database.Plain(l.Reason), database.Plain(l.StockChange),
		database.Plain(l.StockAfter), database.Plain(l.PriceChange), database.Plain(l.PriceAfter), database.Plain(l.Currency),
		database.Plain(l.SaleBefore), database.Plain(l.StopBefore))
}

// cause says what kind of operation a ledger row comes from.
type cause string

const (
	added    cause = "added"
	imported cause = "imported"
	moved    cause = "moved"
	edited   cause = "edited"
	sold     cause = "sold"
	undone   cause = "undone"
	released cause = "released"
)

// isbnRow is a row of table isbns.
type isbnRow struct {
	ISBN   int64 `gorm:"column:isbn;primaryKey"`
	BookID int64
}

func (isbnRow) TableName() string { return "isbns" }

// recentISBNRow is a row of table isbns_recent.
type recentISBNRow isbnRow

func (recentISBNRow) TableName() string { return "isbns_recent" }

// isbnsMovingRow is the one row of table isbns_moving.
type isbnsMovingRow struct {
	Recent int64
	Moved  int64
}

func (isbnsMovingRow) TableName() string { return "isbns_moving" }

// topicRow is a row of table topics.
type topicRow struct {
	Slug  string `gorm:"primaryKey"`
	Name  string
	Books int64
}

func (topicRow) TableName() string { return "topics" }

// reservationRow is a row of table reservations.
type reservationRow struct {
	ID        string `gorm:"primaryKey"`
	State     api.ReservationState
	Reason    *api.Code
	Lines     reservedLines
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

func (reservationRow) TableName() string { return "reservations" }

func (r *reservationRow) reservation() api.Reservation {
	return api.Reservation{ID: r.ID, State: r.State, Reason: r.Reason, Lines: r.Lines}
}

// segmentRow is a row of table index_segments.
type segmentRow struct {
	ID        int64 `gorm:"primaryKey"`
	Level     int
	Live      bool
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

func (segmentRow) TableName() string { return "index_segments" }

// pageRow is a row of table index_pages.
type pageRow struct {
	SegmentID int64  `gorm:"primaryKey"`
	Term      string `gorm:"primaryKey"`
	First     int64  `gorm:"primaryKey"`
	Data      []byte
}

func (pageRow) TableName() string { return "index_pages" }

// texts is a list of texts in one JSON column.
type texts []string

// Scan reads the column.
func (t *texts) Scan(value any) error { return database.ScanJSON(value, (*[]string)(t)) }

// Value writes the column.
func (t texts) Value() (driver.Value, error) { return t.json(), nil }

// list is the texts, not nil: on the wire no texts are [], never null.
func (t texts) list() []string {
	if t == nil {
		return []string{}
	}
	return t
}

func (t texts) json() string {
	if len(t) == 0 {
		return "[]"
	}
	if slices.IndexFunc(t, func(s string) bool { return !plainText(s) }) < 0 { // nearly always, and much cheaper
		return `["` + strings.Join(t, `","`) + `"]`
	}
	data, _ := json.Marshal([]string(t)) // texts always marshal
	return string(data)
}

// plainText says whether JSON writes a text as it is.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// reservedLines is a reservation's lines in one JSON column.
type reservedLines []api.ReservedLine

// Scan reads the column.
func (l *reservedLines) Scan(value any) error {
	return database.ScanJSON(value, (*[]api.ReservedLine)(l))
}

// Value writes the column.
func (l reservedLines) Value() (driver.Value, error) {
	data, err := json.Marshal(l)
	return string(data), err
}
