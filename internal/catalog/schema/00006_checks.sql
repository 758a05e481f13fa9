-- +goose Up
-- For IN with more than two values SQLite builds a table of them, anew for each
-- row that is checked; comparisons are made in place. The meaning is the same, and
-- so nothing that is stored changes: https://sqlite.org/lang_altertable.html, "7.
-- Making Other Kinds Of Table Schema Changes".
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
        'CHECK (state IN (''claimed'', ''taken'', ''refused'', ''released''))',
        'CHECK (state = ''claimed'' OR state = ''taken'' OR state = ''refused'' OR state = ''released'')')
    WHERE type = 'table' AND name = 'reservations';
UPDATE sqlite_schema SET sql = replace(sql,
        'CHECK (cause IN (''added'', ''imported'', ''moved'', ''edited'', ''sold'', ''undone'', ''released''))',
        'CHECK (cause = ''added'' OR cause = ''imported'' OR cause = ''moved'' OR cause = ''edited'' OR cause = ''sold'' OR cause = ''undone'' OR cause = ''released'')')
    WHERE type = 'table' AND name = 'ledger';
UPDATE sqlite_schema SET sql = replace(sql,
        'CHECK (kind IN (''changed'', ''made'', ''returned''))',
        'CHECK (kind = ''changed'' OR kind = ''made'' OR kind = ''returned'')')
    WHERE type = 'table' AND name = 'import_changes';
UPDATE sqlite_schema SET sql = replace(sql,
        'CHECK (state IN (''applied'', ''undoing'', ''undone''))',
        'CHECK (state = ''applied'' OR state = ''undoing'' OR state = ''undone'')')
    WHERE type = 'table' AND name = 'imports';
PRAGMA writable_schema = RESET;
-- Connections that have read the schema before read it again.
CREATE VIEW changed AS SELECT 1;
DROP VIEW changed;
