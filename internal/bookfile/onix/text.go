package onix

import (
	"html"
	"strings"
	"unicode"
)

// maxTag is the longest tag of HTML that is taken for one, in bytes.
const maxTag = 4096

// plain makes a text of HTML: paragraphs stand apart, line breaks and items of
// lists are lines, and everything else is words.
func plain(source string) string {
	var b strings.Builder
	for source != "" {
		at := strings.IndexByte(source, '<')
		if at < 0 {
			at = len(source)
		}
		words(&b, html.UnescapeString(source[:at]))
		if source = source[at:]; source == "" {
			break
		}
		name, rest, ok := htmlTag(source)
		if !ok {
			words(&b, "<")
			source = source[1:]
			continue
		}
		b.WriteString(breakAt(name))
		source = rest
		if hidden := strings.TrimPrefix(name, "/"); name == "script" || name == "style" {
			_, source, _ = strings.Cut(source, "</"+hidden+">")
		}
	}
	return lines(b.String())
}

// words writes text of HTML, where all white space is a space.
func words(b *strings.Builder, s string) {
	space := false
	for _, r := range s {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	if space {
		b.WriteByte(' ')
	}
}

// htmlTag takes a tag or a comment off the front of s, and gives its name in
// lower case, a closing tag's with "/". What HTML does not know is no tag.
func htmlTag(s string) (name, rest string, ok bool) {
	if comment, found := strings.CutPrefix(s, "<!--"); found {
		// One that is not closed runs to the end, as in a browser.
		_, rest, _ = strings.Cut(comment, "-->")
		return "", rest, true
	}
	end := strings.IndexByte(s[:min(len(s), maxTag)], '>')
	if end < 0 {
		return "", s, false
	}
	name = strings.ToLower(s[1:end])
	closes := strings.HasPrefix(name, "/")
	name = strings.TrimPrefix(name, "/")
	if i := strings.IndexFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '/' }); i >= 0 {
		name = name[:i]
	}
	if !isHTML(name) {
		return "", s, false
	}
	if closes {
		name = "/" + name
	}
	return name, s[end+1:], true
}

// isHTML says whether it is the name of an element that texts of books have.
func isHTML(name string) bool {
	switch name {
	case "a", "abbr", "acronym", "address", "article", "b", "bdo", "big", "blockquote", "body", "br", "caption", "center",
		"cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4",
		"h5", "h6", "head", "hr", "html", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "rb", "rp", "rt", "ruby",
		"s", "samp", "script", "section", "small", "span", "strike", "strong", "style", "sub", "sup", "table", "tbody",
		"td", "tfoot", "th", "thead", "title", "tr", "tt", "u", "ul", "var", "o:p":
		return true
	}
	return false
}

// breakAt gives the break that a tag makes.
func breakAt(name string) string {
	switch name {
	case "br", "dt", "dd", "tr", "address":
		return "\n"
	case "td", "th":
		return " "
	case "li":
		return "\n• "
	}
	switch strings.TrimPrefix(name, "/") {
	case "p", "div", "blockquote", "ul", "ol", "dl", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "hr", "pre":
		return "\n\n"
	}
	return ""
}

// hasHTML says whether a text is HTML that was escaped, or put into CDATA.
func hasHTML(s string) bool {
	for {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			return false
		}
		s = s[at:]
		if _, _, ok := htmlTag(s); ok {
			return true
		}
		s = s[1:]
	}
}

// lines tidies the white space of a text of several lines: no space at the ends
// of lines, one empty line at most between two.
func lines(s string) string {
	var b strings.Builder
	empty := 0
	for line := range strings.Lines(strings.ReplaceAll(s, "\r\n", "\n")) {
		line = strings.Join(strings.Fields(line), " ")
		switch {
		case line == "":
			empty++
			continue
		case b.Len() == 0:
		case empty > 0:
			b.WriteString("\n\n")
		default:
			b.WriteByte('\n')
		}
		empty = 0
		b.WriteString(line)
	}
	return b.String()
}

// line makes one line of a text, without markup.
func (n *node) line() string {
	s := n.text
	if n.html || hasHTML(s) {
		s = plain(s)
	}
	return strings.Join(strings.Fields(s), " ")
}

// lines gives a text of several lines, without markup.
func (n *node) lines() string {
	if n.html || hasHTML(n.text) {
		return plain(n.text)
	}
	return lines(n.text)
}
