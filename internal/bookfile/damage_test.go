package bookfile_test

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

// damageable is a kind of file that is damaged in every way. All its rows are
// whole books: with title, author, year, ISBN and price.
type damageable struct {
	name string
	data string
	o    bookfile.Options
	// checked: whatever is cut off it is missed.
	checked bool
}

// damageables are the kinds of files; add one here to have it damaged too. The
// last cell of each row is in quotes: nothing tells a bare one that is cut.
func damageables(t *testing.T) []damageable {
	text, long := csvOf(12), csvOf(1500) // more than is looked at before the first row
	return []damageable{
		{name: "csv", data: text},
		{name: "csv in windows-1252", data: encoded(t, "windows-1252", text), o: bookfile.Options{Encoding: "windows-1252"}},
		{name: "csv in utf-16", data: "\xff\xfe" + encoded(t, "utf-16le", text)},
		{name: "csv in quotes of ' with backslashes", data: strings.NewReplacer(`"`, `'`, "No.", `No\'`).Replace(text)},
		{name: "ndjson", data: ndjsonOf(12)},
		{name: "csv.gz", data: gzipped(t, text), checked: true},
		{name: "ndjson.gz", data: gzipped(t, ndjsonOf(800)), checked: true},
		{name: "zip, sizes after it", data: zipped(t, "books.csv: "+long), checked: true},
		{name: "zip, deflated", data: zippedRaw(t, zip.Deflate, long), checked: true},
		{name: "zip, stored", data: zippedRaw(t, zip.Store, text), checked: true},
	}
}

func isbnOf(i int) string { return []string{"9780439023481", "9780141439587", "0439554934"}[i%3] }

func csvOf(rows int) string {
	var b strings.Builder
	b.WriteString("title,author,year,isbn13,price\n")
	for i := range rows {
		fmt.Fprintf(&b, "\"Title, No. %d\",Ann Author;Bjørn,19%02d,%s,\"12.%02d EUR\"\n", i, i%100, isbnOf(i), i%100)
	}
	return b.String()
}

func ndjsonOf(rows int) string {
	var b strings.Builder
	for i := range rows {
		fmt.Fprintf(&b, `{"title":"Title No. %d","authors":["Ann"],"year":19%02d,"isbn":"%s","price":{"amount":%d,"currency":"EUR"}}`+"\n", i, i%100, isbnOf(i), i)
	}
	return b.String()
}

// variant is a damaged file.
type variant struct {
	name string
	data string
	o    bookfile.Options
	// sameBooks: a row that is read is one of the undamaged file.
	sameBooks bool
	// missed: it is an error, or a row is.
	missed bool
}

// variants damages a file: it is cut short, has bytes changed, left out and put
// in, and is said to be in other encodings. The same ones each time.
func (d *damageable) variants() []variant {
	random := rand.New(rand.NewPCG(1, uint64(len(d.data))))
	var all []variant
	add := func(kind string, at int, data string, sameBooks, missed bool) {
		all = append(all, variant{fmt.Sprintf("%s, %s at %d", d.name, kind, at), data, d.o, sameBooks, missed})
	}
	for i := range 12 {
		at := len(d.data) * i / 12
		// Of a ZIP archive the directory at its end may be missed: it was read
		// before.
		data := d.data[:at]
		add("cut", at, data, true, d.checked && !strings.Contains(data, "PK\x01\x02"))
	}
	for range 6 {
		at := random.IntN(len(d.data))
		changed := []byte(d.data)
		changed[at] ^= 1 << random.IntN(8)
		add("a bit changed", at, string(changed), false, false)
		add("a byte left out", at, d.data[:at]+d.data[at+1:], false, false)
		add("bytes put in", at, d.data[:at]+"\x00\xff\"'\\"+d.data[at:], false, false)
	}
	for _, name := range []string{"utf-16be", "shift_jis", "gb18030"} {
		o := d.o
		o.Encoding = name
		all = append(all, variant{d.name + " as " + name, d.data, o, false, false})
	}
	return all
}

// bombs unpack to far more than they are.
func bombs(t *testing.T) []variant {
	lines, zeros := strings.Repeat("\n", 20<<20), strings.Repeat("\x00", 20<<20)
	var all []variant
	for name, data := range map[string]string{
		"gzip of lines": gzipped(t, "title\na\n"+lines), "gzip of nothing": gzipped(t, zeros), "gzip of one row": gzipped(t, "title\n\""+strings.Repeat("x", 20<<20)),
		"zip of lines": zipped(t, "a: title\na\n"+lines), "zip of nothing": zipped(t, "a: "+zeros), "zip in gzip": gzipped(t, zipped(t, "a: "+lines)),
	} {
		all = append(all, variant{name: name, data: data, missed: true})
	}
	return all
}

func TestDamagedFilesEndInRowsAndErrors(t *testing.T) {
	count := 0
	for _, kind := range damageables(t) {
		rows, err := readToTheEnd(strings.NewReader(kind.data), kind.o)
		if err != nil || len(rows) < 12 || len(books(t, rows)) != len(rows) {
			t.Fatalf("%s, undamaged: %d rows, %v", kind.name, len(rows), err)
		}
		whole := map[string]bool{}
		for _, b := range books(t, rows) {
			whole[b] = true
		}
		for _, v := range kind.variants() {
			v.check(t, whole)
			count++
		}
	}
	for _, v := range bombs(t) {
		v.check(t, nil)
		count++
	}
	if count < 200 {
		t.Errorf("%d variants, want 200", count)
	}
}

// books gives the good rows as JSON, whatever their lines.
func books(t *testing.T, rows []bookfile.Row) []string {
	var all []string
	for _, row := range rows {
		if row.Err == nil {
			row.Book.Line = 0
			all = append(all, toJSON(t, row.Book))
		}
	}
	return all
}

// outcome is what came of reading a file.
type outcome struct {
	rows  []bookfile.Row
	notes []string
	err   error
}

func (v *variant) read() (o outcome) {
	r, err := bookfile.NewReader(strings.NewReader(v.data), v.o)
	for err == nil {
		var row bookfile.Row
		if row, err = r.Read(); err == nil {
			o.rows = append(o.rows, row)
		}
	}
	if r != nil {
		o.notes = r.Notes()
	}
	if !errors.Is(err, io.EOF) {
		o.err = err
	}
	return o
}

func (v *variant) check(t *testing.T, whole map[string]bool) {
	t.Helper()
	ended := make(chan outcome, 1)
	go func() { ended <- v.read() }()
	var o outcome
	select {
	case o = <-ended:
	case <-time.After(time.Minute):
		t.Fatalf("%s: it does not end", v.name)
	}
	if o.err != nil && api.CodeOf(o.err) != api.CodeInvalid {
		t.Errorf("%s: code %s of %v, want %s", v.name, api.CodeOf(o.err), o.err, api.CodeInvalid)
	}
	bad := slices.ContainsFunc(o.rows, func(r bookfile.Row) bool { return r.Err != nil })
	half := slices.ContainsFunc(o.rows, func(r bookfile.Row) bool {
		b := r.Book
		return r.Err == nil && (b.Title == nil || b.Authors == nil || b.Year == nil || b.ISBN13 == nil || b.Price == nil)
	})
	if v.missed && o.err == nil && !bad {
		t.Errorf("%s: nobody is told", v.name)
	}
	// A header that is damaged is another header: its columns are noted.
	if half && whole != nil && o.err == nil && o.notes == nil {
		t.Errorf("%s: half a book, and nobody is told", v.name)
	}
	for _, b := range books(t, o.rows) {
		if v.sameBooks && !whole[b] {
			t.Errorf("%s: another book: %s", v.name, b)
		}
	}
}
