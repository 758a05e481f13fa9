package marc_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/bazar-store/bazar/internal/bookfile/marc"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestMARC8(t *testing.T) {
	const esc = "\x1b"
	tests := map[string]struct{ text, want string }{
		"ASCII":                       {"Emma & co.", "Emma & co."},
		"a mark before its letter":    {"Caf\xe2e", "Café"},
		"marks that compose":          {"\xe8uber \xf0ca \xeaAngstr\xe8om", "über ça Ångström"},
		"two marks, inner one first":  {"Nguy\xe3\xe4en", "Nguyễn"},
		"two marks, from the top":     {"Nguy\xe4\xe3en", "Nguyễn"},
		"marks above and below":       {"Vi\xf2\xe3et, Vi\xe3\xf2et", "Việt, Việt"},
		"a mark without composition":  {"\xefm", "m\u0310"},
		"letters of ANSEL":            {"\xa1\xb1\xa2\xb2\xa5\xb5\xac\xbc\xad\xbd", "ŁłØøÆæƠơƯư"},
		"signs of ANSEL":              {"\xc2\xc3\xc4\xc5\xc6\xc7\xc8", "℗©♯¿¡ß€"},
		"alif and ayn":                {"\xaeabd \xb0ilm", "ʼabd ʻilm"},
		"a ligature over two letters": {"\xebi\xecu\xebt\xecs", "i\u0361ut\u0361s"},
		"a double tilde":              {"\xfan\xfbg", "n\u0360g"},
		"what sorting leaves out":     {"\x88The \x89end", "The end"},
		"joiners":                     {"a\x8db\x8ec", "a\u200db\u200cc"},
		"Greek symbols":               {esc + "ga" + esc + "s-" + esc + "gbc" + esc + "s rays", "α-βγ rays"},
		"subscripts":                  {"H" + esc + "b2" + esc + "sO", "H₂O"},
		"superscripts":                {"x" + esc + "p2+-" + esc + "s", "x²⁺⁻"},
		"Cyrillic in G0":              {esc + "(NmOSKWA" + esc + "(B!", "Москва!"},
		"Cyrillic in G1":              {esc + ")N\xed\xcf\xd3\xcb\xd7\xc1", "Москва"},
		"extended Cyrillic":           {esc + "(N" + esc + ")Q" + "uKRA\xc7NA", "Україна"},
		"by a comma and a hyphen":     {esc + ",NmIR" + esc + ",B " + esc + "-N\xed\xc9\xd2", "Мир Мир"},
		"Greek":                       {esc + "(S" + "AB" + esc + "(B", "ΑΒ"},
		"Greek with a tonos":          {esc + "(S" + "#\"l" + esc + "(B", norm.NFC.String("ι\u0308\u0301")},
		"Hebrew":                      {esc + "(2`aj" + esc + "(B", "אבך"},
		"a point of Hebrew":           {esc + "(2Eyl" + esc + "(B", "ש\u05b9ל"},
		"Arabic":                      {esc + "(3GdbgQI" + esc + "(B", "القهرة"},
		"extended Arabic":             {esc + "(4\x26" + esc + "(B", "ٻ"},
		"ANSEL in G0":                 {esc + "(!E.b" + esc + "(BE", "\u02bcÉ"},
		"East Asian":                  {esc + "$1\x21\x30\x34\x21\x42\x58" + esc + "(B", "中文"},
		"East Asian in G1":            {esc + "$)1\xa1\xb0\xb4\xa1\xc2\xd8" + "a", "中文a"},
		"a space among them":          {esc + "$1\x21\x30\x34 \x21\x42\x58" + esc + "(B", "中 文"},
		"a character by its number":   {"&#x20AC; 5 &#x1F600; &amp; &#x; &#xZZ; &", "€ 5 😀 &amp; &#x; &#xZZ; &"},
		"white space":                 {"a\tb\r\nc", "a\tb\r\nc"},
		"nothing":                     {"", ""},
	}
	d := marc.NewDecoder()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := d.Decode(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if got = norm.NFC.String(got); got != norm.NFC.String(test.want) {
				t.Errorf("%q (%+q), want %q (%+q)", got, got, test.want, test.want)
			}
		})
	}
}

func TestWhatIsNotMARC8IsSaid(t *testing.T) {
	tests := map[string]string{
		"a mark at the end":       "Caf\xe2",
		"a mark before a space":   "caf\xe9 noir",
		"a hole in the set":       "a\xc9",
		"a control":               "a\x01",
		"a high control":          "a\x80b",
		"delete":                  "a\x7f",
		"half an East Asian":      "\x1b$1\x21\x30",
		"no East Asian":           "\x1b$1\x21\x21\x21",
		"mixed halves":            "\x1b$1\x21\xb0\x64",
		"an unknown set":          "\x1b(Zabc",
		"a set of no technique":   "\x1bNabc",
		"a symbol set designated": "\x1b(gabc",
		"an escape at the end":    "abc\x1b",
		"half an escape":          "abc\x1b$",
		"a tower of marks":        "\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2\xe2e",
	}
	d := marc.NewDecoder()
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := d.Decode(text)
			if err == nil || api.CodeOf(err) != api.CodeInvalid || got != "" {
				t.Errorf("%q, %v; want an error", got, err)
			}
		})
	}
}
