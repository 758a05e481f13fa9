package marc

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/bazar-store/bazar/pkg/api"
)

// maxMarks is how many combining marks one character may have.
const maxMarks = 16

// escape begins the sequence that changes a character set.
const escape = 0x1b

// Decoder makes Unicode of MARC-8 (MARC 21 Specifications, Character Sets,
// parts 2 and 5): ASCII and ANSEL, and by escape sequences Greek, Cyrillic,
// Hebrew, Arabic, East Asian, the three Greek symbols, subscripts and
// superscripts. It is for any number of goroutines.
type Decoder struct {
	sets []charset
}

// NewDecoder makes a decoder.
func NewDecoder() *Decoder { return &Decoder{sets: charsets()} }

// set gives the set of one byte a character with the final byte; nil if there
// is none.
func (d *Decoder) set(final byte) *charset {
	at := slices.IndexFunc(d.sets, func(s charset) bool { return s.final == final })
	if at < 0 {
		return nil
	}
	return &d.sets[at]
}

// Decode gives a subfield's text in Unicode, normalised as it comes. Each text
// begins with ASCII in G0 and ANSEL in G1. The marks that MARC-8 has before
// their character come after it; the marks of where sorting begins are left
// out; references such as &#x20AC; are resolved. What is not MARC-8 is an
// [api.CodeInvalid].
func (d *Decoder) Decode(s string) (string, error) {
	if isPlain(s) {
		return s, nil
	}
	t := decoding{decoder: d, out: make([]byte, 0, len(s)+len(s)/2)}
	t.graphic = [2]*charset{d.set('B'), d.set('E')}
	for at := 0; at < len(s); {
		n, err := t.step(s[at:])
		if err != nil {
			return "", api.Errorf(api.CodeInvalid, "it is not MARC-8: %w (byte %d of the text)", err, at+1)
		}
		at += n
	}
	if len(t.marks) > 0 {
		return "", api.Errorf(api.CodeInvalid, "it is not MARC-8: it ends with a combining mark, which stands before its letter there")
	}
	return string(t.out), nil
}

// isPlain says whether a text is the same in Unicode.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '&' {
			return false
		}
	}
	return true
}

// decoding is a text under way.
type decoding struct {
	decoder *Decoder
	out     []byte
	graphic [2]*charset // G0 and G1; nil: East Asian, three bytes a character
	marks   []rune      // that wait for their character
}

// step takes what s begins with, and says how many bytes that is.
func (t *decoding) step(s string) (int, error) {
	c := s[0]
	switch {
	case c == escape:
		return t.designate(s)
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		if len(t.marks) > 0 {
			return 0, api.Errorf(api.CodeInvalid, "a combining mark stands before a space, not a letter; the text may be Latin-1")
		}
		t.put(rune(c))
		return 1, nil
	case c == 0x88 || c == 0x89: // non-sorting characters begin and end
		return 1, nil
	case c == 0x8d || c == 0x8e: // joiner and non-joiner
		t.put('\u200d' - rune(c-0x8d))
		return 1, nil
	case c&0x7f < 0x21 || c&0x7f == 0x7f:
		return 0, api.Errorf(api.CodeInvalid, "%02X (hex) is no character", c)
	}
	set := t.graphic[c>>7]
	if set == nil {
		return t.wide(s)
	}
	if c == '&' && set.final == 'B' {
		if r, n := reference(s); n > 0 {
			t.put(r)
			return n, nil
		}
	}
	r, kind := set.at(c & 0x7f)
	switch {
	case kind == nothing:
		return 0, api.Errorf(api.CodeInvalid, "%02X (hex) is no character of the set", c)
	case kind == character:
		t.put(r)
	case len(t.marks) == maxMarks:
		return 0, api.Errorf(api.CodeInvalid, "more than %d marks on one letter", maxMarks)
	case r != 0: // the second half of a wide mark is in the first
		t.marks = append(t.marks, r)
	}
	return 1, nil
}

// wide takes an East Asian character.
func (t *decoding) wide(s string) (int, error) {
	if len(s) >= 3 {
		if r := eastAsian(s[0]&0x7f, s[1]&0x7f, s[2]&0x7f); r != 0 && s[0]>>7 == s[1]>>7 && s[0]>>7 == s[2]>>7 {
			t.put(r)
			return 3, nil
		}
	}
	return 0, api.Errorf(api.CodeInvalid, "%X (hex) is no East Asian character", s[:min(3, len(s))])
}

// put writes a character and the marks that have waited for it.
func (t *decoding) put(r rune) {
	start := len(t.out)
	t.out = utf8.AppendRune(t.out, r)
	for _, m := range t.marks {
		t.out = utf8.AppendRune(t.out, m)
	}
	if len(t.marks) > 1 {
		t.out = append(t.out[:start], inwards(string(t.out[start:]), r, t.marks)...)
	}
	t.marks = t.marks[:0]
}

// inwards orders several marks. Unicode begins with the one next to the letter.
// MARC-8 is to begin at the top, but much of what is there does not: the order
// that makes the letter of fewest characters is what was meant.
func inwards(asWritten string, r rune, marks []rune) string {
	slices.Reverse(marks)
	reversed := string(r) + string(marks)
	if runesOf(asWritten) < runesOf(reversed) {
		return asWritten
	}
	return reversed
}

func runesOf(s string) int { return utf8.RuneCountInString(norm.NFC.String(s)) }

// designate takes an escape sequence (ISO 2022, and MARC 21's own).
func (t *decoding) designate(s string) (int, error) {
	to, n := 0, 1
	multiple := strings.HasPrefix(s[n:], "$")
	if multiple {
		n++
	}
	intermediate := n < len(s) && strings.IndexByte("(,)-", s[n]) >= 0
	if intermediate {
		if s[n] == ')' || s[n] == '-' {
			to = 1
		}
		n++
	}
	if n < len(s) && s[n] == '!' {
		n++
	}
	if n >= len(s) {
		return 0, api.Errorf(api.CodeInvalid, "an escape sequence is cut short")
	}
	if multiple && s[n] == '1' {
		t.graphic[to] = nil
		return n + 1, nil
	}
	final := s[n]
	if !intermediate && final == 's' {
		final = 'B'
	}
	set := t.decoder.set(final)
	if own := strings.IndexByte("gbps", s[n]) >= 0; set == nil || multiple || own == intermediate {
		return 0, api.Errorf(api.CodeInvalid, "ESC %s names no character set", s[1:n+1])
	}
	t.graphic[to] = set
	return n + 1, nil
}

// reference reads a numeric character reference such as &#x20AC; and gives its
// length, 0 if there is none.
func reference(s string) (rune, int) {
	end := strings.IndexByte(s[:min(len(s), len("&#x10FFFF;"))], ';')
	if end < 0 || !strings.HasPrefix(s, "&#x") {
		return 0, 0
	}
	point, err := strconv.ParseUint(s[3:end], 16, 32)
	if err != nil || point < 0x20 || !utf8.ValidRune(rune(point)) { //nolint:gosec // what does not fit is negative, and no rune
		return 0, 0
	}
	return rune(point), end + 1 //nolint:gosec // it is a rune
}
