package bookfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bazar-store/bazar/internal/bookfile"
)

// goodbooks are the options for a real file, as one would type them. Its
// authors are separated by commas.
func goodbooks(t testing.TB) bookfile.Options {
	return bookfile.Options{
		Map:       mustPairs(t, bookfile.ParseMap, "title=title,isbn13=isbn,authors=authors,year=original_publication_year,language=language_code"),
		Set:       mustPairs(t, bookfile.ParseSet, "price=9.99,currency=USD,stock=100,topics=popular"),
		Key:       "book_id",
		Separator: ",",
	}
}

func TestTenThousandRealBooks(t *testing.T) {
	r, err := bookfile.NewReader(sharedData(t, "goodbooks-10k/books.csv"), goodbooks(t))
	if err != nil {
		t.Fatal(err)
	}
	rows := readAll(t, r)
	var bad, without, ancient int
	isbns, keys := map[string]bool{}, map[string]bool{}
	for _, row := range rows {
		if row.Err != nil {
			wants(t, row.Err, "has a wrong check digit")
			bad++
			continue
		}
		b := row.Book
		keys[*b.Key] = true
		if b.ISBN13 == nil {
			without++
		} else {
			isbns[*b.ISBN13] = true
		}
		if b.Year != nil && *b.Year < 0 {
			ancient++
		}
		if *b.Stock != 100 || b.Price.Amount != 999 || len(b.Authors) == 0 || len(b.Topics) != 1 {
			t.Fatalf("line %d: %s", row.Line, toJSON(t, b))
		}
	}
	got := fmt.Sprintf("%d rows, %d bad, %d without ISBN, %d ISBNs, %d keys, %d before Christ", len(rows), bad, without, len(isbns), len(keys), ancient)
	if want := "10000 rows, 23 bad, 700 without ISBN, 9277 ISBNs, 9977 keys, 31 before Christ"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRealBooksOneAuthorACell(t *testing.T) {
	o := goodbooks(t)
	o.Separator = ""
	r, err := bookfile.NewReader(sharedData(t, "goodbooks-10k/books.csv"), o)
	if err != nil {
		t.Fatal(err)
	}
	longest, bad := 0, 0
	for _, row := range readAll(t, r) {
		if row.Err != nil {
			bad++
		}
		for _, a := range row.Book.Authors {
			longest = max(longest, utf8.RuneCountInString(a))
		}
	}
	if longest != 742 || bad != 23 {
		t.Errorf("the longest author has %d characters and %d rows are bad, want 742 and 23", longest, bad)
	}
}

func TestRealBooksAreRecognised(t *testing.T) {
	r, err := bookfile.NewReader(sharedData(t, "goodbooks-10k/books.csv"), bookfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bad, authors := 0, 0
	rows := readAll(t, r)
	for _, row := range rows {
		if row.Err != nil {
			wants(t, row.Err, "has a wrong check digit")
			bad++
		}
		authors += len(row.Book.Authors)
	}
	if len(rows) != 10000 || bad != 23 || authors < 13000 || r.Source() != "goodreads" {
		t.Errorf("%d rows, %d bad, %d authors, keys from %q; want 10000, 23, thousands, goodreads", len(rows), bad, authors, r.Source())
	}
}

func BenchmarkReadCSV(b *testing.B) {
	line := "9780439023481,The Hunger Games,Suzanne Collins,2008,44.99\n"
	benchmark(b, "isbn13,title,authors,year,price\n"+strings.Repeat(line, 10_000), bookfile.Options{Currency: "USD"})
}

func BenchmarkReadNDJSON(b *testing.B) {
	line := `{"isbn13":"9780439023481","title":"The Hunger Games","authors":["Suzanne Collins"],"year":2008,"price":{"amount":4499,"currency":"USD"}}` + "\n"
	benchmark(b, strings.Repeat(line, 10_000), bookfile.Options{})
}

func BenchmarkReadGoodbooks(b *testing.B) {
	text, err := io.ReadAll(sharedData(b, "goodbooks-10k/books.csv"))
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, string(text), goodbooks(b))
}

func benchmark(b *testing.B, text string, o bookfile.Options) {
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	rows := 0
	for b.Loop() {
		r, err := bookfile.NewReader(bytes.NewReader([]byte(text)), o)
		if err != nil {
			b.Fatal(err)
		}
		for _, err = r.Read(); err == nil; _, err = r.Read() {
			rows++
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
