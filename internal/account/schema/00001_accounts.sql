-- +goose Up
CREATE TABLE accounts (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE CHECK (name = lower(name)), -- no row is ever deleted, so no name is given twice
    password   TEXT    NOT NULL, -- argon2id, with its parameters and salt
    role       TEXT    NOT NULL CHECK (role IN ('customer', 'staff', 'admin')),
    state      TEXT    NOT NULL CHECK (state IN ('active', 'disabled')),
    created_at INTEGER NOT NULL, -- every time is milliseconds since 1970, UTC
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX accounts_admins ON accounts (id) WHERE role = 'admin' AND state = 'active';

CREATE TABLE tokens (
    id           TEXT    NOT NULL PRIMARY KEY,
    account_id   TEXT    NOT NULL REFERENCES accounts (id),
    hash         BLOB    NOT NULL UNIQUE, -- SHA-256 of the secret, which stands nowhere
    name         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL, -- JSON
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX tokens_account ON tokens (account_id, id);

-- How fast passwords are guessed: until when what was guessed so far counts. An
-- empty address is all addresses together. Rows of the past are deleted.
CREATE TABLE guesses (
    name    TEXT    NOT NULL,
    address TEXT    NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (name, address)
) WITHOUT ROWID;
CREATE INDEX guesses_until ON guesses (until);
