package api_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/bazar-store/bazar/pkg/api"
)

func TestFoldedTextsAreEqualWhereReadersSeeThemSo(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "Plain": "plain", "Straße": "strasse", "STRASSE": "strasse", "ẞ": "ss", "Ｌópez": "lopez", "Ünïcödé": "unicode",
		"Æsop": "aesop", "Œuvre": "oeuvre", "Søren": "soren", "Łódź": "lodz", "Đặng": "dang", "ÐE": "de", "ﬁne": "fine", "Dvořák": "dvorak",
		"İstanbul ISTANBUL ıI": "istanbul istanbul ii", "ΣΊΣΥΦΟΣ": "σισυφοσ", "Σίσυφος": "σισυφοσ", "Ёлка": "елка", "x²": "x2", "Ⅷ": "viii", "東京": "東京",
	} {
		if got := api.Fold(s); got != want {
			t.Errorf("Fold(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestSlugs(t *testing.T) {
	for s, want := range map[string]string{
		"Distributed Systems": "distributed-systems", "distributed-systems": "distributed-systems", "  C++ & C# ": "c-c", "---": "", "": "", "!": "",
		"São Paulo": "sao-paulo", "日本": "日本", "a/b\\c": "a-b-c", "x\x00y": "x-y", "\xffa": "a",
		strings.Repeat("a", 200): strings.Repeat("a", 99),
	} {
		if got := api.Slug(s); got != want {
			t.Errorf("Slug(%q) = %q, want %q", s, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Straße", "İ", "ﬁ", "ΣΑΣ", "\xff", "x\xeb\xef\xf4ă", "한국어", "ǅ", "ͅ", "Ꭰ", strings.Repeat("á ", 60)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := api.Fold(s)
		if again := api.Fold(folded); again != folded {
			t.Errorf("Fold(%q) = %q, then %q", s, folded, again)
		}
		slug := api.Slug(s)
		if again := api.Slug(slug); again != slug {
			t.Errorf("Slug(%q) = %q, then %q", s, slug, again)
		}
		if len(slug) > api.MaxSlug || !utf8.ValidString(slug) || strings.Trim(slug, "-") != slug {
			t.Errorf("Slug(%q) = %q", s, slug)
		}
		for _, r := range slug {
			if r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				t.Errorf("Slug(%q) = %q has %q", s, slug, r)
			}
		}
	})
}
