package bookfile_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
)

func TestParseFormat(t *testing.T) {
	for s, want := range map[string]bookfile.Format{"csv": bookfile.CSV, "NDJSON": bookfile.NDJSON, "Onix": bookfile.ONIX} {
		if f, err := bookfile.ParseFormat(s); f != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", s, f, err, want)
		}
	}
	for _, s := range []string{"", "xml", "json"} {
		_, err := bookfile.ParseFormat(s)
		wants(t, err, "write csv, ndjson, onix, marc or marcxml")
	}
}

func TestParsePairs(t *testing.T) {
	tests := map[string]struct {
		list string
		want map[string]string
		err  string
	}{
		"nothing":           {"", map[string]string{}, ""},
		"pairs":             {"title=Book Title, isbn13 = isbn", map[string]string{"title": "Book Title", "isbn13": "isbn"}, ""},
		"names as written":  {"ISBN-13=a,Author=b", map[string]string{"isbn13": "a", "authors": "b"}, ""},
		"comma in quotes":   {`"title=Title, in full",year=y`, map[string]string{"title": "Title, in full", "year": "y"}, ""},
		"quote in quotes":   {`"title=the ""T"""`, map[string]string{"title": `the "T"`}, ""},
		"equals in a value": {"title=a=b", map[string]string{"title": "a=b"}, ""},
		"unknown field":     {"titel=title", nil, `"titel" is not a field of a book; the fields are isbn13, title, authors, topics, publisher, year, language, description, price, currency, stock, state`},
		"id":                {"id=book_id", nil, "use --key book_id"},
		"no value":          {"title=", nil, "is not field=value"},
		"no equals":         {"title", nil, "is not field=value"},
		"no name":           {"=title", nil, "is not field=value"},
		"empty pair":        {"title=a,,year=b", nil, "is not field=value"},
		"twice":             {"isbn=a,isbn13=b", nil, "isbn13 is given twice"},
		"quote not closed":  {`"title=a`, nil, "stands in quotes"},
		"quote in the open": {`title="a, b"`, nil, "stands in quotes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, read := range []func(string) (map[string]string, error){bookfile.ParseMap, bookfile.ParseSet} {
				got, err := read(test.list)
				wants(t, err, test.err)
				if err == nil && !maps.Equal(got, test.want) {
					t.Errorf("%v, want %v", got, test.want)
				}
			}
		})
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	type options = bookfile.Options
	pairs := func(field, value string) map[string]string { return map[string]string{field: value} }
	tests := map[string]struct {
		text string
		o    options
		want string
	}{
		"empty":                   {"", options{}, "the file is empty"},
		"a mark and nothing else": {"\uFEFF\n \n", options{}, "the file is empty"},
		"its name is told":        {"", options{Name: "a.csv"}, "a.csv: the file is empty"},
		"no title":                {"name,isbn\nx,y", options{}, "no column is the title; say which with --map title=COLUMN, one of name, isbn"},
		"no title mapped":         {"title,isbn\nx,y", options{Map: pairs("isbn13", "isbn")}, "no column is the title"},
		"no such column":          {"name,isbn\nx,y", options{Map: pairs("title", "Titel")}, `there is no column "Titel"; the header has name, isbn`},
		"no such key":             {"title,isbn\nx,y", options{Key: "number"}, `there is no column "number"; the header has title, isbn`},
		"a column twice":          {"title,Title ,title\nx,y,z", options{}, `"title" stands twice`},
		"a synonym twice":         {"title,ISBN,isbn-\nx,y,z", options{}, `stands twice`},
		"unknown field mapped":    {"title", options{Map: pairs("titel", "title")}, `"titel" is not a field`},
		"unknown field set":       {"title", options{Set: pairs("titel", "title")}, `"titel" is not a field`},
		"id mapped":               {"title,n", options{Map: pairs("id", "n")}, "use --key n"},
		"bad constant":            {"title", options{Set: pairs("stock", "many")}, `set for all rows is wrong: stock "many"`},
		"bad price for all":       {"title", options{Set: pairs("price", "cheap"), Currency: "USD"}, `"cheap" is not an amount of money`},
		"bad delimiter":           {"title", options{Delimiter: '"'}, "use one ASCII character"},
		"wide delimiter":          {"title", options{Delimiter: '→'}, "use one ASCII character"},
		"bad format":              {"title", options{Format: "xml"}, `"xml" is not a format`},
		"UTF-16 without a mark":   {"t\x00i\x00", options{}, "the header cannot be read: it contains a NUL character: this is not text; if it is utf-16le, say so with --encoding utf-16le"},
		"no encoding":             {"title", options{Encoding: "klingon"}, `"klingon" is not an encoding that is read`},
		"an encoding of no text":  {"title", options{Encoding: "iso-2022-kr"}, "is not an encoding that is read"},
		"an old spreadsheet":      {"\xd0\xcf\x11\xe0\xa1\xb1", options{}, "save the sheet as CSV UTF-8"},
		"another packing":         {"BZh91AY", options{}, "unpack it first, as with bzcat"},
		"header not UTF-8":        {"title,\xe9\n", options{}, "the header cannot be read: it is not valid UTF-8"},
		"header with open quote":  {"\"title,year\na,b", options{}, "the header cannot be read: a quote"},
		"a map for ONIX":          {"<ONIXMessage/>", options{Map: pairs("title", "b203")}, "leave out --map"},
		"another key for ONIX":    {"<ONIXMessage/>", options{Key: "ISBN"}, "told apart by their RecordReference, not by ISBN"},
		"not the ONIX it is said": {"title\na", options{Format: bookfile.ONIX, Name: "a.xml"}, "a.xml: the file begins with no element"},
		"JSON array":              {"[\n{\"title\":\"a\"}]", options{}, "the file is a JSON array"},
		"JSON array as NDJSON":    {"[]", options{Format: bookfile.NDJSON}, "the file is a JSON array"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := bookfile.NewReader(strings.NewReader(test.text), test.o)
			wants(t, err, test.want)
			if r != nil {
				t.Error("there is a reader beside the error")
			}
		})
	}
}

func TestNotes(t *testing.T) {
	type options = bookfile.Options
	const exported = "id,isbn13,title,authors,topics,price,currency,stock"
	tests := map[string]struct {
		text string
		o    options
		want []string
	}{
		"all used":           {"title,ISBN 13\na,", options{}, nil},
		"unknown columns":    {"title,shelf,,pages\na,b,c,d", options{}, []string{"not used: shelf, pages"}},
		"the better name":    {"isbn,title,isbn13\n,a,", options{}, []string{"not used: isbn"}},
		"not mapped":         {"title,year\na,b", options{Map: map[string]string{"title": "title"}}, []string{"not used: year"}},
		"errors of before":   {"title,error,error\na,b,c", options{}, nil},
		"an id of theirs":    {"id,title\n1,a", options{}, []string{"id is not used: item numbers are the store's own; to match books by it, use --key id"}},
		"an id as the key":   {"id,title\n1,a", options{Key: "id"}, nil},
		"an id of ours":      {exported + "\n1,,a,,,,,", options{}, nil},
		"members, each once": {`{"title":"a","x":1}` + "\n" + `{"y":2,"title":"b","x":1}`, options{}, []string{"not used: x, y"}},
		"many":               {"title," + strings.Join(many(31), ","), options{}, []string{"not used: " + strings.Join(many(30), ", ") + " and more"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := open(t, test.text, test.o)
			readAll(t, r)
			if got := r.Notes(); !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// many gives n column names.
func many(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "c" + string(rune('A'+i))
	}
	return names
}
