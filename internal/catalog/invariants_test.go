package catalog_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

// checkInvariants proves that rows, ledger, topics and search index agree.
func checkInvariants(t testing.TB, s *catalog.Service) {
	t.Helper()
	checkRows(t, s)
	checkIndex(t, s)
}

// checkRows proves it without the index. Each query lists what disagrees.
func checkRows(t testing.TB, s *catalog.Service) {
	t.Helper()
	for name, query := range map[string]string{
		"stock is the sum of its movements": `SELECT b.id FROM books AS b LEFT JOIN (SELECT book_id, sum(stock_change) AS total FROM ledger GROUP BY book_id) AS l ON l.book_id = b.id
			WHERE b.stock <> coalesce(l.total, 0) OR b.stock < 0`,
		"a movement follows on the one before": `SELECT id FROM (SELECT id, stock_after, sum(stock_change) OVER (PARTITION BY book_id ORDER BY id) AS total
			FROM ledger WHERE stock_change IS NOT NULL) WHERE stock_after <> total OR stock_after < 0`,
		"the price is the ledger's last": `SELECT id FROM books b WHERE NOT EXISTS (SELECT 1 FROM ledger l WHERE l.price_after = b.price_amount AND l.currency = b.price_currency
			AND l.id = (SELECT max(id) FROM ledger WHERE book_id = b.id AND cause <> 'sold' AND price_after IS NOT NULL))`,
		"topics are counted": `SELECT slug FROM topics WHERE books <> (SELECT count(*) FROM books b, json_each(b.topics) j WHERE j.value = slug AND b.state = 'on_sale')`,
		"every topic is there": `SELECT j.value FROM books b, json_each(b.topics) j WHERE b.state = 'on_sale'
			AND j.value NOT IN (SELECT slug FROM topics)`,
		"a book that is no more has no copies": `SELECT book_id FROM ledger WHERE book_id NOT IN (SELECT id FROM books)
			GROUP BY book_id HAVING coalesce(sum(stock_change), 0) <> 0`,
		"each ISBN leads to its book": `SELECT isbn FROM (SELECT isbn, book_id FROM isbns UNION ALL SELECT isbn, book_id FROM isbns_recent) AS i
			WHERE NOT EXISTS (SELECT 1 FROM books WHERE id = i.book_id AND CAST(isbn13 AS INTEGER) = i.isbn)`,
		"each book is found by its ISBN": `SELECT id FROM books AS b WHERE isbn13 IS NOT NULL AND 1 <> (SELECT count(*) FROM
			(SELECT isbn, book_id FROM isbns UNION ALL SELECT isbn, book_id FROM isbns_recent) WHERE isbn = CAST(b.isbn13 AS INTEGER) AND book_id = b.id)`,
		"new ISBNs are counted": `SELECT recent FROM isbns_moving WHERE recent <> (SELECT count(*) FROM isbns_recent)`,
		"an import's counts are its results": `SELECT number FROM imports AS i WHERE new + changed + same + rejected < (SELECT coalesce(sum(counted), 0) FROM import_parts WHERE import = i.number)
			OR new <> (SELECT coalesce(sum(last - first + 1), 0) FROM import_books WHERE import = i.number)`,
		"an import that is taken back has every book accounted for": `SELECT number FROM imports AS i WHERE state = 'undone' AND (removed + retired <> new
			OR restored + kept <> (SELECT count(*) FROM import_changes WHERE import = i.number AND kind <> 'made'))`,
		"no reservation is half decided": `SELECT id FROM reservations WHERE state = 'claimed' OR (state = 'refused') <> (reason IS NOT NULL)
			OR (lines = '[]') <> (state = 'refused' AND reason = 'cancelled')`,
		"what was taken has its movements": `SELECT r.id FROM reservations r, json_each(r.lines) j WHERE r.state IN ('taken', 'released') AND NOT EXISTS
			(SELECT 1 FROM ledger WHERE operation = r.id AND cause = 'sold' AND book_id = j.value->>'book_id' AND stock_change = -(j.value->>'quantity'))`,
		"what was sold has its reservation": `SELECT id FROM ledger WHERE cause = 'sold' AND operation NOT IN (SELECT id FROM reservations WHERE state IN ('taken', 'released'))`,
		"what was released was given back": `SELECT r.id FROM reservations r, json_each(r.lines) j WHERE r.state = 'released' AND NOT EXISTS
			(SELECT 1 FROM ledger WHERE operation = r.id AND cause = 'released' AND book_id = j.value->>'book_id' AND stock_change = j.value->>'quantity')`,
		"what was given back was sold": `SELECT id FROM ledger AS l WHERE cause = 'released' AND NOT EXISTS
			(SELECT 1 FROM ledger AS s JOIN reservations AS r ON r.id = s.operation WHERE s.operation = l.operation AND s.book_id = l.book_id
			AND s.cause = 'sold' AND s.stock_change = -l.stock_change AND s.id < l.id AND r.state = 'released')`,
		"each sale says which was before it": `SELECT id FROM (SELECT id, sale_before, stop_before, lag(id) OVER book AS before, lag(id, 256) OVER book AS stop,
			row_number() OVER book % 256 = 0 AS stops FROM ledger WHERE cause = 'sold' WINDOW book AS (PARTITION BY book_id ORDER BY id))
			WHERE sale_before IS NOT before OR stop_before IS NOT iif(stops, stop, NULL)`,
		"only sales do": `SELECT id FROM ledger WHERE cause <> 'sold' AND (sale_before IS NOT NULL OR stop_before IS NOT NULL)`,
		"a book knows its sales": `SELECT b.id FROM books AS b LEFT JOIN (SELECT book_id, count(*) AS n, max(id) AS last, max(CASE WHEN nth % 256 = 0 THEN id END) AS stop
			FROM (SELECT id, book_id, row_number() OVER (PARTITION BY book_id ORDER BY id) AS nth FROM ledger WHERE cause = 'sold') GROUP BY book_id) AS s ON s.book_id = b.id
			WHERE b.sales <> coalesce(s.n, 0) OR b.last_sale IS NOT s.last OR b.last_stop IS NOT s.stop`,
		"stock is what came in, less what is taken": `SELECT id FROM books AS b WHERE stock <>
			(SELECT coalesce(sum(stock_change), 0) FROM ledger WHERE book_id = b.id AND cause <> 'sold' AND cause <> 'released')
			- (SELECT coalesce(sum(j.value->>'quantity'), 0) FROM reservations AS r, json_each(r.lines) AS j WHERE r.state = 'taken' AND j.value->>'book_id' = b.id)`,
	} {
		var wrong []string
		err := s.DB().Snapshot(t.Context(), func(tx *gorm.DB) error { return tx.Raw(query).Scan(&wrong).Error })
		if err != nil || len(wrong) > 0 {
			t.Errorf("%s: not so for %v %v", name, wrong, err)
		}
	}
}

// checkIndex proves that each book on sale, and no other, is found by each of
// its words, topics and authors.
func checkIndex(t testing.TB, s *catalog.Service) {
	t.Helper()
	books := all(t, s)
	queries := map[string]api.BookQuery{"everything": {}}
	for _, b := range books {
		for _, w := range wordsOf(&b) {
			queries["word "+w] = api.BookQuery{Words: w}
		}
		for _, topic := range b.Topics {
			queries["topic "+topic] = api.BookQuery{Topic: topic}
		}
		for _, author := range b.Authors {
			queries["author "+author] = api.BookQuery{Author: author}
		}
		if b.ISBN13 != nil {
			queries["isbn "+*b.ISBN13] = api.BookQuery{Q: *b.ISBN13}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		checkFinds(t, s, books, queries[name])
	}
}

// checkFinds holds what a query finds against the naive model.
func checkFinds(t testing.TB, s *catalog.Service, books []api.Book, q api.BookQuery) []api.Book {
	t.Helper()
	found := find(t, s, q)
	if got, want := sorted(ids(found)), sorted(naive(books, q)); !slices.Equal(got, want) {
		t.Errorf("%s finds %v, want %v", strings.TrimSpace(q.Values().Encode()), got, want)
	}
	return found
}
