package bookfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
)

func TestRaggedRows(t *testing.T) {
	const three = "title,publisher,year\n"
	tests := map[string]struct {
		text string
		want []string
		note string
	}{
		"empty cells are missing":             {three + "a,b\nc,d,1\n", []string{"2: a/b", "3: c/d"}, "1 row had missing or surplus empty cells"},
		"empty cells too many":                {three + "a,b,1,,\nc,d,,\"\",\n", []string{"2: a/b", "3: c/d"}, "2 rows had missing or surplus empty cells"},
		"what is too many says something":     {three + "a,b,1,,x\n", []string{"2! it has 5 cells where the header has 3; quote cells that contain the delimiter"}, ""},
		"a line may have broken":              {three + "a,b,1\nrest\n", []string{"2: a/b", "3! it has 1 cells"}, ""},
		"the title is missing":                {"publisher,year,title\na,1\nb,1,c", []string{"2! it has 2 cells", "3: c/b"}, ""},
		"the ISBN is missing":                 {"title,publisher,isbn\na,b\nb,c,", []string{"2! it has 2 cells", "3: b/c"}, ""},
		"the file may be cut":                 {three + "a,b,1\nc,d", []string{"2: a/b", "3! it has 2 cells where the header has 3, and no line end: the file may be cut short"}, ""},
		"what remains is not what it must be": {"title,year,publisher\na,b\n", []string{`2! year "b" is not a year`}, "1 row had"},
		"rejects have all their cells":        {"title,publisher,error\na,b\nc,d,e,\ne,f,g\n", []string{"2! it has 2 cells", "3! it has 4 cells", "4: e/f"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := open(t, test.text, bookfile.Options{})
			sameRows(t, readAll(t, r), test.want)
			if notes := strings.Join(r.Notes(), "; "); (test.note == "") != (notes == "") || !strings.Contains(notes, test.note) {
				t.Errorf("notes %q, want %q", notes, test.note)
			}
		})
	}
}

func TestQuotesAreDetected(t *testing.T) {
	const (
		single    = "detected: cells are quoted by '"
		text      = "detected: quotes are text, and keep no cell together"
		backslash = "detected: quotes within cells have a backslash before them"
		tab       = "detected: cells are delimited by a tab"
	)
	tests := map[string]struct {
		text  string
		want  []string
		notes []string
	}{
		"RFC 4180":                    {"title,publisher\n\"a, \"\"b\"\"\",c\n", []string{"2: a, \"b\"/c"}, nil},
		"single":                      {"'title','publisher'\n'a, ''b''','c'\n'd',''\n", []string{"2: a, 'b'/c", "3: d/"}, []string{single}},
		"single, but for the header":  {"title,publisher\n'a, b','c'\n'd','e'\n", []string{"2: a, b/c", "3: d/e"}, []string{single}},
		"single, line ends within":    {"'title','publisher'\n'a\nb','c'\n'd','e'\n", []string{"2: a\nb/c", "4: d/e"}, []string{single}},
		"apostrophes are text":        {"title,publisher\n'Salem's Lot,x\n'Tis,'t Hof'\n", []string{"2: 'Salem's Lot/x", "3: 'Tis/'t Hof'"}, nil},
		"one title in quotes is text": {"title,publisher\n'Tis',x\na,b\nc,d\n", []string{"2: 'Tis'/x", "3: a/b", "4: c/d"}, nil},
		"backslash":                   {`"title","publisher"` + "\n" + `"the \"a\", b","c\\d\n"` + "\n", []string{`2: the "a", b/c\d\n`}, []string{backslash}},
		"backslash and doubled":       {`title,publisher` + "\n" + `"the \"a\"","a ""b"""` + "\n", []string{`2: the "a"/a "b"`}, []string{backslash}},
		"single with backslash":       {`'title','publisher'` + "\n" + `'it\'s','b'` + "\n'c','d'\n", []string{"2: it's/b", "3: c/d"}, []string{single, backslash}},
		"a backslash at the end":      {`title,publisher` + "\n" + `"C:\","b"` + "\n\"c\",d\n", []string{`2: C:\/b`, "3: c/d"}, nil},
		"none, with tabs":             {"title\tpublisher\n\"The\" Book\tb\nc\td\n", []string{"2: \"The\" Book/b", "3: c/d"}, []string{tab, text}},
		"none":                        {"title,publisher\n\"a\" b,c\n\"d,e\n\"f\" g,h\n", []string{"2: \"a\" b/c", "3: \"d/e", "4: \"f\" g/h"}, []string{text}},
		"one quote too many":          {"title,publisher\n\"a\" b,c\n\"d\",e\n", []string{"2! text follows a closing quote", "3: d/e"}, nil},
		"sep=":                        {"sep=;\r\ntitle;publisher\r\na;b,c\r\n", []string{"3: a/b,c"}, []string{"detected: cells are delimited by ;"}},
		"sep= with something rare":    {"sep=^\ntitle^publisher\na^b,c\n", []string{"3: a/b,c"}, []string{"detected: cells are delimited by ^"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := open(t, test.text, bookfile.Options{})
			sameRows(t, readAll(t, r), test.want)
			if notes := r.Notes(); !slices.Equal(notes, test.notes) {
				t.Errorf("notes %q, want %q", notes, test.notes)
			}
		})
	}
}

func TestQuotesThatAreSaid(t *testing.T) {
	for quote, want := range map[string]string{
		`"`: `a'b`, `\"`: `a'b`, `'`: `"a'b"`, `\'`: `"a'b"`, "none": `"a'b"`,
	} {
		r := open(t, "title\n\"a'b\"\n", bookfile.Options{Quote: quote})
		if rows := readAll(t, r); len(rows) != 1 || text(rows[0].Book.Title) != want || r.Notes() != nil {
			t.Errorf("%s: %+v and %q, want %q and no notes", quote, rows, r.Notes(), want)
		}
	}
	_, err := bookfile.NewReader(strings.NewReader("title"), bookfile.Options{Quote: "“"})
	wants(t, err, "cannot quote cells; use")
}
