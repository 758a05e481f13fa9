package catalog

import (
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
)

// stopEvery is how many sales of a book lie between two that look further back
// than to the one before: whoever reads a book's sales from the start passes over
// that many at a time. The schema has the number too.
const stopEvery = 256

// sell makes ledger row l the book's newest sale, and id its number.
func (b *bookRow) sell(l *ledgerRow, id int64) {
	l.ID, l.SaleBefore = id, b.LastSale
	b.Sales++
	b.LastSale = &id
	if b.Sales%stopEvery == 0 {
		l.StopBefore, b.LastStop = b.LastStop, &id
	}
}

// lastEntry is the number of the ledger's newest row.
func lastEntry(tx *gorm.DB) (id int64, err error) {
	_, err = database.ScanOne(tx, []any{&id}, "SELECT coalesce(max(id), 0) FROM ledger")
	return id, err
}

// flushSales writes what was sold: books by their numbers, each with its sales.
func flushSales(tx *gorm.DB, moves map[int64]int64, books map[int64]*bookRow) error {
	// It adds to stock, and never sets it, as moveStock.
	for _, book := range sortedKeys(moves) {
		b := books[book]
		changed, err := database.Exec(tx, "UPDATE books SET stock = stock + ?, sales = ?, last_sale = ?, last_stop = ? WHERE id = ?",
			moves[book], b.Sales, database.Plain(b.LastSale), database.Plain(b.LastStop), book)
		if err != nil || changed != 1 {
			return fmt.Errorf("sale of book %d (%d rows): %w", book, changed, err)
		}
	}
	return nil
}

// salesFrom reads a book's sales from ledger row from on, oldest first, so many at
// most.
func salesFrom(tx *gorm.DB, book, from int64, limit int) (rows []ledgerRow, err error) {
	var b bookRow
	_, err = database.ScanOne(tx, []any{&b.Sales, &b.LastSale}, "SELECT sales, last_sale FROM books WHERE id = ?", book)
	if err != nil || b.LastSale == nil || *b.LastSale < from {
		return nil, err
	}
	first := int64(1)
	if from > 1 {
		if first, err = firstSale(tx, &b, from); err != nil {
			return nil, err
		}
	}
	// Back to the last that is wanted, by stops where they do not lead past it,
	// and from there on to the first.
	err = tx.Raw(`WITH RECURSIVE back (id, n) AS (
			SELECT @last, @sales
			UNION ALL
			SELECT CASE WHEN n % @every = 0 AND n - @every >= @until THEN stop_before ELSE sale_before END,
				CASE WHEN n % @every = 0 AND n - @every >= @until THEN n - @every ELSE n - 1 END
			FROM back JOIN ledger USING (id) WHERE n > @first)
		SELECT ledger.* FROM back JOIN ledger USING (id) WHERE n <= @until`, map[string]any{
		"last": *b.LastSale, "sales": b.Sales, "every": stopEvery, "first": first, "until": first + int64(limit) - 1,
	}).Scan(&rows).Error
	slices.Reverse(rows)
	return rows, err
}

// firstSale says which of a book's sales, counted from 1, is the first from
// ledger row from on; there is one.
func firstSale(tx *gorm.DB, b *bookRow, from int64) (n int64, err error) {
	err = tx.Raw(`WITH RECURSIVE back (id, n) AS (
			SELECT @last, @sales
			UNION ALL
			SELECT CASE WHEN n % @every = 0 AND stop_before >= @from THEN stop_before ELSE sale_before END,
				CASE WHEN n % @every = 0 AND stop_before >= @from THEN n - @every ELSE n - 1 END
			FROM back JOIN ledger USING (id) WHERE id >= @from)
		SELECT min(n) FROM back WHERE id >= @from`, map[string]any{
		"last": *b.LastSale, "sales": b.Sales, "every": stopEvery, "from": from,
	}).Scan(&n).Error
	return n, err
}
