-- +goose Up
-- Which book has an ISBN (the 13 digits as a number). ISBNs come in no order, so
-- in one large table each of them changes a page of its own, which costs more
-- than the rest of a book. They gather in isbns_recent, which is small, and move
-- on to isbns many at a time, in order. An ISBN is in one of the two.
CREATE TABLE isbns (
    isbn    INTEGER NOT NULL PRIMARY KEY,
    book_id INTEGER NOT NULL
);
CREATE TABLE isbns_recent (
    isbn    INTEGER NOT NULL PRIMARY KEY,
    book_id INTEGER NOT NULL
);
-- One row: how many are in isbns_recent, and the last that moved on.
CREATE TABLE isbns_moving (
    recent INTEGER NOT NULL CHECK (recent >= 0),
    moved  INTEGER NOT NULL
);
INSERT INTO isbns_moving (recent, moved) VALUES (0, 0);
INSERT INTO isbns (isbn, book_id)
    SELECT CAST(isbn13 AS INTEGER), id FROM books WHERE isbn13 IS NOT NULL ORDER BY 1;
DROP INDEX books_isbn13;
