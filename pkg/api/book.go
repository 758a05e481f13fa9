// Package api is the contract of Bazar's services: the types on the wire,
// money, ISBNs, topics, error codes and routes. It imports no other package of
// Bazar; openapi.yaml says the same for other languages.
package api

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Limits of a book's fields, in characters unless said otherwise.
const (
	MaxBookID      = 999_999_999
	MaxBookBytes   = 256 << 10 // of a whole body
	MaxTitle       = 1_000
	MaxAuthors     = 100
	MaxAuthor      = 1_000
	MaxTopics      = 50
	MaxPublisher   = 500
	MaxLanguage    = 35
	MaxDescription = 20_000
	MaxReason      = 200
	MaxStock       = 1_000_000_000
)

// BookState says whether a book can be bought.
type BookState string

// The states of a book.
const (
	OnSale  BookState = "on_sale"
	Retired BookState = "retired"
)

// Book is one title on sale. What is not known is null. Version counts edits,
// not sales. Times are UTC.
type Book struct {
	ID          int64     `json:"id"`
	ISBN13      *string   `json:"isbn13"`
	Title       string    `json:"title"`
	Authors     []string  `json:"authors"`
	Topics      []string  `json:"topics"`
	Publisher   *string   `json:"publisher"`
	Year        *int      `json:"year"`
	Language    *string   `json:"language"`
	Description *string   `json:"description"`
	Price       Money     `json:"price"`
	Stock       int64     `json:"stock"`
	State       BookState `json:"state"`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Optional is a member of a JSON object that may be absent (leave it), null
// (clear it) or a value (set it).
type Optional[T any] struct {
	Set   bool
	Value *T
}

// Some is an Optional that sets v.
func Some[T any](v T) Optional[T] { return Optional[T]{Set: true, Value: &v} }

// IsZero says whether the member is absent; encoding/json omits it then.
func (o Optional[T]) IsZero() bool { return !o.Set }

// MarshalJSON writes the value, or null.
func (o Optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.Value) }

// UnmarshalJSON reads a value or null, and remembers that it was there.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	o.Set = true
	return jsonv2.Unmarshal(data, &o.Value, jsonv2.RejectUnknownMembers(true))
}

// UnmarshalJSONFrom is UnmarshalJSON as strictly as the decoder is.
func (o *Optional[T]) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	o.Set = true
	return jsonv2.UnmarshalDecode(decoder, &o.Value)
}

// BookEdit is the body of POST /v1/books (title and price are then required)
// and of PATCH /v1/books/{id}.
type BookEdit struct {
	ISBN13      Optional[string]    `json:"isbn13,omitzero"`
	Title       Optional[string]    `json:"title,omitzero"`
	Authors     Optional[[]string]  `json:"authors,omitzero"`
	Topics      Optional[[]string]  `json:"topics,omitzero"`
	Publisher   Optional[string]    `json:"publisher,omitzero"`
	Year        Optional[int]       `json:"year,omitzero"`
	Language    Optional[string]    `json:"language,omitzero"`
	Description Optional[string]    `json:"description,omitzero"`
	Price       Optional[Money]     `json:"price,omitzero"`
	State       Optional[BookState] `json:"state,omitzero"`
	// Stock stands only in POST: copies on the shelf from the start.
	Stock Optional[int64] `json:"stock,omitzero"`
}

// BookList is a page of books.
type BookList struct {
	Books      []Book  `json:"books"`
	NextCursor *string `json:"next_cursor"`
}

// Topic is a subject with the number of books on sale under it.
type Topic struct {
	Slug  string `json:"slug"`
	Name  string `json:"name"`
	Books int64  `json:"books"`
}

// TopicList is a page of topics, by slug.
type TopicList struct {
	Topics     []Topic `json:"topics"`
	NextCursor *string `json:"next_cursor"`
}

// Store says which store answers.
type Store struct {
	StoreID   string    `json:"store_id"`
	Currency  string    `json:"currency"`
	CreatedAt time.Time `json:"created_at"`
}

// The kinds of a [HistoryEntry].
const (
	KindPrice = "price"
	KindStock = "stock"
)

// HistoryEntry is one change of a book's price (minor units of Currency) or
// stock (copies). Operation is the order, import or movement that caused it.
type HistoryEntry struct {
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	Change    int64     `json:"change"`
	After     int64     `json:"after"`
	Currency  *string   `json:"currency"`
	Reason    string    `json:"reason"`
	Operation string    `json:"operation"`
}

// History is a page of a book's changes, oldest first.
type History struct {
	Entries    []HistoryEntry `json:"entries"`
	NextCursor *string        `json:"next_cursor"`
}

// MovementRequest is the body of PUT /v1/books/{id}/movements/{uuid}: either
// Delta copies more (or fewer), or Set copies in all.
type MovementRequest struct {
	Delta  *int64 `json:"delta,omitempty"`
	Set    *int64 `json:"set,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// MovementCause says what kind of operation moved a book's stock.
type MovementCause string

// The causes of a [Movement]: a book that was added or imported with copies, a
// movement by hand, a reservation that was taken, an import that was taken back, a
// reservation that was released.
const (
	CauseAdded    MovementCause = "added"
	CauseImported MovementCause = "imported"
	CauseMoved    MovementCause = "moved"
	CauseSold     MovementCause = "sold"
	CauseUndone   MovementCause = "undone"
	CauseReleased MovementCause = "released"
)

// Movement is one row of the stock ledger: by how many copies an operation
// changed a book's stock, and how many there were then.
type Movement struct {
	ID     int64 `json:"id"`
	BookID int64 `json:"book_id"`
	Change int64 `json:"change"`
	After  int64 `json:"after"`
	// Cause tells what Operation is: of a sale the reservation.
	Cause     MovementCause `json:"cause"`
	Reason    string        `json:"reason"`
	Operation string        `json:"operation"`
	At        time.Time     `json:"at"`
}

// The values of [MovementQuery].Sort.
const (
	MovementsByID        = "id"
	MovementsByOperation = "operation"
)

// MovementQuery is the query of GET /v1/movements: the whole ledger by id; or by
// operation, without imports, so that it can be read side by side with what
// caused it; or Operation's movements alone.
type MovementQuery struct {
	Sort      string
	Operation string
	After     string
	Limit     int
}

// MovementList is a page of the stock ledger.
type MovementList struct {
	Movements  []Movement `json:"movements"`
	NextCursor *string    `json:"next_cursor"`
}

// ParseBookRef reads what stands for a book: an item number (1 to 9 digits) or
// an ISBN. Exactly one of the results is set.
func ParseBookRef(s string) (id int64, isbn string, err error) {
	s = strings.TrimSpace(s)
	if isDigits(s) && len(s) <= 9 {
		if id, _ = strconv.ParseInt(s, 10, 64); id > 0 {
			return id, "", nil
		}
	} else if isbn, err = ParseISBN(s); err == nil {
		return 0, isbn, nil
	} else if looksLikeISBN(s) {
		return 0, "", err
	}
	return 0, "", Errorf(CodeInvalid, "%q is not a book: give an item number or an ISBN", s)
}

func looksLikeISBN(s string) bool {
	digits := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	return digits >= 9
}

// CheckText says whether a text may stand in a book's field: valid UTF-8 of at
// most limit characters, without NUL.
func CheckText(field, s string, limit int) error {
	switch {
	case !utf8.ValidString(s):
		return Errorf(CodeInvalid, "%s is not valid UTF-8", field)
	case strings.ContainsRune(s, 0):
		return Errorf(CodeInvalid, "%s contains a NUL character", field)
	case utf8.RuneCountInString(s) > limit:
		return Errorf(CodeInvalid, "%s is longer than %d characters", field, limit)
	}
	return nil
}

// CheckAuthor says whether one author's name may stand: not empty, and without
// the ";" that separates authors in tables.
func CheckAuthor(s string) error {
	if strings.TrimFunc(s, unicode.IsSpace) == "" {
		return Errorf(CodeInvalid, "an author's name is empty")
	}
	if strings.Contains(s, ";") {
		return Errorf(CodeInvalid, "author %q contains \";\", which separates authors; give them one by one", s)
	}
	return CheckText("an author's name", s, MaxAuthor)
}

// ETag is the entity tag of a book (RFC 9110, 8.8.3), over edits and stock.
func (b *Book) ETag() string { return fmt.Sprintf(`"%d-%d"`, b.Version, b.Stock) }
