package marc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bazar-store/bazar/internal/bookfile/marc"
)

func emma() string { return iso(utf8Leader, "001n1", "24510$aEmma /$cJane Austen.") }

func war() string { return iso(utf8Leader, "24510$aWar and peace.") }

func TestRecordsOfISO2709(t *testing.T) {
	title := func(leader, text string) string { return iso(leader, "24510$a"+text) }
	changed := func(at int, c string) string { return emma()[:at] + c + emma()[at+len(c):] }
	long := iso(utf8Leader, "500  $a"+strings.Repeat("x", 9000), "24510$aLong")
	tests := map[string]struct {
		text string
		want []string
	}{
		"two":                       {emma() + war(), []string{"1: Emma", "2: War and peace"}},
		"lines between":             {"\uFEFF\r\n" + emma() + "\r\n" + war() + "\n\x1a", []string{"1: Emma", "2: War and peace"}},
		"nothing":                   {"", nil},
		"MARC-8":                    {title(marc8Leader, "Caf\xe2e"), []string{"1: Cafe\u0301"}},
		"UTF-8":                     {title(utf8Leader, "Café"), []string{"1: Café"}},
		"UTF-8 that says MARC-8":    {title(marc8Leader, "Café – 中文"), []string{"1: Café – 中文"}},
		"Latin-1 that says UTF-8":   {title(utf8Leader, "Caf\xe9") + emma(), []string{"1! leader says UTF-8", "2: Emma"}},
		"no MARC-8":                 {title(marc8Leader, "caf\xe9 noir") + emma(), []string{"1! field 245: it is not MARC-8", "2: Emma"}},
		"an unknown encoding":       {title(strings.Replace(utf8Leader, "nam a", "nam x", 1), "Café"), []string{`1! leader/09 is "x"`}},
		"an encoding of no matter":  {title(strings.Replace(utf8Leader, "nam a", "nam x", 1), "Cafe"), []string{"1: Cafe"}},
		"a long one":                {long + emma(), []string{"1: Long", "2: Emma"}},
		"a length without digits":   {"x" + emma()[1:] + war(), []string{`1! at byte 0: its length, "x00`, "2: War and peace"}},
		"a length of nothing":       {changed(0, "00012") + war(), []string{"1! its length", "2: War and peace"}},
		"a length too small":        {changed(0, "00040") + war(), []string{"1! it says 40 bytes", "2: War and peace"}},
		"a length too great":        {changed(0, "00100") + war(), []string{"1! it says 100 bytes", "2: War and peace"}},
		"a length of two":           {fmt.Sprintf("%05d", len(emma()+war())) + emma()[5:] + war() + emma(), []string{"1! its length is wrong", "2: War and peace", "3: Emma"}},
		"a length beyond the end":   {emma() + "99999" + war()[5:], []string{"1: Emma", "2! its length is wrong"}},
		"cut short":                 {emma() + war()[:50], []string{"1: Emma", "2! cut short: it has 50 of 57"}},
		"a part of a leader":        {emma() + "0012", []string{"1: Emma", "2! its length"}},
		"too long":                  {"99999" + strings.Repeat("y", 300_000) + "\x1d" + emma(), []string{"1! longer than 99999 bytes", "2: Emma"}},
		"rubbish":                   {"this is no record" + emma() + war(), []string{"1! its length", "2: War and peace"}},
		"a base without digits":     {changed(12, "00x49") + war(), []string{"1! base address", "2: War and peace"}},
		"a base outside":            {changed(12, "90000") + war(), []string{"1! base address", "2: War and peace"}},
		"a base beside":             {changed(12, "00048") + war(), []string{"1! base address", "2: War and peace"}},
		"an entry without digits":   {changed(27, "00x3") + war(), []string{`1! its directory is wrong: field "001" (length "00x3"`, "2: War and peace"}},
		"an entry outside":          {changed(39, "9999") + war(), []string{"1! is not inside the record", "2: War and peace"}},
		"an entry beside":           {changed(39, "0010") + war(), []string{"1! does not end with a field terminator", "2: War and peace"}},
		"entries over each other":   {strings.Replace(emma(), "245002500003", "245002800000", 1), []string{"1! runs into another"}},
		"a terminator in a text":    {iso(utf8Leader, "24510$aWa\x1dr") + war(), []string{"1! its length is wrong", "2! its length", "3: War and peace"}},
		"a terminator of a field":   {iso(utf8Leader, "24510$aWa\x1er") + war(), []string{"1! runs into another", "2: War and peace"}},
		"another format":            {changed(20, "450 "), []string{"1: Emma"}},
		"no such format":            {changed(20, "3300") + war(), []string{`1! its leader ends with "3300"`, "2: War and peace"}},
		"no fields":                 {iso(utf8Leader), []string{"1: "}},
		"terminators":               {"\x1d\x1d" + war(), []string{"1! its length", "2! its length", "3: War and peace"}},
		"a delimiter and no code":   {iso(utf8Leader, "24510$$aEmma$"), []string{"1: Emma"}},
		"a field of indicators":     {iso(utf8Leader, "24510", "24510$aEmma"), []string{"1: "}},
		"no terminator":             {emma()[:len(emma())-1] + "x" + war(), []string{"1! does not end with a record terminator", "2: War and peace"}},
		"a tag changed":             {strings.Replace(emma(), "24500", "99900", 1), []string{"1: "}},
		"a field with no directory": {iso(utf8Leader, "24510$aEmma")[:24] + "\x1e24510", []string{"1! cut short"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			same(t, summary(readISO(t, test.text)), test.want)
			byByte := items(t, marc.NewReader(iotest.OneByteReader(strings.NewReader(test.text))).Next)
			same(t, summary(byByte), test.want)
		})
	}
}

func TestADamagedRecordTellsItsPlaceAndStays(t *testing.T) {
	broken := emma()[:27] + "9999" + emma()[31:]
	list := readISO(t, war()+broken+war())
	same(t, summary(list), []string{"1: War and peace", "2! at byte 57: its directory", "3: War and peace"})
	if list[1].Raw != broken || marc.Terminated(broken) != broken {
		t.Errorf("%q, want %q", list[1].Raw, broken)
	}
	if cut := broken[:30]; marc.Terminated(cut) != cut+"\x1d" {
		t.Error("a record that lost its end has none")
	}
}

func TestAnErrorOfTheInputIsGiven(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, text := range []string{"", emma()[:3], emma()[:40], "x" + emma()[1:50]} {
		r := marc.NewReader(&failing{strings.NewReader(text), broken})
		if _, err := r.Next(); !errors.Is(err, broken) {
			t.Errorf("%q: %v, want %v", text, err, broken)
		}
	}
}

// failing is an input that breaks where it should end.
type failing struct {
	r   *strings.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.r.Len() == 0 {
		return 0, f.err
	}
	return f.r.Read(p)
}

func TestISO2709IsTold(t *testing.T) {
	for text, want := range map[string]bool{
		emma(): true, "\uFEFF" + emma(): true, "\r\n" + emma(): true, emma()[:24]: true, emma()[:23]: false,
		"title,year\n12345,1": false, "0001": false, "": false, "00049nam a2200037 a 450 ": false, "x" + emma()[1:]: false,
	} {
		if got := marc.IsISO2709([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
