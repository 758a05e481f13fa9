package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// shelf gathers what one operation does to books, and writes it together:
// rows, ledger, topics and search index always change together.
type shelf struct {
	cause     cause
	operation string
	reason    *string
	at        int64

	inserts []*bookRow
	isbns   isbnChanges
	edits   []*bookRow
	removed []int64
	moves   map[int64]int64 // copies, by book
	ledger  []*ledgerRow
	entries map[int64]*ledgerRow // each book's last in the ledger
	topics  map[string]int64     // books on sale, by slug
	names   map[string]string
	index   *indexer
}

func newShelf(c cause, operation string, reason *string) *shelf {
	return &shelf{
		cause: c, operation: operation, reason: reason, at: now(),
		moves: map[int64]int64{}, entries: map[int64]*ledgerRow{}, topics: map[string]int64{}, names: map[string]string{}, index: newIndexer(1),
	}
}

// add puts a new book on the shelf, to be found by terms of the shelf's index.
func (s *shelf) add(b *bookRow, terms []uint32) {
	b.Version, b.CreatedAt, b.UpdatedAt = 1, s.at, s.at
	s.inserts = append(s.inserts, b)
	s.count(b, 1)
	s.isbns.set(nil, b)
	s.index.Post(b.ID, terms...)
}

// edit replaces what is known of a book; its stock is not touched.
func (s *shelf) edit(old, b *bookRow) {
	b.Version, b.UpdatedAt = old.Version+1, s.at
	s.edits = append(s.edits, b)
	s.isbns.set(old, b)
	s.count(old, -1)
	s.count(b, 1)
	if old.price() != b.price() {
		before := old.PriceAmount
		if old.PriceCurrency != b.PriceCurrency {
			before = 0
		}
		s.entry(b.ID, func(l *ledgerRow) bool { return l.PriceChange == nil }).priced(before, b)
	}
	s.index.Post(b.ID, s.index.terms(b)...)
}

// move changes how many copies of b there are, by change.
func (s *shelf) move(b *bookRow, change int64) {
	b.Stock += change
	s.moves[b.ID] += change
	s.entry(b.ID, unmoved).stocked(change, b.Stock)
}

// remove takes a book out of the catalogue. Its ledger stays and says that its
// copies went, and its number is given to no other.
func (s *shelf) remove(b *bookRow) {
	s.removed = append(s.removed, b.ID)
	s.isbns.set(b, nil)
	s.count(b, -1)
	if b.Stock != 0 {
		s.entry(b.ID, unmoved).stocked(-b.Stock, 0)
	}
}

// entry is the operation's ledger row of a book if there is one with room, else
// a new one.
func (s *shelf) entry(book int64, room func(*ledgerRow) bool) *ledgerRow {
	if last := s.entries[book]; last != nil && room(last) {
		return last
	}
	row := &ledgerRow{BookID: book, At: s.at, Cause: s.cause, Operation: s.operation, Reason: s.reason}
	s.entries[book], s.ledger = row, append(s.ledger, row)
	return row
}

func unmoved(l *ledgerRow) bool { return l.StockChange == nil }

func (l *ledgerRow) stocked(change, after int64) { l.StockChange, l.StockAfter = &change, &after }

func (l *ledgerRow) priced(before int64, b *bookRow) {
	change := b.PriceAmount - before
	l.PriceChange, l.PriceAfter, l.Currency = &change, &b.PriceAmount, &b.PriceCurrency
}

func (s *shelf) count(b *bookRow, n int64) {
	if b.onSale() {
		for _, slug := range b.Topics {
			s.topics[slug] += n
		}
	}
}

// flush writes everything gathered.
func (s *shelf) flush(tx *gorm.DB) error {
	for _, write := range [...]func(*gorm.DB) error{
		s.isbns.flush, s.flushRemoved, s.flushInserts, s.record, s.flushEdits, s.flushMoves, s.flushLedger, s.flushTopics, s.flushIndex,
	} {
		if err := write(tx); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) flushRemoved(tx *gorm.DB) error {
	if len(s.removed) == 0 {
		return nil
	}
	books, err := json.Marshal(s.removed)
	if err != nil {
		return fmt.Errorf("remove books: %w", err)
	}
	gone, err := database.Exec(tx, "DELETE FROM books WHERE id IN (SELECT value FROM json_each(?))", string(books))
	if err != nil || gone != int64(len(s.removed)) {
		return fmt.Errorf("remove %d books (%d rows): %w", len(s.removed), gone, err)
	}
	return nil
}

func (s *shelf) flushInserts(tx *gorm.DB) error {
	return database.InsertAll(tx, "books", bookColumns(), s.inserts, appendBook)
}

// flushEdits writes all of each book but its stock, which moves.
func (s *shelf) flushEdits(tx *gorm.DB) error {
	fixed := func(column string) bool { return column == "id" || column == "stock" || column == "created_at" }
	columns := bookColumns()
	statement := "UPDATE books SET " + strings.Join(slices.DeleteFunc(slices.Clone(columns), fixed), " = ?, ") + " = ? WHERE id = ?"
	for _, b := range s.edits {
		args := make([]any, 0, len(columns))
		for n, value := range appendBook(nil, b) {
			if !fixed(columns[n]) {
				args = append(args, value)
			}
		}
		changed, err := database.Exec(tx, statement, append(args, b.ID)...)
		if err != nil || changed != 1 {
			return fmt.Errorf("edit of book %d (%d rows): %w", b.ID, changed, err)
		}
	}
	return nil
}

func (s *shelf) flushMoves(tx *gorm.DB) error { return moveStock(tx, s.moves) }

func (s *shelf) flushLedger(tx *gorm.DB) error {
	return database.InsertAll(tx, "ledger", ledgerColumns(), s.ledger, appendEntry)
}

func (s *shelf) flushIndex(tx *gorm.DB) error { return writeSegment(tx, s.index, s.at) }

// record enters the first price and stock of the new books into the ledger.
func (s *shelf) record(tx *gorm.DB) error {
	for _, run := range runsOf(s.inserts) {
		_, err := database.Exec(tx, `INSERT OR FAIL INTO ledger (book_id, at, cause, operation, reason, stock_change, stock_after, price_change, price_after, currency)
			SELECT id, ?, ?, ?, ?, nullif(stock, 0), nullif(stock, 0), price_amount, price_amount, price_currency
			FROM books WHERE id BETWEEN ? AND ? ORDER BY id`,
			s.at, string(s.cause), s.operation, database.Plain(s.reason), run.first, run.last)
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
	}
	return nil
}

// run is books whose item numbers follow each other.
type run struct{ first, last int64 }

// runsOf gives the item numbers of books, in order.
func runsOf(books []*bookRow) (runs []run) {
	ids := make([]int64, len(books))
	for n, b := range books {
		ids[n] = b.ID
	}
	slices.Sort(ids)
	for _, id := range ids {
		if last := len(runs) - 1; last >= 0 && runs[last].last == id-1 {
			runs[last].last = id
		} else {
			runs = append(runs, run{id, id})
		}
	}
	return runs
}

// moveStock adds to stock, never sets it: whatever else happened to the book,
// no copy is lost or made up. Books come in the order of their numbers.
func moveStock(tx *gorm.DB, moves map[int64]int64) error {
	for _, book := range sortedKeys(moves) {
		changed, err := database.Exec(tx, "UPDATE books SET stock = stock + ? WHERE id = ?", moves[book], book)
		if err != nil || changed != 1 {
			return fmt.Errorf("stock of book %d (%d rows): %w", book, changed, err)
		}
	}
	return nil
}

func sortedKeys(moves map[int64]int64) []int64 { return slices.Sorted(maps.Keys(moves)) }

func (s *shelf) flushTopics(tx *gorm.DB) error {
	for _, slug := range slices.Sorted(maps.Keys(s.topics)) {
		n := s.topics[slug]
		if n == 0 {
			continue
		}
		known, err := database.Exec(tx, "UPDATE topics SET books = books + ? WHERE slug = ?", n, slug)
		if err == nil && known == 0 {
			_, err = database.Exec(tx, "INSERT INTO topics (slug, name, books) VALUES (?, ?, ?)", slug, s.topicName(slug), n)
		}
		if err != nil {
			return fmt.Errorf("topic %s: %w", slug, err)
		}
	}
	return nil
}

// topicName is the topic as it was first written, or made from its slug.
func (s *shelf) topicName(slug string) string {
	if name := s.names[slug]; name != "" {
		return name
	}
	words := strings.Split(slug, "-")
	for i, w := range words {
		if w != "" && w[0] >= 'a' && w[0] <= 'z' {
			words[i] = string(w[0]-'a'+'A') + w[1:]
		}
	}
	return strings.Join(words, " ")
}

// named remembers how topics were written, for those that are new.
func (s *shelf) named(topics []string) {
	for _, t := range topics {
		if slug := api.Slug(t); slug != t {
			s.names[slug] = strings.TrimSpace(t)
		}
	}
}
