package ui

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanMakesOneSafeLine(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "Streaming Systems", "Streaming Systems"},
		{"spaces stay", "  a  b ", "  a  b "},
		{"every language stays", "Žižek 百年の孤独 שלום नमस्ते", "Žižek 百年の孤独 שלום नमस्ते"},
		{"colours go", "\x1b[31mred\x1b[0m", "red"},
		{"a C1 control is an escape sequence too", "\u009b31mred", "red"},
		{"titles of the window go", "a\x1b]0;pwned\ab\x1b]0;pwned\x1b\\c\u009d0;pwned\u009cd", "abcd"},
		{"links keep their text", "\x1b]8;;https://x.example\x1b\\text\x1b]8;;\x1b\\", "text"},
		{"device control strings go", "\x1bP1$r0m\x1b\\x", "x"},
		{"character sets go", "\x1b(0x\x1b)Bq\x1bcz", "xqz"},
		{"a string without an end loses only its start", "\x1b]0;title", "0;title"},
		{"an escape inside an escape goes", "\x1b\x1b[31m[31mx", "[31mx"},
		{"lines and tabs become a space", "one\r\n\r\n\ttwo\u2028three\u0085four", "one two three four"},
		{"no space is doubled", "one \n two", "one two"},
		{"none is left at the ends", "\n\ttitle\n", "title"},
		{"other controls go", "a\x00b\bc\x7fd\u0086e", "abcde"},
		{"text direction goes", "\u202etxt.exe\u2066x\u2069\u200f", "txt.exex"},
		{"invisible characters go", "a\u200bb\ufeffc\u00add\u2060e\U000e0041f", "abcdef"},
		{"joiners stay where scripts need them", "نمی\u200cخواهم 👩\u200d🚀", "نمی\u200cخواهم 👩\u200d🚀"},
		{"joiners go where they only hide", "ab\u200d\u200cc\u200d", "abc"},
		{"invalid UTF-8 shows", "a\xffb\xed\xa0\x80", "a\ufffdb\ufffd\ufffd\ufffd"},
		{"bytes do not join over what is dropped", "\xc2\x1b[m\x9b31m", "\ufffd\ufffd31m"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestCleanTextKeepsItsLines(t *testing.T) {
	got := CleanText("one\r\n\ttwo\rthree\u2029\x1b[2Jfour\n")
	if want := "one\n\ttwo\nthree\nfour\n"; got != want {
		t.Errorf("CleanText = %q, want %q", got, want)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[31m", "\x1b]0;x\a", "\u202e", "\xc2\x9b", "é\u200d\u200c", "\r\n\t", "\x1b(B"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkClean(t, s, Clean, "")
		checkClean(t, s, CleanText, "\n\t")
	})
}

func checkClean(t *testing.T, s string, clean func(string) string, allowed string) {
	got := clean(s)
	if !utf8.ValidString(got) {
		t.Errorf("%q became %q, which is not UTF-8", s, got)
	}
	for _, r := range got {
		if !strings.ContainsRune(allowed, r) && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%q became %q, which has %U in it", s, got, r)
		}
	}
	if again := clean(got); again != got {
		t.Errorf("%q became %q, and that %q", s, got, again)
	}
}
