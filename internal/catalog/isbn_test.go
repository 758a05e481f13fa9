package catalog_test

import (
	"math/rand/v2"
	"testing"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// recentISBNs is how many ISBNs may stand in the small table.
const recentISBNs = 32_000

func count(t *testing.T, db *database.DB, query string) (n int64) {
	t.Helper()
	if _, err := database.ScanOne(db.Read(t.Context()), []any{&n}, query); err != nil {
		t.Fatal(err)
	}
	return n
}

// The small table is filled by hand here, with ISBNs of books that are not
// there: it would take a minute by imports.
func TestISBNsMoveOnAndAreFoundInBothTables(t *testing.T) {
	s := empty(t)
	err := s.DB().Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO isbns_recent WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			SELECT 9790000000000 + i * 7, 900000000 FROM n`, recentISBNs).Error
	})
	if err == nil {
		err = s.DB().Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE isbns_moving SET recent = ?", recentISBNs).Error })
	}
	if err != nil {
		t.Fatal(err)
	}
	rows := shelfful(rand.New(rand.NewPCG(1, 1)), 0, 3*api.MaxImportRows) // the same books each time
	importAll(t, s, rows)

	recent, old := count(t, s.DB(), "SELECT count(*) FROM isbns_recent"), count(t, s.DB(), "SELECT count(*) FROM isbns")
	if counted := count(t, s.DB(), "SELECT recent FROM isbns_moving"); recent != recentISBNs || counted != recent || old != int64(len(rows)) {
		t.Errorf("%d recent ISBNs, counted as %d, and %d older ones of %d", recent, counted, old, recentISBNs+len(rows))
	}
	if both := count(t, s.DB(), "SELECT count(*) FROM isbns JOIN isbns_recent USING (isbn)"); both != 0 {
		t.Errorf("%d ISBNs are in both tables", both)
	}
	for i := range rows {
		b, err := s.Book(t.Context(), *rows[i].ISBN13)
		if err != nil || *b.ISBN13 != *rows[i].ISBN13 {
			t.Fatalf("by ISBN %s: %v, %v", *rows[i].ISBN13, b, err)
		}
	}
	importAll(t, s, rows) // finds them all, or there would be two of each
	if books := count(t, s.DB(), "SELECT count(*) FROM books"); books != int64(len(rows)) {
		t.Errorf("%d books after the second import of %d", books, len(rows))
	}
}

func TestAnISBNIsOneBooks(t *testing.T) {
	s := empty(t)
	first := add(t, s, api.BookEdit{Title: api.Some("One"), Price: api.Some(usd(1)), ISBN13: api.Some("9780262033848")})
	second := add(t, s, titled("Two", 1))
	for _, moved := range []bool{false, true} {
		if moved {
			err := s.DB().Write(t.Context(), func(tx *gorm.DB) error {
				return tx.Exec("INSERT INTO isbns SELECT * FROM isbns_recent").Error
			})
			if err == nil {
				err = s.DB().Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DELETE FROM isbns_recent").Error })
			}
			if err == nil {
				err = s.DB().Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE isbns_moving SET recent = 0").Error })
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := s.Create(t.Context(), api.BookEdit{Title: api.Some("Three"), Price: api.Some(usd(1)), ISBN13: api.Some("9780262033848")})
		wants(t, err, "conflict", "9780262033848")
		_, err = s.Edit(t.Context(), ref(second), nil, api.BookEdit{ISBN13: api.Some("9780262033848")})
		wants(t, err, "conflict", "9780262033848")
	}
	edit(t, s, first, api.BookEdit{ISBN13: api.Some("9780131103627")})
	edit(t, s, second, api.BookEdit{ISBN13: api.Some("9780262033848")}) // it is free again
	for isbn, want := range map[string]int64{"9780262033848": second.ID, "9780131103627": first.ID} {
		if b, err := s.Book(t.Context(), isbn); err != nil || b.ID != want {
			t.Errorf("ISBN %s is book %d's, %v; it should be %d's", isbn, b.ID, err, want)
		}
	}
}
