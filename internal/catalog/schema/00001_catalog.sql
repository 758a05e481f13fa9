-- +goose Up
CREATE TABLE store (
    id         TEXT    NOT NULL PRIMARY KEY,
    currency   TEXT    NOT NULL,
    created_at INTEGER NOT NULL -- this and every time: milliseconds since 1970, UTC
);

CREATE TABLE books (
    id             INTEGER NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 999999999),
    isbn13         TEXT,
    title          TEXT    NOT NULL,
    title_key      TEXT    NOT NULL, -- folded, to sort by
    authors        TEXT    NOT NULL, -- JSON, so that one row answers
    topics         TEXT    NOT NULL, -- JSON
    publisher      TEXT,
    year           INTEGER,
    language       TEXT,
    description    TEXT,
    price_amount   INTEGER NOT NULL CHECK (price_amount >= 0),
    price_currency TEXT    NOT NULL,
    stock          INTEGER NOT NULL CHECK (stock >= 0),
    state          TEXT    NOT NULL CHECK (state IN ('on_sale', 'retired')),
    version        INTEGER NOT NULL,
    source         TEXT, -- where an import had the book from, and its key there
    source_key     TEXT,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
);
CREATE UNIQUE INDEX books_isbn13 ON books (isbn13) WHERE isbn13 IS NOT NULL;
CREATE UNIQUE INDEX books_source ON books (source, source_key) WHERE source_key IS NOT NULL;

-- Append-only. A row says what one operation did to one book's stock, price or
-- both; what it did not touch is null.
CREATE TABLE ledger (
    id           INTEGER NOT NULL PRIMARY KEY,
    book_id      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    cause        TEXT    NOT NULL CHECK (cause IN ('added', 'imported', 'moved', 'edited', 'sold')),
    operation    TEXT    NOT NULL,
    reason       TEXT,
    stock_change INTEGER,
    stock_after  INTEGER,
    price_change INTEGER,
    price_after  INTEGER,
    currency     TEXT
);
CREATE INDEX ledger_book ON ledger (book_id, id);
-- An operation moves a book once. Imports are left out: they compare first, and
-- their rows are too many to pay for the index.
CREATE UNIQUE INDEX ledger_once ON ledger (operation, book_id, cause) WHERE cause <> 'imported';

CREATE TABLE topics (
    slug  TEXT    NOT NULL PRIMARY KEY,
    name  TEXT    NOT NULL,
    books INTEGER NOT NULL CHECK (books >= 0) -- on sale
) WITHOUT ROWID;

CREATE TABLE reservations (
    id         TEXT    NOT NULL PRIMARY KEY,
    state      TEXT    NOT NULL CHECK (state IN ('claimed', 'taken', 'refused')),
    reason     TEXT,
    lines      TEXT    NOT NULL, -- JSON
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- The search index: immutable segments of pages (package textindex). A segment
-- that is not live is still being merged. No number is given twice: who was
-- stopped for long must not write into another's segment.
CREATE TABLE index_segments (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    level      INTEGER NOT NULL,
    live       INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE TABLE index_pages (
    segment_id INTEGER NOT NULL,
    term       TEXT    NOT NULL,
    first      INTEGER NOT NULL,
    data       BLOB    NOT NULL
);
-- With a key of its own a page's data fits into one page of the file.
CREATE UNIQUE INDEX index_pages_key ON index_pages (segment_id, term, first);
