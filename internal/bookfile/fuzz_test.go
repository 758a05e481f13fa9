package bookfile_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
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

// cellOf reads a file of one row, whose second cell is s; false if it is no
// good row.
func cellOf(t *testing.T, column, s, currency string) (api.ImportRow, bool) {
	if strings.ContainsAny(s, "\t\r\n") {
		return api.ImportRow{}, false
	}
	o := bookfile.Options{Format: bookfile.CSV, Delimiter: '\t', Quote: "none", Currency: currency}
	rows := parse(t, "title\t"+column+"\nT\t"+s+"\n", o)
	if len(rows) != 1 {
		t.Fatalf("%q: %d rows, want 1", s, len(rows))
	}
	return rows[0].Book, rows[0].Err == nil
}

func FuzzPrice(f *testing.F) {
	for _, s := range []string{"$12.50", "39,80 €", "NT$ 250", "1.234,50", "1,234", "Rs.250", "CHF 1'200.-", "₹1,25,000.50", "12,- kr", "-1", ".99", "1\u00a0234", "12 USD EUR"} {
		for _, currency := range []string{"EUR", "JPY", "KWD", "SEK", ""} {
			f.Add(s, currency)
		}
	}
	f.Fuzz(func(t *testing.T, s, currency string) {
		b, ok := cellOf(t, "price", s, currency)
		if !ok || b.Price == nil {
			return
		}
		if !b.Price.Valid() {
			t.Fatalf("%q is %v", s, b.Price)
		}
		if again, ok := cellOf(t, "price", b.Price.String(), currency); !ok || *again.Price != *b.Price {
			t.Fatalf("%q is %v, which is %v", s, b.Price, again.Price)
		}
	})
}

func FuzzYear(f *testing.F) {
	for _, s := range []string{"1999", "-750", "2008.0", "c1987", "[1987?]", "May 1999", "01/05/1999", "1999-05-01T00:00:00Z", "5/1/1999 12:00:00 AM", "1999年", ":", "T:", " :", "1999-2001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, ok := cellOf(t, "year", s, "")
		if !ok || b.Year == nil {
			return
		}
		digits := strconv.Itoa(max(*b.Year, -*b.Year))
		if *b.Year < -5000 || *b.Year > 9999 || !strings.Contains(s, digits) {
			t.Fatalf("%q is %d", s, *b.Year)
		}
	})
}

func FuzzEncodedCSV(f *testing.F) {
	names := []string{"", "windows-1252", "utf-16le", "utf-16be", "gb18030", "shift_jis", "iso-2022-jp", "euc-kr", "big5", "utf-8"}
	for i, name := range names {
		text := "title,publisher\n'caf\u00e9',\"b\"\n"
		if name == "windows-1252" || strings.HasPrefix(name, "utf-16") {
			text = encoded(f, name, text)
		}
		f.Add(text, uint8(i))
	}
	f.Add("\xff\xfet\x00", uint8(0))
	f.Add("\xef\xbb\xbftitle\n\xff", uint8(1))
	f.Fuzz(func(t *testing.T, s string, i uint8) {
		r, err := bookfile.NewReader(strings.NewReader(s), bookfile.Options{Encoding: names[int(i)%len(names)]})
		if err != nil {
			wants(t, err, err.Error())
			return
		}
		for _, row := range readAll(t, r) {
			if row.Err == nil && row.Book.Title != nil && (!utf8.ValidString(*row.Book.Title) || strings.ContainsRune(*row.Book.Title, 0)) {
				t.Fatalf("line %d is %q", row.Line, *row.Book.Title)
			}
		}
		if notes := r.Notes(); slices.Contains(notes, "") {
			t.Fatalf("an empty note among %q", notes)
		}
	})
}

// What is unpacked is what Go's own reader of the archive finds in it.
func FuzzUnpack(f *testing.F) {
	const text = "title,publisher\na,b\n"
	for _, s := range []string{
		gzipped(f, text), gzipped(f, text) + gzipped(f, text), zipped(f, "a: "+text), zipped(f, "a/: ", "a/b: "+text), zipped(f, "a: "+text, "b: "+text),
		zippedRaw(f, zip.Store, text), zippedRaw(f, zip.Deflate, text), wideZip(f, text, false, false), wideZip(f, text, true, true), gzipped(f, gzipped(f, text)),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		content, _, err := bookfile.Content(bytes.NewReader(data), "latin1")
		if err != nil {
			return
		}
		got, err := io.ReadAll(content)
		archive, bad := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil || bad != nil || len(archive.File) != 1 || !bytes.HasPrefix(data, []byte("PK\x03\x04")) || archive.File[0].Flags&8 != 0 {
			return
		}
		file, err := archive.File[0].Open()
		if err != nil {
			return
		}
		want, err := io.ReadAll(file)
		if err != nil || bytes.HasPrefix(want, []byte("\xef\xbb\xbf")) || bytes.HasPrefix(want, []byte("\xff\xfe")) || bytes.HasPrefix(want, []byte("\xfe\xff")) {
			return
		}
		if decoded := decodeLatin(want); decoded != string(got) {
			t.Fatalf("%q, want %q", got, decoded)
		}
	})
}

// decodeLatin decodes windows-1252 as the files of this package are: what can't
// be decoded is marked.
func decodeLatin(data []byte) string {
	text, _ := charmap.Windows1252.NewDecoder().Bytes(data)
	return strings.ReplaceAll(string(text), "\uFFFD", "\xff")
}
