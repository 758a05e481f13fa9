package marc_test

import (
	"fmt"
	"strings"
	"testing"
)

// damaged is a file whose first record is damaged and whose last one is whole.
type damaged struct {
	name, text string
}

// TestEveryDamageOfISO2709IsReported breaks one record in more than two hundred
// ways: the damage is reported, no book is made of it, and the record after it
// is read, unless the damage is the end of the file.
func TestEveryDamageOfISO2709IsReported(t *testing.T) {
	record, after := iso(utf8Leader, "001n1", "003X", "24510$aEmma :$ba novel /", "1001 $aAusten, Jane"), war()
	base := strings.IndexByte(record, 0x1e) + 1
	var cases []damaged
	add := func(text, format string, args ...any) {
		cases = append(cases, damaged{fmt.Sprintf(format, args...), text})
	}
	for i := 1; i < len(record); i++ {
		add(record[:i], "ends after %d", i)
		if i > 26 && i < len(record)-1 {
			add(record[:i]+"\x1d"+after, "the rest after %d is lost", i)
		}
	}
	for i := range 5 {
		add(record[:i]+"x"+record[i+1:]+after, "no digit in the length at %d", i)
		add(record[:12+i]+"x"+record[13+i:]+after, "no digit in the base at %d", i)
	}
	for n := range 60 {
		if n*3+1 != len(record) {
			add(fmt.Sprintf("%05d", n*3+1)+record[5:]+after, "length %d", n*3+1)
		}
		if n+27 != base {
			add(record[:12]+fmt.Sprintf("%05d", n+27)+record[17:]+after, "base %d", n+27)
		}
	}
	for at := 24; at < base-1; at++ {
		if (at-24)%12 > 2 {
			add(record[:at]+"x"+record[at+1:]+after, "the directory at %d", at)
			add(record[:at]+"9"+record[at+1:]+after, "a 9 in the directory at %d", at)
		}
	}
	for at := range record[base:] {
		for _, c := range []string{"\x1d", "\x1e", "\xff", "\xc3"} {
			if record[base+at:base+at+1] != c {
				add(record[:base+at]+c+record[base+at+1:]+after, "%q at %d", c, base+at)
			}
		}
	}
	if len(cases) < 200 {
		t.Fatalf("there are only %d cases", len(cases))
	}
	for _, c := range cases {
		list := summary(readISO(t, c.text))
		if !strings.HasPrefix(list[0], "1! at byte 0: ") {
			t.Errorf("%s: %q is not reported: %q", c.name, list[0], c.text)
		}
		for _, line := range list {
			if strings.Contains(line, "Emma") && !strings.Contains(line, "! ") {
				t.Errorf("%s: half a book: %s", c.name, line)
			}
		}
		if strings.HasSuffix(c.text, after) && !strings.HasSuffix(list[len(list)-1], ": War and peace") {
			t.Errorf("%s: the record after is lost: %q", c.name, list)
		}
	}
}

// TestEveryCutOfMARCXMLIsReported ends a file at each of its bytes.
func TestEveryCutOfMARCXMLIsReported(t *testing.T) {
	text := strings.TrimSpace(collection(xmlEmma(), xmlWar()))
	for i := range text {
		list := summary(readXML(t, text[:i]))
		if len(list) == 0 || !strings.Contains(list[len(list)-1], "! ") {
			t.Errorf("a file that ends after %d bytes is not reported: %q", i, list)
		}
	}
}

// TestEveryLostMarkupOfMARCXMLIsReported takes each character of markup away,
// and puts a wrong one in its place.
func TestEveryLostMarkupOfMARCXMLIsReported(t *testing.T) {
	record := xmlEmma()
	for i, c := range record {
		if !strings.ContainsRune("<>/\"=", c) || strings.HasPrefix(record[i:], "/<") {
			continue
		}
		for _, instead := range []string{"", "<", "&", "\xff", "\x00"} {
			if instead == string(c) {
				continue
			}
			list := summary(readXML(t, collection(record[:i]+instead+record[i+1:], xmlWar())))
			if !strings.Contains(list[0], "! ") {
				t.Errorf("%q instead of %q at %d is not reported: %q", instead, c, i, list)
			}
			if list[len(list)-1][1:] != ": War & peace" {
				t.Errorf("%q instead of %q at %d: the record after is lost: %q", instead, c, i, list)
			}
		}
	}
}

// TestBombsAreHarmless reads what is made to blow up a parser.
func TestBombsAreHarmless(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString(`<!DOCTYPE collection [<!ENTITY l0 "lol">`)
	for i := 1; i < 20; i++ {
		fmt.Fprintf(&laughs, `<!ENTITY l%d "%s">`, i, strings.Repeat(fmt.Sprintf("&l%d;", i-1), 10))
	}
	laughs.WriteString("]>\n")
	bomb := strings.Replace(collection(strings.Replace(xmlEmma(), "Emma /", "&l19;", 1), xmlWar()), "<collection", laughs.String()+"<collection", 1)
	same(t, summary(readXML(t, bomb)), []string{"1! invalid character entity", "2: War & peace"})

	nest := strings.Replace(xmlEmma(), "<leader>", strings.Repeat("<record2>", 100_000)+"<leader>", 1)
	same(t, summary(readXML(t, collection(nest, xmlWar()))), []string{"1! nested too deep", "2: War & peace"})

	comments := strings.Replace(xmlEmma(), "<leader>", strings.Repeat("<!--", 200_000)+"<leader>", 1)
	same(t, summary(readXML(t, collection(comments, xmlWar()))), []string{"1! not well-formed", "2: War & peace"})

	many := strings.Repeat("<record><!--</record>", 50_000)
	if n := len(readXML(t, collection(many))); n != 50_000 {
		t.Errorf("%d records, want 50000", n)
	}
	if list := summary(readXML(t, collection(strings.Repeat("<", 1<<20), xmlWar()))); len(list) != 2 || list[1] != "2: War & peace" {
		t.Errorf("brackets: %q", list)
	}

	// A directory of entries that all name the same field.
	field := "24510$a" + strings.Repeat("x", 1000)
	record := iso(utf8Leader, field, field, field)
	same(t, summary(readISO(t, strings.ReplaceAll(record, "01005", "00000")+war())), []string{"1! twice", "2: War and peace"})
}
