package bookfile_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestWhatIsExportedIsImportedAsItWas(t *testing.T) {
	for _, f := range []bookfile.Format{bookfile.CSV, bookfile.NDJSON, bookfile.ONIX} {
		t.Run(string(f), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				books := rapid.SliceOfN(rapid.Custom(drawBook), 1, 5).Draw(rt, "books")
				if f == bookfile.ONIX {
					inXML(books)
				}
				rows := parse(t, export(t, f, books), bookfile.Options{})
				if len(rows) != len(books) {
					rt.Fatalf("%d rows of %d books", len(rows), len(books))
				}
				for i, row := range rows {
					want := asRow(books[i])
					want.Line = row.Line
					if g, w := toJSON(t, row.Book), toJSON(t, want); row.Err != nil || g != w {
						rt.Fatalf("got  %s (%v)\nwant %s", g, row.Err, w)
					}
				}
			})
		})
	}
}

// inXML takes characters out of books that XML 1.0 does not have.
func inXML(books []api.Book) {
	clean := func(s *string) {
		*s = strings.TrimSpace(strings.Map(func(r rune) rune {
			if (r < ' ' && !strings.ContainsRune("\t\r\n", r)) || r == '\uFFFE' || r == '\uFFFF' {
				return '!'
			}
			return r
		}, *s))
	}
	for i := range books {
		b := &books[i]
		clean(&b.Title)
		for n := range b.Authors {
			clean(&b.Authors[n])
		}
		slices.Sort(b.Authors)
		b.Authors = slices.Compact(b.Authors)
		if b.Publisher != nil {
			clean(b.Publisher)
		}
	}
}

func export(t testing.TB, f bookfile.Format, books []api.Book) string {
	t.Helper()
	var b strings.Builder
	w := bookfile.NewWriter(&b, f)
	for i := range books {
		if err := w.Write(&books[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// asRow is the row that says all of a book that a file can say.
func asRow(b api.Book) api.ImportRow {
	return api.ImportRow{
		ID: &b.ID, ISBN13: b.ISBN13, Title: &b.Title, Authors: b.Authors, Topics: b.Topics,
		Publisher: b.Publisher, Year: b.Year, Language: b.Language, Description: b.Description,
		Price: &b.Price, Stock: &b.Stock, State: &b.State,
	}
}

// drawBook makes any book that a catalogue may have. Its texts are full of what
// files of text trip over.
func drawBook(t *rapid.T) api.Book {
	awkward := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("a,;\t|\"'\r\n\\=+-@{}[]é\u0301 \uFEFF"))))
	text := rapid.Map(awkward, func(s string) string {
		return norm.NFC.String(strings.TrimSpace(strings.ReplaceAll(s, "\x00", "")))
	})
	name := rapid.Map(text, func(s string) string { return norm.NFC.String(strings.TrimSpace(strings.ReplaceAll(s, ";", ""))) })
	full := func(s string) bool { return s != "" }
	once := func(s string) string { return s }
	return api.Book{
		ID:     rapid.Int64Range(1, api.MaxBookID).Draw(t, "id"),
		ISBN13: maybe(t, rapid.SampledFrom([]string{"9780439023481", "9791032305690"}), "isbn13"),
		Title:  text.Filter(full).Draw(t, "title"),
		Authors: rapid.SliceOfNDistinct(name.Filter(full), 0, 3, once).
			Draw(t, "authors"),
		Topics:    rapid.SliceOfNDistinct(rapid.Map(rapid.String(), api.Slug).Filter(full), 0, 3, once).Draw(t, "topics"),
		Publisher: maybe(t, text.Filter(full), "publisher"),
		Year:      maybe(t, rapid.IntRange(-5000, 9999), "year"),
		Language:  maybe(t, rapid.SampledFrom([]string{"en", "zh-Hant", "-"}), "language"),
		Description: maybe(t, rapid.Map(rapid.SliceOf(rapid.SampledFrom([]string{
			" ", "\r\n", "\n", "\r", `"`, `""`, ",", "word", "=1", "é", "\t",
		})), func(words []string) string { return strings.Join(words, "") }).Filter(full), "description"),
		Price: api.Money{
			Amount:   rapid.Int64Range(0, api.MaxAmount).Draw(t, "amount"),
			Currency: rapid.SampledFrom([]string{"USD", "JPY", "KWD", "CLF"}).Draw(t, "currency"),
		},
		Stock:   rapid.Int64Range(0, api.MaxStock).Draw(t, "stock"),
		State:   rapid.SampledFrom([]api.BookState{api.OnSale, api.Retired}).Draw(t, "state"),
		Version: 1,
	}
}

func maybe[T any](t *rapid.T, g *rapid.Generator[T], label string) *T {
	return rapid.Ptr(g, true).Draw(t, label)
}

func TestAnEmptyStoreIsExportedAsAHeader(t *testing.T) {
	want := "id,isbn13,title,authors,topics,publisher,year,language,description,price,currency,stock,state\n"
	if got := export(t, bookfile.CSV, nil); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := export(t, bookfile.ONIX, nil); !strings.Contains(got, "<NoProduct/>\n</ONIXMessage>") {
		t.Errorf("got %q, want a message without a product", got)
	}
	if got := export(t, bookfile.NDJSON, nil); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestStarterIsACatalogueToShopIn(t *testing.T) {
	rows, err := bookfile.Starter()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 32 {
		t.Errorf("%d books, want 32", len(rows))
	}
	topics := map[string]int{}
	for i, b := range rows {
		if *b.ID != int64(i+1) || !b.Price.Valid() || b.Price.Amount == 0 || *b.Stock == 0 {
			t.Errorf("book %d: %s", i+1, toJSON(t, b))
		}
		for _, topic := range b.Topics {
			topics[topic]++
		}
	}
	if topics["distributed-systems"] < 2 || topics["graduate-school"] < 2 {
		t.Errorf("topics %v lack the classic ones", topics)
	}
	if titles := rows[13].Authors; !slices.Contains(titles, "Luís Rodrigues") {
		t.Errorf("authors of book 14: %q", titles)
	}
}
