package ui

import (
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

const ellipsis = "…"

// ruler measures without asking the locale: a terminal shows "…" and "─" in one
// column whatever the language.
func ruler() *runewidth.Condition { return &runewidth.Condition{StrictEmojiNeutral: true} }

// DisplayWidth is how many columns s takes on a terminal; s must be [Clean].
func DisplayWidth(s string) int {
	if printableASCII(s) {
		return len(s)
	}
	return ruler().StringWidth(s)
}

// truncate cuts s to at most width columns and shows that it did.
func truncate(s string, width int) string {
	if DisplayWidth(s) <= width {
		return s
	}
	return ruler().Truncate(s, width, ellipsis)
}

func padding(n int) string { return strings.Repeat(" ", max(n, 0)) }

// wrap breaks text into lines of at most width columns, at spaces where there
// are any; its own line breaks stay.
func wrap(text string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		lines = append(lines, wrapParagraph(strings.Fields(paragraph), width)...)
	}
	return lines
}

func wrapParagraph(words []string, width int) []string {
	line, used := "", 0
	var lines []string
	for _, word := range words {
		n := DisplayWidth(word)
		if used > 0 && used+1+n <= width {
			line, used = line+" "+word, used+1+n
			continue
		}
		if used > 0 {
			lines = append(lines, line)
		}
		pieces := split(word, n, width)
		lines = append(lines, pieces[:len(pieces)-1]...)
		line = pieces[len(pieces)-1]
		used = DisplayWidth(line)
	}
	return append(lines, line)
}

// split breaks a word that no line can hold: a URL, or a script without spaces.
func split(word string, n, width int) []string {
	if n <= width {
		return []string{word}
	}
	return strings.Split(ruler().Wrap(word, width), "\n")
}

// Count writes a number with thousands separated: "1,000,000".
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
