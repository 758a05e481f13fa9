-- +goose Up
-- For IN with more than two values SQLite builds a table of them, anew for each
-- row that is checked; comparisons are made in place. The meaning is the same, and
-- so nothing that is stored changes: https://sqlite.org/lang_altertable.html, "7.
-- Making Other Kinds Of Table Schema Changes".
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
        'CHECK (state IN (''pending'', ''confirmed'', ''rejected'', ''cancelling'', ''cancelled''))',
        'CHECK (state = ''pending'' OR state = ''confirmed'' OR state = ''rejected'' OR state = ''cancelling'' OR state = ''cancelled'')')
    WHERE type = 'table' AND name = 'orders';
PRAGMA writable_schema = RESET;
-- Connections that have read the schema before read it again.
CREATE VIEW changed AS SELECT 1;
DROP VIEW changed;
