package onix

import (
	"bufio"
	"encoding/xml"
	"regexp"
	"strings"
	"unicode/utf8"
)

// escape writes text, and says whether it had characters that XML does not
// have. A carriage return would be read as a line feed (XML 1.0, 2.11).
func escape(w *bufio.Writer, text string) (dirty bool) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		replaced := ""
		switch {
		case r == '&':
			replaced = "&amp;"
		case r == '<':
			replaced = "&lt;"
		case r == '>':
			replaced = "&gt;"
		case r == '\r':
			replaced = "&#xD;"
		case (r == utf8.RuneError && size < 2) || !isChar(r):
			replaced, dirty = string(utf8.RuneError), true
		}
		if replaced == "" {
			replaced = text[i : i+size]
		}
		_, _ = w.WriteString(replaced)
		i += size
	}
	return dirty
}

// isChar says whether XML 1.0 (2.2) has the character.
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || (r >= 0x20 && r <= 0xD7FF) || (r >= 0xE000 && r <= 0xFFFD) || (r >= 0x10000 && r <= 0x10FFFF)
}

// comment makes a text one that may stand in a comment: without "--", and
// without characters that XML does not have.
func comment(s string) string {
	s = strings.Map(func(r rune) rune {
		if !isChar(r) {
			return utf8.RuneError
		}
		return r
	}, s)
	for strings.Contains(s, "--") {
		s = strings.ReplaceAll(s, "--", "- -")
	}
	return s
}

// spelled writes the characters that entities of HTML stand for, so that they
// need no declaration.
func spelled(raw string) string {
	return regexp.MustCompile(`&\w+;`).ReplaceAllStringFunc(raw, func(entity string) string {
		text, ok := xml.HTMLEntity[strings.Trim(entity, "&;")]
		if !ok || strings.ContainsAny(text, `&<>"'`) {
			return entity
		}
		return text
	})
}
