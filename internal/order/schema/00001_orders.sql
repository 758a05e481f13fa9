-- +goose Up
CREATE TABLE orders (
    id             TEXT    NOT NULL PRIMARY KEY,
    account_id     TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('pending', 'confirmed', 'rejected')),
    reason         TEXT,
    lines          TEXT    NOT NULL, -- JSON; titles and prices once confirmed
    refusal        TEXT    NOT NULL, -- JSON: why each line was refused
    total_amount   INTEGER,
    total_currency TEXT,
    attempts       INTEGER NOT NULL,
    attempt_at     INTEGER NOT NULL, -- not to be driven on before; every time is milliseconds since 1970, UTC
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX orders_account ON orders (account_id, id);
CREATE INDEX orders_due ON orders (attempt_at) WHERE state = 'pending';
