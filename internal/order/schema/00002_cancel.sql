-- +goose Up
-- An order can be cancelled: two more states, the first of which is work for
-- recovery as pending is.
ALTER TABLE orders RENAME TO orders_before;
CREATE TABLE orders (
    id             TEXT    NOT NULL PRIMARY KEY,
    account_id     TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('pending', 'confirmed', 'rejected', 'cancelling', 'cancelled')),
    reason         TEXT,
    lines          TEXT    NOT NULL, -- JSON; titles and prices once confirmed; none if cancelled before it was placed
    refusal        TEXT    NOT NULL, -- JSON: why each line was refused
    total_amount   INTEGER,
    total_currency TEXT,
    attempts       INTEGER NOT NULL,
    attempt_at     INTEGER NOT NULL, -- not to be driven on before; every time is milliseconds since 1970, UTC
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO orders (id, account_id, state, reason, lines, refusal, total_amount, total_currency, attempts, attempt_at, created_at, updated_at)
    SELECT id, account_id, state, reason, lines, refusal, total_amount, total_currency, attempts, attempt_at, created_at, updated_at
    FROM orders_before ORDER BY id;
DROP TABLE orders_before;
CREATE INDEX orders_account ON orders (account_id, id);
CREATE INDEX orders_due ON orders (attempt_at) WHERE state IN ('pending', 'cancelling');
