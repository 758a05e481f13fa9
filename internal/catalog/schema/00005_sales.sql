-- +goose Up
-- Sales are most of the ledger. In an index by book each of them would go to a
-- page of its own, which costs more than the rest of the sale; so they stay out
-- of it, and each says which one was before it of the same book. Every 256th says
-- too which one was 256 before. The book has the number of its sales, the last,
-- and the last of those that look so far back.
ALTER TABLE ledger ADD COLUMN sale_before INTEGER;
ALTER TABLE ledger ADD COLUMN stop_before INTEGER;
ALTER TABLE books ADD COLUMN sales INTEGER NOT NULL DEFAULT 0;
ALTER TABLE books ADD COLUMN last_sale INTEGER;
ALTER TABLE books ADD COLUMN last_stop INTEGER;

UPDATE ledger SET sale_before = s.sale_before, stop_before = s.stop_before
    FROM (SELECT id, lag(id) OVER book AS sale_before, CASE WHEN row_number() OVER book % 256 = 0 THEN lag(id, 256) OVER book END AS stop_before
        FROM ledger WHERE cause = 'sold' WINDOW book AS (PARTITION BY book_id ORDER BY id)) AS s
    WHERE ledger.id = s.id;
UPDATE books SET sales = s.sales, last_sale = s.last_sale, last_stop = s.last_stop
    FROM (SELECT book_id, count(*) AS sales, max(id) AS last_sale, max(CASE WHEN n % 256 = 0 THEN id END) AS last_stop
        FROM (SELECT id, book_id, row_number() OVER (PARTITION BY book_id ORDER BY id) AS n FROM ledger WHERE cause = 'sold') GROUP BY book_id) AS s
    WHERE books.id = s.book_id;

DROP INDEX ledger_book;
CREATE INDEX ledger_book ON ledger (book_id, id) WHERE cause <> 'sold';
