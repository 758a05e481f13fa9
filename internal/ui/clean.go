package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	gone   = rune(-1) // what stands there is not for a reader
	escape = '\x1b'
	// maxString bounds the search for the end of a control string, so that many
	// beginnings without an end cost no time.
	maxString = 4096
)

// Clean makes one line of s that is safe on any terminal: escape sequences,
// control characters, text direction controls and invisible characters are
// dropped, line breaks and tabs become a space, invalid UTF-8 becomes U+FFFD.
func Clean(s string) string {
	if printableASCII(s) {
		return s
	}
	return clean(s, true)
}

// CleanText is [Clean] for text of several lines: line breaks (as \n) and tabs
// stay.
func CleanText(s string) string {
	if printableASCII(s) {
		return s
	}
	return clean(s, false)
}

func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func clean(s string, oneLine bool) string {
	var b strings.Builder
	b.Grow(len(s))
	last, gap := ' ', false
	for len(s) > 0 {
		r, size := next(s)
		s = s[size:]
		switch {
		case r == gone:
		case oneLine && (r == '\n' || r == '\t'), gap && r == ' ':
			gap = true
		case joins(r) && (gap || last < utf8.RuneSelf || joins(last)):
			// Scripts and emoji need joiners; anywhere else they only hide.
		default:
			if gap && last != ' ' {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			last, gap = r, false
		}
	}
	return b.String()
}

// next reads one character of s, a line break (as \n), or something [gone].
func next(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	switch {
	case strings.HasPrefix(s, "\r\n"):
		return '\n', 2
	case breaks(r):
		return '\n', size
	case r == '\t' || joins(r):
		return r, size
	case r == escape || (r >= 0x80 && r <= 0x9f):
		return gone, sequence(s)
	case Hidden(r):
		return gone, size
	default:
		return r, size
	}
}

func breaks(r rune) bool {
	return (r >= '\n' && r <= '\r') || r == 0x85 || r == 0x2028 || r == 0x2029
}

func joins(r rune) bool { return r == 0x200c || r == 0x200d }

// Hidden says whether a character shows nothing itself but may change what
// others show: controls, text direction, zero width.
func Hidden(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// sequence is the length of the escape sequence (ECMA-48, 5) that s starts
// with; at least that of the character that introduces it.
func sequence(s string) int {
	kind, size := introducer(s)
	switch kind {
	case '[':
		size += span(s[size:], '0', '?')
		size += span(s[size:], ' ', '/')
		return size + final(s[size:], '@')
	case ']', 'P', 'X', '^', '_':
		return size + controlString(s[size:])
	case ' ':
		size += span(s[size:], ' ', '/')
		return size + final(s[size:], '0')
	default:
		return size
	}
}

// introducer names a sequence by the byte after its ESC, also where a C1
// control stands for both; ' ' is any sequence that selects something, such as
// a character set.
func introducer(s string) (kind byte, size int) {
	if s[0] != escape {
		r, size := utf8.DecodeRuneInString(s)
		return byte(r - 0x40), size //nolint:gosec // C1 controls end at 0x9f
	}
	switch {
	case len(s) > 1 && s[1] >= '0' && s[1] <= '~':
		return s[1], 2
	case len(s) > 1 && s[1] >= ' ' && s[1] <= '/':
		return ' ', 1
	default:
		return 0, 1
	}
}

func span(s string, low, high byte) int {
	n := 0
	for n < len(s) && s[n] >= low && s[n] <= high {
		n++
	}
	return n
}

func final(s string, low byte) int { return span(s[:min(1, len(s))], low, '~') }

// controlString is the length of a title, link or other string for the
// terminal, with its end; 0 if it has none.
func controlString(s string) int {
	s = s[:min(maxString, len(s))]
	for i := range len(s) {
		switch {
		case s[i] == '\a':
			return i + 1
		case strings.HasPrefix(s[i:], "\x1b\\"), strings.HasPrefix(s[i:], "\u009c"):
			return i + 2
		}
	}
	return 0
}
