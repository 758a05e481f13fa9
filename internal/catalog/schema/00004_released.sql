-- +goose Up
-- What an order took can be given back: one more state of a reservation.
ALTER TABLE reservations RENAME TO reservations_before;
CREATE TABLE reservations (
    id         TEXT    NOT NULL PRIMARY KEY,
    state      TEXT    NOT NULL CHECK (state IN ('claimed', 'taken', 'refused', 'released')),
    reason     TEXT,
    lines      TEXT    NOT NULL, -- JSON
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO reservations (id, state, reason, lines, created_at)
    SELECT id, state, reason, lines, created_at FROM reservations_before ORDER BY id;
DROP TABLE reservations_before;

-- And one more cause in the ledger: the movements that give it back.
ALTER TABLE ledger RENAME TO ledger_before;
CREATE TABLE ledger (
    id           INTEGER NOT NULL PRIMARY KEY,
    book_id      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    cause        TEXT    NOT NULL CHECK (cause IN ('added', 'imported', 'moved', 'edited', 'sold', 'undone', 'released')),
    operation    TEXT    NOT NULL,
    reason       TEXT,
    stock_change INTEGER,
    stock_after  INTEGER,
    price_change INTEGER,
    price_after  INTEGER,
    currency     TEXT
);
INSERT INTO ledger (id, book_id, at, cause, operation, reason, stock_change, stock_after, price_change, price_after, currency)
    SELECT id, book_id, at, cause, operation, reason, stock_change, stock_after, price_change, price_after, currency
    FROM ledger_before ORDER BY id;
DROP TABLE ledger_before;
CREATE INDEX ledger_book ON ledger (book_id, id);
CREATE UNIQUE INDEX ledger_once ON ledger (operation, book_id, cause) WHERE cause <> 'imported';
