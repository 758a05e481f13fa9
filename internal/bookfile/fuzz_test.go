package bookfile_test

import (
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
)

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"title,year\na,1\n", "title\n\"a\n\"b\"", "\uFEFFtitle;isbn\r\n\"a\"\"\";=\"\"0439023483\"\"\r\n",
		"title\r\"", "title,year\nx\",\"a\ny\",\"b\nz,1", "title\n\n\n\xff,\x00", "title,error\na,b,c", "id,title\n1,\"a\r",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { readsAndRejects(t, s, bookfile.CSV) })
}

func FuzzNDJSON(f *testing.F) {
	for _, s := range []string{
		`{"title":"a"}`, "{}\n7\n[]", `{"title":{"a":[1]},"error":"x"}`, `{"title":"a","price":{"amount":1,"currency":"USD"}}`,
		"{\"title\":\"\xff\"}\r\n\r\n{", `{"Title":"a","TITLE":"b"}`, `{"title":"a","authors":["x",null,1,[]]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { readsAndRejects(t, s, bookfile.NDJSON) })
}

// readsAndRejects holds for any input: it is read to its end, no line twice,
// and its bad rows, written as rejects and read again, are as many bad rows.
func readsAndRejects(t *testing.T, s string, format bookfile.Format) {
	for quote, delimiter := range map[string]rune{`"`: ',', `'`: ';', `\"`: ',', `\'`: ';', "none": ','} {
		o := bookfile.Options{Format: format, Delimiter: delimiter, Quote: quote, Currency: "USD"}
		r, err := bookfile.NewReader(strings.NewReader(s), o)
		if err != nil {
			continue
		}
		bad, last := 0, 0
		written := rejects(t, r, func(row bookfile.Row) string {
			if row.Line <= last {
				t.Fatalf("line %d comes after line %d", row.Line, last)
			}
			if last = row.Line; row.Err != nil {
				bad++
			}
			return ""
		})
		if bad == 0 {
			continue
		}
		again := parse(t, written, o)
		if len(again) != bad {
			t.Fatalf("%d bad rows, %d of them again in %q", bad, len(again), written)
		}
		for _, row := range again {
			if row.Err == nil {
				t.Fatalf("line %d of the rejects is good: %q", row.Line, written)
			}
		}
	}
}

func FuzzMap(f *testing.F) {
	for _, s := range []string{"title=a,isbn=b", `"title=a, b",year=c`, `title="`, "=,", "id=x", "title=a\nyear=b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		pairs, err := bookfile.ParseMap(s)
		if err != nil {
			wants(t, err, err.Error())
			return
		}
		for name, column := range pairs {
			if name != strings.ToLower(name) || strings.TrimSpace(column) == "" {
				t.Errorf("%q gives %q=%q", s, name, column)
			}
		}
	})
}
