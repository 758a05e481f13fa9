package bookfile_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

// Each cell stands in a row with the title T; what is wanted is the row as
// JSON, without line and title, or a part of the error.
func TestCells(t *testing.T) {
	list := func(n int) string {
		items := make([]string, n)
		for i := range items {
			items[i] = "x" + strconv.Itoa(i)
		}
		return strings.Join(items, ";")
	}
	tests := []struct{ column, cell, want string }{
		{"isbn13", "9780439023481", `{"isbn13":"9780439023481"}`},
		{"isbn13", " 978-0-439-02348-1 ", `{"isbn13":"9780439023481"}`},
		{"isbn", "0439023483", `{"isbn13":"9780439023481"}`},
		{"ISBN-10", "439023483", `{"isbn13":"9780439023481"}`},
		{"isbn", `="0439023483"`, `{"isbn13":"9780439023481"}`},
		{"isbn", `"=""0439023483"""`, `{"isbn13":"9780439023481"}`},
		{"isbn", `=""`, `{}`},
		{"isbn", " ", `{}`},
		{"isbn", "9.78043902348e+12", "turned into a number by a spreadsheet; map the ISBN-10 column"},
		{"isbn", `"9,78043902348E+12"`, "turned into a number by a spreadsheet"},
		{"isbn", "0439023484", "wrong check digit"},
		{"isbn", "one", "is not an ISBN"},

		{"authors", " A. Author ; B;;B ", `{"authors":["A. Author","B"]}`},
		{"Author", "A", `{"authors":["A"]}`},
		{"author", " ; ", `{}`},
		{"author", strings.Repeat("x", api.MaxAuthor+1), "an author's name is longer than 1000 characters"},
		{"author", list(api.MaxAuthors + 1), "more than 100 authors"},
		{"author", "Jose\u0301", `{"authors":["José"]}`},

		{"topics", "Distributed Systems;go; distributed-systems", `{"topics":["distributed-systems","go"]}`},
		{"Subject", "C++", `{"topics":["c"]}`},
		{"topics", "go;!!", `topic "!!" has no letter and no digit`},
		{"topics", list(api.MaxTopics + 1), "more than 50 topics"},

		{"publisher", " O'Reilly ", `{"publisher":"O'Reilly"}`},
		{"publisher", strings.Repeat("x", api.MaxPublisher+1), "publisher is longer than 500 characters"},
		{"language", " en-GB ", `{"language":"en-GB"}`},
		{"language", strings.Repeat("x", api.MaxLanguage+1), "language is longer than 35 characters"},
		{"description", "\" two\nlines \"", `{"description":" two\nlines "}`},
		{"description", "=1+1", `{"description":"=1+1"}`},
		{"description", strings.Repeat("é", api.MaxDescription+1), "description is longer than 20000 characters"},

		{"year", "1999", `{"year":1999}`},
		{"year", "2008.0", `{"year":2008}`},
		{"year", "-750.0", `{"year":-750}`},
		{"year", "1999-05-01", `{"year":1999}`},
		{"year", "1999-05", `{"year":1999}`},
		{"year", "c1987", `{"year":1987}`},
		{"year", "-5000", `{"year":-5000}`},
		{"year", "9999", `{"year":9999}`},
		{"year", "", `{}`},
		{"year", "-5001", "year -5001 is not between -5000 and 9999"},
		{"year", "10000", "is not between"},
		{"year", "2008.", `{"year":2008}`},
		{"year", "c1987.", `{"year":1987}`},
		{"year", "c. 1987", `{"year":1987}`},
		{"year", "ca. 1987", `{"year":1987}`},
		{"year", "©1999", `{"year":1999}`},
		{"year", "℗ 1999", `{"year":1999}`},
		{"year", "(c) 1999", `{"year":1999}`},
		{"year", "[1987]", `{"year":1987}`},
		{"year", "[c1987?]", `{"year":1987}`},
		{"year", "1999?", `{"year":1999}`},
		{"year", "May 1999", `{"year":1999}`},
		{"year", "Sept. 1, 1999", `{"year":1999}`},
		{"year", "1st of June 1999", `{"year":1999}`},
		{"year", "Fall 1999", `{"year":1999}`},
		{"year", "01/05/1999", `{"year":1999}`},
		{"year", "1999/5/1", `{"year":1999}`},
		{"year", "1999-5-1", `{"year":1999}`},
		{"year", "1.5.1999", `{"year":1999}`},
		{"year", "05.1999", `{"year":1999}`},
		{"year", "1999-00-00", `{"year":1999}`},
		{"year", "1999-05-01T00:00:00Z", `{"year":1999}`},
		{"year", "1999-05-01 00:00:00", `{"year":1999}`},
		{"year", "5/1/1999 12:00:00 AM", `{"year":1999}`},
		{"year", "1999年5月", `{"year":1999}`},
		{"year", "2008.5", `year "2008.5" is not a year`},
		{"year", "1999-2001", "is not a year"},
		{"year", "1999 [c1998]", "is not a year"},
		{"year", "1998/99", "is not a year"},
		{"year", "1999-13", "is not a year"},
		{"year", "1999/32/1", "is not a year"},
		{"year", "01/05/99", "is not a year"},
		{"year", "1999 BC", "is not a year"},
		{"year", "-1999?", "is not a year"},
		{"year", "0000-00-00", "is not a year"},
		{"year", "199-?", "is not a year"},
		{"year", "19990501", "is not between"},
		{"year", "1999x05-01", "is not a year"},
		{"year", "199x-05-01", "is not a year"},
		{"year", "1 2 3 1999", "is not a year"},
		{"year", "June July 5 1999", "is not a year"},
		{"year", "after 1999", "is not a year"},
		{"year", ":", "is not a year"},
		{"year", "soon", "is not a year"},

		{"price", "44.99", `{"price":{"amount":4499,"currency":"EUR"}}`},
		{"price", "44.99 usd", `{"price":{"amount":4499,"currency":"USD"}}`},
		{"price", "900JPY", `{"price":{"amount":900,"currency":"JPY"}}`},
		{"price", "", `{}`},
		{"price", "-1", "is not an amount of money"},
		{"price", "44.9999", "too many decimals"},

		{"stock", "0", `{"stock":0}`},
		{"stock", "1000000000", `{"stock":1000000000}`},
		{"stock", "1000000001", `stock "1000000001" is not a number of copies from 0 to 1000000000`},
		{"stock", "-1", "is not a number of copies"},
		{"stock", "1.0", "is not a number of copies"},

		{"state", "on_sale", `{"state":"on_sale"}`},
		{"state", "retired", `{"state":"retired"}`},
		{"state", "sold", `state "sold" is neither on_sale nor retired`},

		{"number", " B-17 ", `{"key":"B-17"}`},
		{"number", "", `{}`},
		{"number", strings.Repeat("x", 201), "key is longer than 200 characters"},
	}
	for _, test := range tests {
		t.Run(test.column+" "+test.cell[:min(20, len(test.cell))], func(t *testing.T) {
			o := bookfile.Options{Currency: "EUR", Delimiter: '\t', Format: bookfile.CSV}
			if test.column == "number" {
				o.Key = "number"
			}
			rows := parse(t, "title\t"+test.column+"\nT\t"+test.cell, o)
			if len(rows) != 1 {
				t.Fatalf("%d rows, want 1", len(rows))
			}
			if !strings.HasPrefix(test.want, "{") {
				wants(t, rows[0].Err, test.want)
				return
			}
			want := strings.Replace(`{"line":2,"title":"T",`+test.want[1:], ",}", "}", 1)
			wants(t, rows[0].Err, "")
			sameBook(t, rows[0].Book, want)
		})
	}
}

// sameBook compares a row with what is wanted as JSON.
func sameBook(t *testing.T, got api.ImportRow, want string) {
	t.Helper()
	var book api.ImportRow
	if err := json.Unmarshal([]byte(want), &book); err != nil {
		t.Fatal(err)
	}
	if g, w := toJSON(t, got), toJSON(t, book); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTitles(t *testing.T) {
	for cell, want := range map[string]string{
		"  The  Title ": "The  Title", "Cafe\u0301": "Café", "تاریخ": "تاریخ", "-": "-", "=x": "=x",
	} {
		if b := goodRow(t, "TITLE,year\n"+cell+",", bookfile.Options{}); *b.Title != want {
			t.Errorf("%q: title %q, want %q", cell, *b.Title, want)
		}
	}
	for cell, want := range map[string]string{
		" ": "it has no title", strings.Repeat("x", api.MaxTitle+1): "title is longer than 1000 characters",
	} {
		wants(t, parse(t, "title,year\n"+cell+",", bookfile.Options{})[0].Err, want)
	}
}

func TestOptionsFillRows(t *testing.T) {
	type options = bookfile.Options
	tests := map[string]struct {
		text, set, fields string
		o                 options
		want              string
	}{
		"a constant where there is no column": {"title\na", "stock=7,topics=x;y,authors=A", "", options{}, `{"line":2,"title":"a","stock":7,"topics":["x","y"],"authors":["A"]}`},
		"the cell wins":                       {"title,stock\na,3", "stock=7", "", options{}, `{"line":2,"title":"a","stock":3}`},
		"unless it is empty":                  {"title,stock\na, ", "stock=7", "", options{}, `{"line":2,"title":"a","stock":7}`},
		"even the title":                      {"publisher\np", "title=t", "", options{}, `{"line":2,"title":"t","publisher":"p"}`},
		"a currency for all":                  {"title,price\na,1", "currency=JPY", "", options{Currency: "EUR"}, `{"line":2,"title":"a","price":{"amount":1,"currency":"JPY"}}`},
		"a currency in the row":               {"title,price,currency\na,1,kwd", "", "", options{Currency: "EUR"}, `{"line":2,"title":"a","price":{"amount":1000,"currency":"KWD"}}`},
		"a price for all, their currency":     {"title,currency\na,JPY", "price=900", "", options{}, `{"line":2,"title":"a","price":{"amount":900,"currency":"JPY"}}`},
		"a currency without a price":          {"title,currency\na,JPY", "", "", options{}, `{"line":2,"title":"a"}`},
		"mapped":                              {"Name,title\na,b", "", "title=Name", options{}, `{"line":2,"title":"a"}`},
		"mapped in other letters":             {"book_name,x\na,b", "", "title=Book Name", options{}, `{"line":2,"title":"a"}`},
		"one column for two":                  {"n,x\na,b", "", "title=n,publisher=n", options{Key: "n"}, `{"line":2,"title":"a","publisher":"a","key":"a"}`},
		"a separator":                         {"title|author\na|B, C", "", "", options{Separator: ","}, `{"line":2,"title":"a","authors":["B","C"]}`},
		"members mapped":                      {`{"n":"a","title":"b","year":1}`, "stock=7", "title=n", options{Key: "year"}, `{"line":1,"title":"a","key":"1","stock":7}`},
		"an empty list is empty":              {`{"title":"b","topics":[],"authors":["A"]}`, "topics=x,authors=B", "", options{}, `{"line":1,"title":"b","topics":["x"],"authors":["A"]}`},
		"a price keeps its own currency":      {`{"title":"b","price":{"amount":5,"currency":"JPY"},"currency":"USD"}`, "currency=EUR", "", options{}, `{"line":1,"title":"b","price":{"amount":5,"currency":"JPY"}}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.o.Set = mustPairs(t, bookfile.ParseSet, test.set)
			test.o.Map = mustPairs(t, bookfile.ParseMap, test.fields)
			sameBook(t, goodRow(t, test.text, test.o), test.want)
		})
	}
	t.Run("no currency at all", func(t *testing.T) {
		wants(t, parse(t, "title,price\na,1", options{})[0].Err, `price "1" has no currency; give one for all with --set currency=USD`)
	})
}

func TestItemNumbersCountInOurExportsAlone(t *testing.T) {
	const header = "id,isbn13,title,authors,topics,price,currency,stock"
	const export = `{"id":7,"title":"T","price":{"amount":1,"currency":"USD"},"stock":0,"version":1}`
	tests := map[string]struct {
		text string
		o    bookfile.Options
		want int64 // 0: none
	}{
		"an export":                    {header + "\n7,,T,,,1,USD,0", bookfile.Options{}, 7},
		"a column is missing":          {"id,title,authors,topics,price,currency,stock\n7,T,,,1,USD,0", bookfile.Options{}, 0},
		"something is mapped":          {header + "\n7,,T,,,1,USD,0", bookfile.Options{Map: map[string]string{"title": "title"}}, 0},
		"an export as NDJSON":          {export, bookfile.Options{}, 7},
		"a member is missing":          {strings.Replace(export, `,"version":1`, "", 1), bookfile.Options{}, 0},
		"the price is not an object":   {strings.Replace(export, `{"amount":1,"currency":"USD"}`, `"1USD"`, 1), bookfile.Options{}, 0},
		"something is mapped, NDJSON":  {export, bookfile.Options{Map: map[string]string{"title": "title"}}, 0},
		"an export with a key as well": {header + "\n7,,T,,,1,USD,0", bookfile.Options{Key: "title"}, 7},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got int64
			if b := goodRow(t, test.text, test.o); b.ID != nil {
				got = *b.ID
			}
			if got != test.want {
				t.Errorf("id %d, want %d", got, test.want)
			}
		})
	}
	for _, id := range []string{"0", "-1", "1000000000", "x"} {
		wants(t, parse(t, header+"\n"+id+",,T,,,1,USD,0", bookfile.Options{})[0].Err, "is not an item number")
	}
}
