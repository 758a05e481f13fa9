package catalog_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

// Properties are checked as often as a short test run allows; -rapid.checks
// asks for more.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", propertyChecks)
	os.Exit(m.Run())
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "catalog.db") }

func open(t testing.TB, path string, starter func() ([]api.ImportRow, error)) *catalog.Service {
	t.Helper()
	s, err := catalog.Open(t.Context(), catalog.Options{Database: "sqlite:" + path, Starter: starter, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// empty is a catalog without a book, starter one with the first books of a new
// store.
func empty(t testing.TB) *catalog.Service   { return open(t, newPath(t), nil) }
func starter(t testing.TB) *catalog.Service { return open(t, newPath(t), bookfile.Starter) }

func usd(cents int64) api.Money { return api.Money{Amount: cents, Currency: "USD"} }

// titled is a new book of 10 dollars with so many copies.
func titled(title string, stock int64) api.BookEdit {
	return api.BookEdit{Title: api.Some(title), Price: api.Some(usd(1000)), Stock: api.Some(stock)}
}

func add(t testing.TB, s *catalog.Service, e api.BookEdit) api.Book {
	t.Helper()
	b, err := s.Create(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func edit(t testing.TB, s *catalog.Service, b api.Book, e api.BookEdit) api.Book {
	t.Helper()
	b, err := s.Edit(t.Context(), ref(b), nil, e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t testing.TB, s *catalog.Service, id int64) api.Book {
	t.Helper()
	b, err := s.Book(t.Context(), fmt.Sprint(id))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ref(b api.Book) string { return fmt.Sprint(b.ID) }

// wants fails unless err has the code and says every one of the texts.
func wants(t testing.TB, err error, code api.Code, texts ...string) {
	t.Helper()
	if api.CodeOf(err) != code {
		t.Fatalf("error %v (%s), want code %q", err, api.CodeOf(err), code)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

// sharedData opens a file of the data that stands beside the checkout.
func sharedData(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared/data", name))
	if os.IsNotExist(err) && os.Getenv("CI") != "true" {
		t.Skipf("no shared data beside the checkout: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// goodbooks are some thousand real books, with real faults taken out.
func goodbooks(t testing.TB, most int) (rows []api.ImportRow) {
	t.Helper()
	mapped, err := bookfile.ParseMap("title=title,isbn13=isbn,authors=authors,year=original_publication_year,language=language_code")
	set, setErr := bookfile.ParseSet("price=9.99,currency=USD,stock=100,topics=popular")
	r, openErr := bookfile.NewReader(sharedData(t, "goodbooks-10k/books.csv"),
		bookfile.Options{Map: mapped, Set: set, Key: "book_id", Separator: ","})
	if err := errors.Join(err, setErr, openErr); err != nil {
		t.Fatal(err)
	}
	for len(rows) < most {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && row.Err == nil {
			rows = append(rows, row.Book)
		}
	}
	return rows
}

func importAll(t testing.TB, s *catalog.Service, rows []api.ImportRow) {
	t.Helper()
	for part := range slices.Chunk(rows, api.MaxImportRows) {
		for _, r := range mustImport(t, s, api.ImportRequest{Source: "test", Rows: part}) {
			if r.Status == api.RowRejected {
				t.Fatalf("line %d: %s", r.Line, *r.Detail)
			}
		}
	}
}

func mustImport(t testing.TB, s *catalog.Service, r api.ImportRequest) []api.ImportResult {
	t.Helper()
	if r.ID == "" {
		r.ID = api.NewID()
	}
	for i := range r.Rows {
		if r.Rows[i].Line == 0 {
			r.Rows[i].Line = i + 1
		}
	}
	results, err := s.Import(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return results.Results
}

// all lists every book there is, retired ones too, by item number.
func all(t testing.TB, s *catalog.Service) []api.Book {
	t.Helper()
	return find(t, s, api.BookQuery{Sort: api.SortID, All: true, Limit: 1000})
}

// find follows a query to its last page.
func find(t testing.TB, s *catalog.Service, q api.BookQuery) (books []api.Book) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 1000
	}
	for {
		page, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		if len(page.Books) > q.Limit {
			t.Fatalf("%+v: a page of %d books", q, len(page.Books))
		}
		if books = append(books, page.Books...); page.NextCursor == nil {
			return books
		}
		q.Cursor = *page.NextCursor
	}
}

func ids(books []api.Book) []int64 {
	list := make([]int64, len(books))
	for i, b := range books {
		list[i] = b.ID
	}
	return list
}

func sorted(list []int64) []int64 {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// naiveWords is what a text consists of, found in another way than the
// catalog's.
func naiveWords(text string) (list []string) {
	for _, w := range strings.FieldsFunc(api.Fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		run := ""
		for _, r := range w {
			if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer) {
				list = append(list, run, string(r))
				run = ""
			} else {
				run += string(r)
			}
		}
		list = append(list, run)
	}
	return slices.DeleteFunc(list, func(w string) bool { return w == "" })
}

func wordsOf(b *api.Book) []string {
	texts := append(append([]string{b.Title}, b.Authors...), b.Topics...)
	if b.Publisher != nil {
		texts = append(texts, *b.Publisher)
	}
	return naiveWords(strings.Join(texts, "\n"))
}

func hasAll(have, wanted []string) bool {
	for i, w := range wanted {
		if !slices.ContainsFunc(have, func(h string) bool { return h == w || (i == len(wanted)-1 && strings.HasPrefix(h, w)) }) {
			return false
		}
	}
	return true
}

// naive gives the numbers of the books that a query should find.
func naive(books []api.Book, q api.BookQuery) (list []int64) {
	named := slices.ContainsFunc(books, func(b api.Book) bool { return b.State == api.OnSale && slices.Contains(b.Topics, api.Slug(q.Q)) })
	topic, text := api.Slug(q.Topic), q.Q+" "+q.Words
	if q.Q != "" && topic == "" && named {
		topic, text = api.Slug(q.Q), q.Words
	}
	isbn, _ := api.ParseISBN(strings.TrimSpace(text))
	for _, b := range books {
		switch {
		case b.State != api.OnSale && !q.All, q.InStock && b.Stock == 0, q.Currency != "" && b.Price.Currency != q.Currency,
			q.MinPrice != nil && b.Price.Amount < *q.MinPrice, q.MaxPrice != nil && b.Price.Amount > *q.MaxPrice,
			topic != "" && !slices.Contains(b.Topics, topic),
			q.Author != "" && !hasAll(naiveWords(strings.Join(b.Authors, "\n")), naiveWords(q.Author)),
			isbn != "" && (b.ISBN13 == nil || *b.ISBN13 != isbn),
			isbn == "" && !hasAll(wordsOf(&b), naiveWords(text)):
		default:
			list = append(list, b.ID)
		}
	}
	return list
}
