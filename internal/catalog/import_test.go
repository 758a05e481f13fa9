package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

// row is a row of a file with a title, a price and whatever else is given.
func row(title string, more ...func(*api.ImportRow)) api.ImportRow {
	price, stock := usd(500), int64(3)
	r := api.ImportRow{Title: &title, Price: &price, Stock: &stock}
	for _, f := range more {
		f(&r)
	}
	return r
}

func isbn(s string) func(*api.ImportRow)       { return func(r *api.ImportRow) { r.ISBN13 = &s } }
func key(s string) func(*api.ImportRow)        { return func(r *api.ImportRow) { r.Key = &s } }
func number(n int64) func(*api.ImportRow)      { return func(r *api.ImportRow) { r.ID = &n } }
func stock(n int64) func(*api.ImportRow)       { return func(r *api.ImportRow) { r.Stock = &n } }
func authors(a ...string) func(*api.ImportRow) { return func(r *api.ImportRow) { r.Authors = a } }

// statuses tells an import's results: "new 1, same 2, rejected conflict".
func statuses(results []api.ImportResult) string {
	var list []string
	for _, r := range results {
		text := string(r.Status)
		if r.BookID != nil {
			text += fmt.Sprint(" ", *r.BookID)
		}
		if r.Code != nil {
			text += " " + string(*r.Code)
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func imports(t *testing.T, s *catalog.Service, want string, rows ...api.ImportRow) []api.ImportResult {
	t.Helper()
	results := mustImport(t, s, api.ImportRequest{Source: "shop", Rows: rows})
	if got := statuses(results); got != want {
		t.Errorf("imported as %s\nwant        %s", got, want)
	}
	return results
}

const (
	isbnA = "9780306406157"
	isbnB = "9780804429573"
	isbnC = "9791090636071"
)

func TestARowIsMatchedByISBNThenKeyThenNumber(t *testing.T) {
	s := empty(t)
	imports(t, s, "new 1, new 2, new 10, new 3", row("A", isbn(isbnA)), row("K", key("k1")), row("N", number(10)), row("T"))
	imports(t, s, "changed 1, changed 2, changed 10, same 3",
		row("A2", isbn("0-306-40615-2"), number(77)), row("K2", key("k1"), number(10)), row("N2", number(10)), row("T"))
	imports(t, s, "changed 2", row("K3", key("k1"), isbn(isbnB)))
	imports(t, s, "changed 2", row("K4", isbn(isbnB)))
	imports(t, s, "rejected conflict", row("?", isbn(isbnA), key("k1")))
	other := mustImport(t, s, api.ImportRequest{Source: "another shop", Rows: []api.ImportRow{row("K", key("k1"))}})
	if got := statuses(other); got != "new 11" {
		t.Errorf("the key of another source: %s", got)
	}
	checkInvariants(t, s)
}

func TestStockIsTakenForNewBooksUnlessAskedFor(t *testing.T) {
	s := empty(t)
	imports(t, s, "new 1", row("A", key("a"), stock(5)))
	imports(t, s, "same 1", row("A", key("a"), stock(50)))
	if got := read(t, s, 1).Stock; got != 5 {
		t.Errorf("stock %d", got)
	}
	update := api.ImportRequest{Source: "shop", UpdateStock: true, Rows: []api.ImportRow{row("A", key("a"), stock(50)), row("B", key("b"), stock(2))}}
	if got := statuses(mustImport(t, s, update)); got != "changed 1, new 2" {
		t.Errorf("updated: %s", got)
	}
	if got := statuses(mustImport(t, s, update)); got != "same 1, same 2" {
		t.Errorf("updated again: %s", got)
	}
	if got := read(t, s, 1); got.Stock != 50 || got.Version != 1 {
		t.Errorf("%s", toJSON(t, got))
	}
	checkInvariants(t, s)
}

func TestTheSameFileTwiceChangesNothing(t *testing.T) {
	s := empty(t)
	file := func() []api.ImportRow {
		return []api.ImportRow{
			row("A", isbn(isbnA), authors("X", "Y")), row("Cafe\u0301"), row("Café", authors("X")), row(" Spaces "), row("K", key("k")), row("N", number(500)),
		}
	}
	first := mustImport(t, s, api.ImportRequest{Source: "shop", Rows: file()})
	before := toJSON(t, all(t, s))
	second := mustImport(t, s, api.ImportRequest{Source: "shop", Rows: file(), UpdateStock: true})
	if got, want := statuses(second), strings.ReplaceAll(statuses(first), "new", "same"); got != want {
		t.Errorf("first  %s\nsecond %s", statuses(first), got)
	}
	if after := toJSON(t, all(t, s)); after != before {
		t.Errorf("from %s\nto   %s", before, after)
	}
}

func TestWhatAFieldDoesNotSayIsKept(t *testing.T) {
	s := empty(t)
	full := row("A", key("a"), authors("X"), isbn(isbnA))
	year, publisher := 1999, "P"
	full.Year, full.Publisher, full.Topics = &year, &publisher, []string{"t"}
	imports(t, s, "new 1", full)
	before := read(t, s, 1)
	k := "a"
	imports(t, s, "same 1", api.ImportRow{Key: &k})
	if after := read(t, s, 1); toJSON(t, after) != toJSON(t, before) {
		t.Errorf("%s", toJSON(t, after))
	}
}

func TestOneBookTwiceInARequestIsRejectedTheSecondTime(t *testing.T) {
	for name, again := range map[string]api.ImportRow{
		"by ISBN": row("Other", isbn(isbnA)), "by key": row("Other", key("k")), "by number": row("First", number(1)),
	} {
		t.Run(name, func(t *testing.T) {
			for _, distance := range []int{0, 30, 300, 900} { // in one transaction or in the next
				for _, dry := range []bool{true, false} {
					s := empty(t)
					s.SetImportStep(25)
					rows := []api.ImportRow{row("First", isbn(isbnA), key("k"), number(1))}
					for i := range distance {
						rows = append(rows, row(fmt.Sprint("Between ", i)))
					}
					again := again
					results := mustImport(t, s, api.ImportRequest{Source: "shop", Rows: append(rows, again), DryRun: dry})
					last := results[len(results)-1]
					if last.Status != api.RowRejected || *last.Code != api.CodeConflict || !strings.Contains(*last.Detail, "line 1 ") {
						t.Errorf("%d rows on, dry %t: %s", distance, dry, toJSON(t, last))
					}
				}
			}
		})
	}
}

func TestADryRunTellsWhatARealOneDoesAndWritesNothing(t *testing.T) {
	s := starter(t)
	s.SetImportStep(25)
	var rows []api.ImportRow
	for i := range 120 {
		rows = append(rows, row(fmt.Sprint("Book ", i%100), key(fmt.Sprint("k", i%90))))
	}
	rows = append(rows, row("RPCs for Dummies", number(2)), row("", key("x")), row("New", isbn(isbnA)), row("Newer", isbn(isbnA)), row("N", number(1)))
	before := toJSON(t, all(t, s))
	dry := mustImport(t, s, api.ImportRequest{Source: "shop", Rows: slices.Clone(rows), DryRun: true})
	if after := toJSON(t, all(t, s)); after != before {
		t.Error("a dry run has written")
	}
	results := mustImport(t, s, api.ImportRequest{Source: "shop", Rows: rows})
	for i := range results {
		if (dry[i].Status == api.RowChanged) != (len(dry[i].Changes) > 0) || results[i].Changes != nil {
			t.Errorf("line %d: dry %s, real %s", results[i].Line, toJSON(t, dry[i]), toJSON(t, results[i]))
		}
		dry[i].Changes = nil
		if results[i].Status == api.RowNew {
			if dry[i].BookID != nil {
				t.Errorf("a dry run promises number %d", *dry[i].BookID)
			}
			dry[i].BookID = results[i].BookID
		}
	}
	if toJSON(t, dry) != toJSON(t, results) {
		t.Errorf("dry  %s\nreal %s", statuses(dry), statuses(results))
	}
	checkInvariants(t, s)
}

func TestABadRowStopsNoOther(t *testing.T) {
	s := empty(t)
	cheap := row("No price", key("p"))
	cheap.Price = nil
	results := imports(t, s, "new 1, rejected invalid_request, rejected invalid_request, rejected invalid_request, rejected invalid_request, "+
		"rejected invalid_request, rejected invalid_request, rejected invalid_request, new 2",
		row("Good", key("g")), row("", key("e")), cheap, row("Bad ISBN", isbn("0306406153")), row("Bad number", number(api.MaxBookID+1)),
		row("Bad number", number(0)), row("Bad stock", stock(-1)), row("Bad author", authors("A;B")), row("Good too", key("h")))
	for _, r := range results {
		if r.Status == api.RowRejected && (r.Detail == nil || *r.Detail == "") {
			t.Errorf("line %d: no reason", r.Line)
		}
	}
	checkInvariants(t, s)
}

func TestARequestHasItsLimits(t *testing.T) {
	s := empty(t)
	rows := make([]api.ImportRow, api.MaxImportRows+1)
	for i := range rows {
		rows[i] = row(fmt.Sprint("Book ", i))
	}
	for reason, r := range map[string]api.ImportRequest{
		"not 1001":         {ID: api.NewID(), Rows: rows},
		"1 to 1000":        {ID: api.NewID()},
		"not a UUID":       {ID: "x", Rows: rows[:1]},
		"source is longer": {ID: api.NewID(), Source: strings.Repeat("x", 501), Rows: rows[:1]},
	} {
		_, err := s.Import(t.Context(), r)
		wants(t, err, api.CodeInvalid, reason)
	}
	if results := mustImport(t, s, api.ImportRequest{Source: "shop", Rows: rows[:api.MaxImportRows]}); len(results) != api.MaxImportRows {
		t.Errorf("%d results", len(results))
	}
	if n := len(all(t, s)); n != api.MaxImportRows {
		t.Errorf("%d books", n)
	}
}

// In another store the same number is another book; ISBNs tell.
func TestANumberThatIsTakenByAnotherISBNIsExchanged(t *testing.T) {
	s := empty(t)
	imports(t, s, "new 7", row("Mine", isbn(isbnA), number(7)))
	rows := []api.ImportRow{row("Theirs", isbn(isbnB), number(7))}
	imports(t, s, "new 8", rows...)
	imports(t, s, "same 8", rows...)
	if *rows[0].ID != 7 {
		t.Error("the caller's rows were changed")
	}
	imports(t, s, "same 7", row("Mine", number(7)))
	// Without an ISBN the title tells, and importing again makes no second book.
	other := row("Another's, without an ISBN", number(7))
	imports(t, s, "new 9", other)
	imports(t, s, "same 9", other)
	checkInvariants(t, s)
}

func TestNumbersThatRowsAskForAreGivenToNoOther(t *testing.T) {
	s := empty(t)
	s.SetImportStep(25)
	var rows []api.ImportRow
	for i := range 40 {
		rows = append(rows, row(fmt.Sprint("Unnumbered ", i)))
	}
	rows = append(rows, row("One", number(1)), row("Thirty", number(30)), row("Far", number(api.MaxBookID)), row("More"))
	given := map[int64]bool{}
	for _, r := range mustImport(t, s, api.ImportRequest{Source: "shop", Rows: rows}) {
		if r.Status != api.RowNew || given[*r.BookID] {
			t.Errorf("line %d: %s", r.Line, toJSON(t, r))
		}
		given[*r.BookID] = true
	}
	for id, title := range map[int64]string{1: "One", 30: "Thirty", api.MaxBookID: "Far"} {
		if b := read(t, s, id); b.Title != title {
			t.Errorf("book %d is %q", id, b.Title)
		}
	}
	checkInvariants(t, s)
}

func TestTenThousandRealBooksAreImportedAndFound(t *testing.T) {
	s := empty(t)
	rows := goodbooks(t, 10_000)
	importAll(t, s, rows)
	checkRows(t, s)
	for _, r := range mustImport(t, s, api.ImportRequest{Source: "test", Rows: rows[:1000]}) {
		if r.Status != api.RowSame {
			t.Fatalf("again, line %d is %s", r.Line, toJSON(t, r))
		}
	}
}
