package marc_test

import (
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile/marc"
	"github.com/bazar-store/bazar/pkg/api"
)

// Leaders as far as the writers leave them alone.
const (
	utf8Leader  = "00000nam a2200000 a 4500"
	marc8Leader = "00000nam  2200000 a 4500"
)

// iso writes a record of ISO 2709. A field is its tag, for data fields the
// indicators, and the text, in which "$" stands for the subfield delimiter:
// "24510$aEmma /".
func iso(leader string, fields ...string) string {
	var directory, data strings.Builder
	for _, f := range fields {
		text := strings.ReplaceAll(f[3:], "$", "\x1f") + "\x1e"
		fmt.Fprintf(&directory, "%s%04d%05d", f[:3], len(text), data.Len())
		data.WriteString(text)
	}
	base := 24 + directory.Len() + 1
	length := base + data.Len() + 1
	return fmt.Sprintf("%05d", length) + leader[5:12] + fmt.Sprintf("%05d", base) + leader[17:] +
		directory.String() + "\x1e" + data.String() + "\x1d"
}

// xmlRecord writes the same as an element.
func xmlRecord(leader string, fields ...string) string {
	var b strings.Builder
	b.WriteString("<record><leader>" + leader + "</leader>")
	for _, f := range fields {
		if f[:2] == "00" {
			b.WriteString(`<controlfield tag="` + f[:3] + `">` + html.EscapeString(f[3:]) + "</controlfield>")
			continue
		}
		b.WriteString(`<datafield tag="` + f[:3] + `" ind1="` + f[3:4] + `" ind2="` + f[4:5] + `">`)
		for _, s := range strings.Split(f[5:], "$")[1:] {
			b.WriteString(`<subfield code="` + s[:1] + `">` + html.EscapeString(s[1:]) + "</subfield>")
		}
		b.WriteString("</datafield>")
	}
	return b.String() + "</record>\n"
}

func collection(records ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<collection xmlns="http://www.loc.gov/MARC21/slim">` + "\n" + strings.Join(records, "") + "</collection>\n"
}

// items reads everything.
func items(t testing.TB, next func() (marc.Item, error)) []marc.Item {
	t.Helper()
	var all []marc.Item
	for {
		item, err := next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if item.Number != len(all)+1 {
			t.Fatalf("record %d comes after %d", item.Number, len(all))
		}
		if (item.Err == nil) != (item.Record != nil) {
			t.Fatalf("record %d: error %v, record %v", item.Number, item.Err, item.Record)
		}
		if item.Err != nil && api.CodeOf(item.Err) != api.CodeInvalid {
			t.Fatalf("record %d: code %s", item.Number, api.CodeOf(item.Err))
		}
		all = append(all, item)
	}
}

func readISO(t testing.TB, text string) []marc.Item {
	t.Helper()
	return items(t, marc.NewReader(strings.NewReader(text)).Next)
}

func readXML(t testing.TB, text string) []marc.Item {
	t.Helper()
	r, err := marc.NewXMLReader(strings.NewReader(text), false)
	if err != nil {
		t.Fatal(err)
	}
	return items(t, r.Next)
}

// summary says what each item is: "1: Title", or "2! why not".
func summary(list []marc.Item) []string {
	var lines []string
	for _, item := range list {
		err := item.Err
		var b marc.Book
		if err == nil {
			b, err = item.Record.Book()
		}
		if err != nil {
			lines = append(lines, fmt.Sprintf("%d! %v", item.Number, err))
		} else {
			lines = append(lines, fmt.Sprintf("%d: %s", item.Number, b.Title))
		}
	}
	return lines
}

// same compares summaries; what is wanted of an error is a part of it.
func same(t *testing.T, got, want []string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		number, reason, bad := strings.Cut(want[i], "! ")
		if bad {
			ok = strings.HasPrefix(got[i], number+"! ") && strings.Contains(got[i], reason)
		} else {
			ok = got[i] == want[i]
		}
	}
	if !ok {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}
