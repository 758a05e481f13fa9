package marc_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bazar-store/bazar/internal/bookfile/marc"
)

func FuzzISO2709(f *testing.F) {
	f.Add(emma() + war())
	f.Add("\uFEFF\r\n" + iso(marc8Leader, "24510$6880-01$aCaf\xe2e", "88010$6245-01$a\x1b$1!04\x1b(B") + "99999x\x1d\x1d" + emma()[:40])
	f.Add(emma()[:27] + "9999" + emma()[31:] + "00057" + war()[5:56] + "x" + war())
	f.Fuzz(func(t *testing.T, s string) {
		list := readISO(t, s)
		kept, again := 0, ""
		for _, item := range list {
			kept += len(item.Raw)
			again += marc.Terminated(item.Raw)
			read(t, item)
		}
		if kept > len(s) {
			t.Fatalf("%d bytes were made of %d", kept, len(s))
		}
		if n := len(readISO(t, again)); n != len(list) {
			t.Fatalf("%d records, %d of them again in %q", len(list), n, again)
		}
	})
}

// read holds for any record: what is read of it is text.
func read(t *testing.T, item marc.Item) {
	if item.Err != nil {
		return
	}
	b, err := item.Record.Book()
	if err != nil {
		return
	}
	for _, s := range append([]string{b.Title, b.Publisher, b.Description, b.Key, b.Language, b.Year}, append(b.Authors, b.Topics...)...) {
		if !utf8.ValidString(s) {
			t.Fatalf("%q is not UTF-8", s)
		}
	}
}

func FuzzMARC8(f *testing.F) {
	for _, s := range []string{"Caf\xe2e", "\x1b$1!04\x1b(B", "\x1b)N\xed\xcf \x1bga\x1bs", "&#x20AC;\xe3\xe4e", "\x1b(2Eyl\x1b-4\xa6"} {
		f.Add(s)
	}
	d := marc.NewDecoder()
	f.Fuzz(func(t *testing.T, s string) {
		got, err := d.Decode(s)
		switch {
		case err != nil && got != "":
			t.Fatalf("%q beside the error %v", got, err)
		case !utf8.ValidString(got):
			t.Fatalf("%q is not UTF-8", got)
		case strings.Contains(got, "\x1b"):
			t.Fatalf("an escape sequence is left in %q", got)
		}
	})
}

func FuzzMARCXML(f *testing.F) {
	f.Add(collection(xmlEmma(), xmlWar()))
	f.Add(`<!DOCTYPE x [<!ENTITY a "b">]><m:collection xmlns:m='http://www.loc.gov/MARC21/slim'><m:record>&a;<![CDATA[x]]></m:record><m:record/></m:collection>`)
	f.Add(collection(xmlEmma()[:60], "<!-- ", xmlWar(), "</record>text"))
	f.Add(`<?xml version="1.0" encoding="iso-8859-1"?>` + xmlEmma() + "\xff\xfe<\x00")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := marc.NewXMLReader(strings.NewReader(s), false)
		if err != nil {
			return
		}
		list := items(t, r.Next)
		again := r.Head()
		for _, item := range list {
			again += marc.Rejected(item.Raw, "why")
			read(t, item)
		}
		if n := len(readXML(t, again+r.Tail())); n != len(list) {
			t.Fatalf("%d records, %d of them again in %q", len(list), n, again)
		}
	})
}
