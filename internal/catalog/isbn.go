package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// recentISBNs is how many ISBNs gather before some move on: their table
	// then has about 150 pages, few enough to be written anew with every
	// transaction of an import.
	recentISBNs = 32_000
	// movedAtOnce bounds how many move on in one transaction.
	movedAtOnce = 4_000
)

// Conditions on books that look an ISBN up, and a JSON list of them.
const (
	hasISBN = `id = coalesce((SELECT book_id FROM isbns_recent WHERE isbn = ?1), (SELECT book_id FROM isbns WHERE isbn = ?1))`
	inISBNs = `id IN (SELECT coalesce(recent.book_id, old.book_id) FROM json_each(?1) AS wanted
		LEFT JOIN isbns_recent AS recent ON recent.isbn = wanted.value LEFT JOIN isbns AS old ON old.isbn = wanted.value
		WHERE coalesce(recent.book_id, old.book_id) IS NOT NULL)`
)

// isbnNumber is an ISBN-13, checked before, as the number by which it is
// looked up.
func isbnNumber(isbn string) int64 {
	n, _ := strconv.ParseInt(isbn, 10, 64) // 13 digits are a number
	return n
}

// isbnChanges gathers which ISBNs books get and lose.
type isbnChanges struct {
	put  []isbnRow
	drop []int64
	// known says that this transaction has looked up who has the ISBNs, and
	// that none is put twice: an import does both for all its rows at once.
	known bool
}

// set notes that old has become b; nil is no book, before or after.
func (c *isbnChanges) set(old, b *bookRow) {
	if old != nil && b != nil && equal(old.ISBN13, b.ISBN13) {
		return
	}
	if old != nil && old.ISBN13 != nil {
		c.lose(isbnRow{ISBN: isbnNumber(*old.ISBN13), BookID: old.ID})
	}
	if b != nil && b.ISBN13 != nil {
		c.put = append(c.put, isbnRow{ISBN: isbnNumber(*b.ISBN13), BookID: b.ID})
	}
}

// lose takes an ISBN from a book, which may have got it in this very
// transaction.
func (c *isbnChanges) lose(r isbnRow) {
	if at := slices.Index(c.put, r); at >= 0 {
		c.put = slices.Delete(c.put, at, at+1)
		return
	}
	c.drop = append(c.drop, r.ISBN)
}

// flush writes the changes; an ISBN that another book has is
// [api.CodeConflict].
func (c *isbnChanges) flush(tx *gorm.DB) error {
	lost := int64(0)
	for _, isbn := range c.drop {
		recent, err := database.Exec(tx, "DELETE FROM isbns_recent WHERE isbn = ?", isbn)
		if err == nil && recent == 0 {
			_, err = database.Exec(tx, "DELETE FROM isbns WHERE isbn = ?", isbn)
		}
		if err != nil {
			return fmt.Errorf("isbns: %w", err)
		}
		lost += recent
	}
	if len(c.put) == 0 && lost == 0 {
		return nil
	}
	if !c.known {
		if err := c.free(tx); err != nil {
			return err
		}
	}
	slices.SortFunc(c.put, func(a, b isbnRow) int { return cmp.Compare(a.ISBN, b.ISBN) }) // neighbours are written together
	err := database.InsertAll(tx, "isbns_recent", []string{"isbn", "book_id"}, c.put,
		func(args []any, p isbnRow) []any { return append(args, p.ISBN, p.BookID) })
	if err != nil {
		return err
	}
	return moveISBNs(tx, int64(len(c.put))-lost)
}

// free says whether no other book has one of the ISBNs, the two tables taken
// together.
func (c *isbnChanges) free(tx *gorm.DB) error {
	numbers := make([]int64, len(c.put))
	for i, p := range c.put {
		numbers[i] = p.ISBN
	}
	slices.Sort(numbers)
	taken := int64(0)
	for i := range numbers[:max(len(numbers)-1, 0)] {
		if numbers[i] == numbers[i+1] {
			taken = numbers[i]
		}
	}
	list, err := json.Marshal(numbers)
	if err == nil && taken == 0 {
		_, err = database.ScanOne(tx, []any{&taken}, `SELECT isbn FROM isbns_recent WHERE isbn IN (SELECT value FROM json_each(?1))
			UNION ALL SELECT isbn FROM isbns WHERE isbn IN (SELECT value FROM json_each(?1)) LIMIT 1`, string(list))
	}
	if err == nil && taken != 0 {
		return api.Errorf(api.CodeConflict, "another book already has ISBN %d", taken)
	}
	return err
}

// moveISBNs counts ISBNs that are new in isbns_recent and, when there are too
// many, moves those that follow the last moved on to isbns.
func moveISBNs(tx *gorm.DB, added int64) error {
	var recent, moved int64
	_, err := database.ScanOne(tx, []any{&recent, &moved}, "UPDATE isbns_moving SET recent = recent + ? RETURNING recent, moved", added)
	if err != nil || recent <= recentISBNs {
		return err
	}
	const last = 9_999_999_999_999
	until := int64(last)
	if _, err := database.ScanOne(tx, []any{&until}, "SELECT isbn FROM isbns_recent WHERE isbn > ? ORDER BY isbn LIMIT 1 OFFSET ?",
		moved, min(recent-recentISBNs, movedAtOnce)-1); err != nil {
		return err
	}
	if _, err := database.Exec(tx, "INSERT OR FAIL INTO isbns SELECT isbn, book_id FROM isbns_recent WHERE isbn > ? AND isbn <= ? ORDER BY isbn",
		moved, until); err != nil {
		return fmt.Errorf("isbns: %w", err)
	}
	gone, err := database.Exec(tx, "DELETE FROM isbns_recent WHERE isbn > ? AND isbn <= ?", moved, until)
	if err != nil {
		return fmt.Errorf("isbns: %w", err)
	}
	if until == last {
		until = 0 // and from the beginning again
	}
	_, err = database.Exec(tx, "UPDATE isbns_moving SET recent = recent - ?, moved = ?", gone, until)
	return err
}
