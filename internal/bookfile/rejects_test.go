package bookfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

// rejects gives the file of all rows of r that are bad, or that turn refuses.
func rejects(t testing.TB, r *bookfile.Reader, turn func(bookfile.Row) string) string {
	t.Helper()
	var b strings.Builder
	w := r.Rejects(&b)
	for _, row := range readAll(t, r) {
		reason := turn(row)
		if row.Err == nil && reason == "" {
			continue
		}
		if err := w.Add(row, reason); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func ownErrors(bookfile.Row) string { return "" }

func TestRejectsAreTheRowsAsTheyStood(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"none":            {"title\na", ""},
		"delimiter":       {"title;year\na;1\nb;soon\n", "title;year;error\nb;soon;\"year \"\"soon\"\" is not a year such as 1999\"\n"},
		"quotes and ends": {"\"title\",year\r\n\"b\r\n\"\"c\",x\r\n", "\"title\",year,error\n\"b\r\n\"\"c\",x,\"year \"\"x\"\" is not a year such as 1999\"\n"},
		"few cells":       {"title,year\na", "title,year,error\na,\"it has 1 cells where the header has 2, and no line end: the file may be cut short\"\n"},
		"other quotes":    {"'title','year'\n'it\\'s, a','x'\n", "'title','year',error\n'it\\'s, a','x','year \"x\" is not a year such as 1999'\n"},
		"no quotes":       {"title\tyear\n\"a\" b\tx\n", "title\tyear\terror\n\"a\" b\tx\tyear \"x\" is not a year such as 1999\n"},
		"ragged":          {"title,year,publisher\na,x\nb,x,,,\n", "title,year,publisher,error\na,x,,\"year \"\"x\"\" is not a year such as 1999\"\nb,x,,\"year \"\"x\"\" is not a year such as 1999\"\n"},
		"an open quote":   {"title,year\n\"a,1\nb,2\n", "title,year,error\n\"a,1,\"a quote that opens in this line is not closed, so the row was taken to end with the line\"\n"},
		"objects":         {"{\"title\":\"a\"}\n{\"x\": [1] }\n{}\n", "{\"x\": [1],\"error\":\"it has no title\"}\n{\"error\":\"it has no title\"}\n"},
		"no objects":      {"{\"title\":\"a\"}\n7", "{\"raw\":\"7\",\"error\":\"it is not a JSON object\"}\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := rejects(t, open(t, test.text, bookfile.Options{}), ownErrors); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestMendedRejectsAreRead(t *testing.T) {
	for _, text := range []string{"year,title\nsoon,\"a, b\"\n", `{"year":"soon","title":"a, b"}`} {
		turned := rejects(t, open(t, text, bookfile.Options{}), ownErrors)
		twice := rejects(t, open(t, turned, bookfile.Options{}), ownErrors)
		mended := strings.ReplaceAll(twice, "soon", "1999")
		r := open(t, mended, bookfile.Options{})
		rows := readAll(t, r)
		if len(rows) != 1 || rows[0].Err != nil || *rows[0].Book.Title != "a, b" || *rows[0].Book.Year != 1999 {
			t.Errorf("%q gives %+v", mended, rows)
		}
		if notes := r.Notes(); notes != nil {
			t.Errorf("notes %q, want none: the errors are expected", notes)
		}
	}
}

// With the options that a file needed its rejects are read too, though they are
// UTF-8.
func TestRejectsOfAnotherEncodingAreRead(t *testing.T) {
	for _, text := range []string{"title,year\ncaf\xe9,soon\n", "{\"title\":\"caf\xe9\",\"year\":\"soon\"}"} {
		o := bookfile.Options{Encoding: "windows-1252"}
		turned := rejects(t, open(t, text, o), ownErrors)
		if b := goodRow(t, strings.ReplaceAll(turned, "soon", "1999"), o); *b.Title != "café" || *b.Year != 1999 {
			t.Errorf("%q gives %+v", turned, b)
		}
	}
}

func TestARejectOfTheShopHasItsReason(t *testing.T) {
	got := rejects(t, open(t, "title\na\nb\nc\n", bookfile.Options{}), func(row bookfile.Row) string {
		return map[int]string{3: "the shop\nsays \"no\"", 4: " "}[row.Line]
	})
	if want := "title,error\nb,\"the shop says \"\"no\"\"\"\nc,\"rejected\"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type fullDisk struct{ error }

func (d fullDisk) Write([]byte) (int, error) { return 0, d.error }

func TestAFullDiskIsTold(t *testing.T) {
	full := errors.New("no space left")
	r := open(t, "title\n\"\"\n", bookfile.Options{})
	rows := readAll(t, r)
	w := r.Rejects(fullDisk{full})
	if err := errors.Join(w.Add(rows[0], ""), w.Flush()); !errors.Is(err, full) {
		t.Errorf("rejects: %v, want %v", err, full)
	}
	for _, f := range []bookfile.Format{bookfile.CSV, bookfile.NDJSON, bookfile.ONIX} {
		w := bookfile.NewWriter(fullDisk{full}, f)
		if err := errors.Join(w.Write(&api.Book{}), w.Flush()); !errors.Is(err, full) {
			t.Errorf("%s: %v, want %v", f, err, full)
		}
	}
}
