-- +goose Up
-- What each import did, and how far it has been taken back. A new book that is
-- among those of import_books up to undo_book has been; so has a change of
-- import_changes from undo_change on.
CREATE TABLE imports (
    number         INTEGER NOT NULL PRIMARY KEY,
    id             TEXT    NOT NULL,
    source         TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('applied', 'undoing', 'undone')),
    started_at     INTEGER NOT NULL,
    ended_at       INTEGER NOT NULL,
    new            INTEGER NOT NULL,
    changed        INTEGER NOT NULL,
    same           INTEGER NOT NULL,
    rejected       INTEGER NOT NULL,
    undo_operation TEXT,
    undo_at        INTEGER,
    undo_book      INTEGER NOT NULL,
    undo_change    INTEGER NOT NULL,
    removed        INTEGER NOT NULL,
    retired        INTEGER NOT NULL,
    restored       INTEGER NOT NULL,
    kept           INTEGER NOT NULL
);
CREATE UNIQUE INDEX imports_id ON imports (id);
CREATE UNIQUE INDEX imports_undo ON imports (undo_operation) WHERE undo_operation IS NOT NULL;

-- How many rows of a part, known by its line, are in the counts: one whose
-- answer was lost comes again, and must not count twice.
CREATE TABLE import_parts (
    import  INTEGER NOT NULL,
    line    INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    PRIMARY KEY (import, line)
) WITHOUT ROWID;

-- The books that an import made, as runs of item numbers: a row for each would
-- cost a tenth of the import.
CREATE TABLE import_books (
    import INTEGER NOT NULL,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (import, first)
) WITHOUT ROWID;

-- What an import did to one book: a list of fields with what they were before
-- and after, as JSON. A book that the import itself made is here only if the
-- import went on to edit it ('made'). One that an undo had retired, and that the
-- import put back on sale, is 'returned'. Edits is by how many versions the
-- import, and taking it back, raised the book.
CREATE TABLE import_changes (
    seq     INTEGER NOT NULL PRIMARY KEY,
    import  INTEGER NOT NULL,
    book_id INTEGER NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('changed', 'made', 'returned')),
    edits   INTEGER NOT NULL,
    fields  TEXT    NOT NULL,
    kept    TEXT -- JSON: the fields that taking back had to leave
);
CREATE UNIQUE INDEX import_changes_book ON import_changes (book_id, import);
CREATE INDEX import_changes_order ON import_changes (import, seq);

-- Books that an undo retired, and the version that made them: if an import names
-- one that nobody has touched since, it is back.
CREATE TABLE import_withdrawn (
    book_id INTEGER NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
);

-- The ledger has one more cause: what taking an import back did.
ALTER TABLE ledger RENAME TO ledger_before;
CREATE TABLE ledger (
    id           INTEGER NOT NULL PRIMARY KEY,
    book_id      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    cause        TEXT    NOT NULL CHECK (cause IN ('added', 'imported', 'moved', 'edited', 'sold', 'undone')),
    operation    TEXT    NOT NULL,
    reason       TEXT,
    stock_change INTEGER,
    stock_after  INTEGER,
    price_change INTEGER,
    price_after  INTEGER,
    currency     TEXT
);
INSERT INTO ledger SELECT * FROM ledger_before;
DROP TABLE ledger_before;
CREATE INDEX ledger_book ON ledger (book_id, id);
CREATE UNIQUE INDEX ledger_once ON ledger (operation, book_id, cause) WHERE cause <> 'imported';
