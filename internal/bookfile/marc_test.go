package bookfile_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bazar-store/bazar/internal/bookfile"
)

// marcRecord writes a record of ISO 2709 in UTF-8 or, with the scheme " ", in
// MARC-8. A field is its tag and its text, "$" the subfield delimiter.
func marcRecord(scheme string, fields ...string) string {
	directory, data := "", ""
	for _, f := range fields {
		text := strings.ReplaceAll(f[3:], "$", "\x1f") + "\x1e"
		directory += fmt.Sprintf("%s%04d%05d", f[:3], len(text), len(data))
		data += text
	}
	base := 24 + len(directory) + 1
	return fmt.Sprintf("%05dnam %s22%05d a 4500%s\x1e%s\x1d", base+len(data)+1, scheme, base, directory, data)
}

const marcHead = `<?xml version="1.0" encoding="UTF-8"?>
<collection xmlns="http://www.loc.gov/MARC21/slim" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
`

func marcTitle(title string) string {
	return `<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">` + strings.ToLower(title) + `</controlfield>` +
		`<datafield tag="245" ind1="0" ind2="0"><subfield code="a">` + title + `</subfield></datafield></record>` + "\n"
}

func TestMARCRows(t *testing.T) {
	fields := []string{"001 7 ", "003X", "008850101s1815    enk           000 1 eng  ", "020  $a9780141439587 (pbk.)", "1001 $aAusten, Jane", "24510$aEmma /", "650 0$aMatch making."}
	want := `{"line":1,"key":"(X)7","isbn13":"9780141439587","title":"Emma","authors":["Jane Austen"],"topics":["match-making"],"year":1815,"language":"en","price":{"amount":999,"currency":"USD"},"stock":2}`
	o := bookfile.Options{Set: map[string]string{"price": "9.99", "currency": "USD", "stock": "2"}}
	sameBook(t, goodRow(t, marcRecord("a", fields...), o), want)
	sameBook(t, goodRow(t, marcRecord(" ", "24500$aCaf\xe2e"), bookfile.Options{}), `{"line":1,"title":"Café"}`)
	sameBook(t, goodRow(t, marcHead+marcTitle("Emma")+"</collection>", bookfile.Options{Key: "001"}), `{"line":1,"key":"emma","title":"Emma"}`)
	sameBook(t, goodRow(t, marcHead+marcTitle("Emma")+"</collection>", bookfile.Options{NoKeys: true}), `{"line":1,"title":"Emma"}`)
	own := marcRecord("a", "020  $c20.00 EUR", "24500$aEmma")
	sameBook(t, goodRow(t, own, o), `{"line":1,"title":"Emma","price":{"amount":2000,"currency":"EUR"},"stock":2}`)
	sameBook(t, goodRow(t, strings.Replace(own, "4500", "45 0", 1), bookfile.Options{Format: "MARC"}), `{"line":1,"title":"Emma","price":{"amount":2000,"currency":"EUR"}}`)
}

func TestMARCXMLIsToldInAPipe(t *testing.T) {
	r, err := bookfile.NewReader(iotest.OneByteReader(strings.NewReader(marcHead+marcTitle("Emma")+"</collection>")), bookfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rows := readAll(t, r); len(rows) != 1 || rows[0].Err != nil {
		t.Errorf("%+v, want one good row", rows)
	}
}

func TestDamagedMARCRecordsAreNamed(t *testing.T) {
	good := marcRecord("a", "24500$aEmma")
	rows := parse(t, good+"x"+good[1:]+marcRecord("a", "24500$cnobody")+good, bookfile.Options{})
	sameRows(t, rows, []string{"1: Emma/", "2! at byte 47: its length", "3! it has no title", "4: Emma/"})
	if at := rows[1].At("a.mrc"); at != "a.mrc: record 2" {
		t.Errorf("%q", at)
	}
	rows = parse(t, marcHead+marcTitle("Emma")+"<record>\n</collection>", bookfile.Options{})
	sameRows(t, rows, []string{"1: Emma/", "2! line 4: the record is not closed"})
	if rows = parse(t, "title\n\"", bookfile.Options{}); rows[0].At("a.csv") != "a.csv:2" {
		t.Errorf("%q", rows[0].At("a.csv"))
	}
}

func TestMARCRejectsAreReadAgain(t *testing.T) {
	good := marcRecord("a", "24500$aEmma")
	untitled := marcRecord("a", "500  $anobody")
	got := rejects(t, open(t, good+untitled+good[:40], bookfile.Options{}), ownErrors)
	if want := untitled + good[:40] + "\x1d"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	sameRows(t, parse(t, got, bookfile.Options{}), []string{"1! it has no title", "2! its length is wrong"})

	text := marcHead + marcTitle("Emma") + marcTitle("") + "<record><leader>\n" + marcTitle("War") + "</collection>"
	got = rejects(t, open(t, text, bookfile.Options{}), func(row bookfile.Row) string {
		return map[int]string{4: "the shop -- says no"}[row.Line]
	})
	want := marcHead + "<!-- it has no title -->\n" + marcTitle("") +
		"<!-- line 5: the record is not closed before the next begins -->\n<record>&lt;record&gt;&lt;leader&gt;&#xA;</record>\n" +
		"<!-- the shop - - says no -->\n" + marcTitle("War") + "</collection>\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	sameRows(t, parse(t, got, bookfile.Options{}), []string{"1! it has no title", "2! it has no leader", "3: War/"})
}

func TestMARCHasNoColumns(t *testing.T) {
	text := marcRecord("a", "24500$aEmma")
	for want, o := range map[string]bookfile.Options{
		"leave out --map":                  {Map: map[string]string{"title": "245"}},
		"which is 001, not sku":            {Key: "sku"},
		"the file is empty":                {Format: bookfile.MARCXML},
		`the encoding "x-y" of the XML`:    {Format: bookfile.MARCXML, Name: "x"},
		"set for all rows is wrong: stock": {Set: map[string]string{"stock": "x"}},
	} {
		in := map[string]string{"the file is empty": " ", `the encoding "x-y" of the XML`: `<?xml version="1.0" encoding="x-y"?><a/>`}[want]
		if in == "" {
			in = text
		}
		_, err := bookfile.NewReader(strings.NewReader(in), o)
		wants(t, err, want)
	}
	if open(t, text, bookfile.Options{}).IsLines() || !open(t, "title\na", bookfile.Options{}).IsLines() {
		t.Error("the rows of MARC are no lines, those of CSV are")
	}
	if bookfile.MARC.Writable() || !bookfile.CSV.Writable() {
		t.Error("books are written as MARC")
	}
}

func TestMARCNotesWrongISBNs(t *testing.T) {
	wrong := marcRecord("a", "020  $a9780141439580", "24500$aEmma")
	r := open(t, wrong+wrong, bookfile.Options{})
	readAll(t, r)
	if got := r.Notes(); !slices.Equal(got, []string{"2 records have an ISBN that is not valid; it is left out"}) {
		t.Errorf("%q", got)
	}
}

func TestAnErrorOfTheInputEndsMARC(t *testing.T) {
	broken := errors.New("the disk is gone")
	r, err := bookfile.NewReader(&breaking{strings.NewReader(strings.Repeat(marcRecord("a", "24500$aEmma"), 5000)), broken}, bookfile.Options{Name: "a.mrc"})
	for err == nil {
		_, err = r.Read()
	}
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "read a.mrc: ") {
		t.Errorf("%v, want %v", err, broken)
	}
}

// breaking is an input that breaks where it should end.
type breaking struct {
	r   *strings.Reader
	err error
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.r.Len() == 0 {
		return 0, b.err
	}
	return b.r.Read(p)
}

func TestMARCIsUnpackedAndDecodedBefore(t *testing.T) {
	iso := marcRecord("a", "24500$aCafé")
	xml := strings.Replace(marcHead, "UTF-8", "iso-8859-1", 1) + marcTitle("Café") + "</collection>"
	for name, test := range map[string]struct {
		data string
		o    bookfile.Options
	}{
		"ISO 2709 in gzip":      {gzipped(t, iso), bookfile.Options{}},
		"ISO 2709 with a mark":  {"\uFEFF" + iso, bookfile.Options{}},
		"MARCXML in a zip":      {zipped(t, "a.xml: "+encoded(t, "windows-1252", xml)), bookfile.Options{}},
		"MARCXML in what it is": {encoded(t, "utf-16le", xml), bookfile.Options{Encoding: "utf-16le"}},
		"MARCXML with a mark":   {"\uFEFF" + xml, bookfile.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			if b := goodRow(t, test.data, test.o); *b.Title != "Café" {
				t.Errorf("title %q, want Café", *b.Title)
			}
		})
	}
	t.Run("rejects are UTF-8, and say so", func(t *testing.T) {
		o := bookfile.Options{Encoding: "utf-16le"}
		got := rejects(t, open(t, encoded(t, "utf-16le", xml), o), func(bookfile.Row) string { return "no" })
		if b := goodRow(t, got, o); *b.Title != "Café" {
			t.Errorf("title %q, want Café", *b.Title)
		}
	})
	t.Run("ISO 2709 counts bytes", func(t *testing.T) {
		_, err := bookfile.NewReader(strings.NewReader(iso), bookfile.Options{Encoding: "latin1"})
		wants(t, err, "MARC records say their own encoding, and count its bytes: leave out --encoding")
	})
}
