package bookfile_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bazar-store/bazar/internal/bookfile"
)

// A row is written "line: title/publisher", or "line! part of the error".
func TestCSVRows(t *testing.T) {
	huge := strings.Repeat("x", 1<<20)
	quote := "a quote that opens in this line is not closed"
	tests := map[string]struct {
		body string
		want []string
	}{
		"plain":                               {"a,b\nc,d\n", []string{"2: a/b", "3: c/d"}},
		"no line end at the end":              {"a,b", []string{"2: a/b"}},
		"CRLF":                                {"a,b\r\nc,d\r\n", []string{"2: a/b", "3: c/d"}},
		"CR alone":                            {"a,b\rc,d\r", []string{"2: a/b", "3: c/d"}},
		"empty lines are passed over":         {"\n\r\na,b\n\n\nc,d\n\n", []string{"4: a/b", "7: c/d"}},
		"an empty cell at the end":            {"a,\n", []string{"2: a/"}},
		"an empty cell at the end of all":     {"a,", []string{"2: a/"}},
		"quoted delimiter":                    {`"a, b",c` + "\n", []string{"2: a, b/c"}},
		"doubled quotes":                      {`"the ""one""",""""` + "\n", []string{`2: the "one"/"`}},
		"quoted and empty":                    {`a,""`, []string{"2: a/"}},
		"quoted line ends are kept":           {"\"a\r\nb\nc\rd\",e\nf,g", []string{"2: a\r\nb\nc\rd/e", "6: f/g"}},
		"quotes inside a bare cell are text":  {`5" disk,the "best" one`, []string{`2: 5" disk/the "best" one`}},
		"too few cells":                       {"a\nb,c", []string{"2! it has 1 cells where the header has 2; quote cells that contain line ends", "3: b/c"}},
		"too many cells":                      {"a,b,c,d\nb,c", []string{"2! it has 4 cells where the header has 2", "3: b/c"}},
		"text after a closing quote":          {"\"a\"b,c\nd,e", []string{"2! text follows a closing quote", "3: d/e"}},
		"a quote open to the end":             {"a,b\n\"c,d\ne,f", []string{"3! " + quote, "2: a/b", "4: e/f"}},
		"a stray quote costs its line only":   {"\"a,b\nc,d\n\"e, f\",g\n", []string{"2! text follows", "3: c/d", "4: e, f/g"}},
		"two stray quotes cost their lines":   {"\"a,b\nc,d\n\"e,f\ng,h", []string{"2! text follows", "3: c/d", "4! " + quote, "5: g/h"}},
		"a long cell after a stray quote":     {"\"a,b\n\"c\nd\",e\n", []string{"2! text follows", "3: c\nd/e"}},
		"no long cells while quotes are open": {"x\",\"a\ny\",\"b\nz,c", []string{"2! " + quote, "3! " + quote, "4: z/c"}},
		"a line over the limit":               {huge + ",b\nc,d", []string{"2! longer than 1048576 bytes", "3: c/d"}},
		"a last line over the limit":          {"a,b\n" + huge + ",b", []string{"2: a/b", "3! longer than"}},
		"a line far over the limit":           {strings.Repeat(huge, 3) + "\nc,d", []string{"2! longer than", "3: c/d"}},
		"a quote open for over the limit":     {"\"a,b\n" + strings.Repeat("c,d\n", 1<<18), append([]string{"2! " + quote}, repeat("c/d", 1<<18)...)},
		"not UTF-8":                           {"caf\xe9,b\nc,d", []string{"2! not valid UTF-8; if it is windows-1252, say so with --encoding windows-1252", "3: c/d"}},
		"a NUL":                               {"a\x00,b\nc,d", []string{"2! NUL", "3: c/d"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rows := parse(t, "title,publisher\n"+test.body, bookfile.Options{Format: bookfile.CSV})
			sameRows(t, rows, test.want)
		})
	}
}

func repeat(row string, n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("%d: %s", i+3, row)
	}
	return rows
}

// sameRows compares rows, in the order of their lines.
func sameRows(t *testing.T, rows []bookfile.Row, want []string) {
	t.Helper()
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	line := func(s string) int {
		n, err := strconv.Atoi(s[:strings.IndexAny(s, ":!")])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	want = slices.SortedFunc(slices.Values(want), func(a, b string) int { return line(a) - line(b) })
	for i, row := range rows {
		got := fmt.Sprintf("%d: %s/%s", row.Line, text(row.Book.Title), text(row.Book.Publisher))
		if row.Err != nil {
			got = fmt.Sprintf("%d! %s", row.Line, row.Err)
		}
		at, message, bad := strings.Cut(want[i], "! ")
		if bad && strings.HasPrefix(got, at+"! ") && strings.Contains(got, message) {
			continue
		}
		if got != want[i] {
			t.Fatalf("got  %q\nwant %q", got, want[i])
		}
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestCSVHowTheInputArrivesDoesNotMatter(t *testing.T) {
	body := "\uFEFFtitle,publisher\r\n\"a\r\nb\",\"\"\"c\"\r\n\"d\"e,f\r\n\r\ng,h\r\n"
	want := []string{"2: a\r\nb/\"c", "4! text follows", "6: g/h"}
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader,
		"half": iotest.HalfReader, "end with data": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			r, err := bookfile.NewReader(wrap(strings.NewReader(body)), bookfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			sameRows(t, readAll(t, r), want)
		})
	}
}

func TestAnErrorOfTheInputIsNotAnEnd(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, head := range []string{"title,price\na,1.00USD\nb,44.99U", `{"title":"a"}` + "\n" + `{"title":"b"`} {
		in := io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken))
		r, err := bookfile.NewReader(in, bookfile.Options{Name: "books"})
		if err != nil {
			t.Fatal(err)
		}
		if row, err := r.Read(); err != nil || text(row.Book.Title) != "a" {
			t.Fatalf("first row %+v, %v; want the book a", row, err)
		}
		if row, err := r.Read(); !errors.Is(err, broken) || !strings.Contains(err.Error(), "read books") {
			t.Errorf("second row %+v, %v; want the error of the disk and the file's name", row, err)
		}
	}
	if _, err := bookfile.NewReader(iotest.ErrReader(broken), bookfile.Options{}); !errors.Is(err, broken) {
		t.Errorf("NewReader: %v, want the error of the disk", err)
	}
}

func TestDelimiters(t *testing.T) {
	tests := map[string]struct {
		text      string
		delimiter rune
		title     string
	}{
		"comma":                    {"title,year\na;b,1999", 0, "a;b"},
		"semicolon":                {"title;year\na,b;1999", 0, "a,b"},
		"tab":                      {"title\tyear\na,b\t1999", 0, "a,b"},
		"bar":                      {"title|year\na,b|1999", 0, "a,b"},
		"quoted ones do not count": {`title;"a,b,c";year` + "\nx;y;1999", 0, "x"},
		"one column":               {"title\na;b", 0, "a;b"},
		"after empty lines":        {"\n\ntitle;year\na;1999", 0, "a"},
		"given":                    {"title^year,x\na,b^1999", '^', "a,b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := goodRow(t, test.text, bookfile.Options{Delimiter: test.delimiter})
			if *b.Title != test.title {
				t.Errorf("title %q, want %q", *b.Title, test.title)
			}
		})
	}
}
