package bookfile

import (
	"html"
	"strings"
)

// unescape decodes the HTML entities in the texts of the record.
func (rec *record) unescape() {
	for _, f := range []field{titleField, authorsField, topicsField, publisherField, languageField, descriptionField} {
		rec.text[f] = unescapeHTML(rec.text[f])
		for i, s := range rec.list[f] {
			rec.list[f][i] = unescapeHTML(s)
		}
	}
}

// unescapeHTML decodes entities such as &amp; &#39; &eacute; once. What does not
// end in ; stays: black&white&copy is no sign of copyright.
func unescapeHTML(s string) string {
	const longest = len("&CounterClockwiseContourIntegral;")
	var b strings.Builder
	for {
		at := strings.IndexByte(s, '&')
		if at < 0 {
			break
		}
		b.WriteString(s[:at])
		s = s[at:]
		entity := s[:1+strings.IndexByte(s[:min(len(s), longest)], ';')]
		if strings.LastIndexByte(entity, '&') != 0 {
			entity = s[:1] // it does not end, or not before the next begins
		}
		text := html.UnescapeString(entity)
		if (strings.HasSuffix(text, ";") && text != ";") || strings.ContainsRune(text, '\uFFFD') {
			text = entity
		}
		b.WriteString(text)
		s = s[len(entity):]
	}
	if b.Len() == 0 {
		return s
	}
	return b.String() + s
}
