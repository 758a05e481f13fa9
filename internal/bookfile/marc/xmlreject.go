package marc

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Head begins a file of rejected records: a collection in UTF-8 in which the
// prefixes of the file that was read have their meaning.
func (r *XMLReader) Head() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<collection xmlns=\"" + Namespace + `"`)
	for _, prefix := range slices.Sorted(maps.Keys(r.prefixes)) {
		if prefix != "" && r.prefixes[prefix] {
			b.WriteString(" xmlns:" + prefix + `="` + Namespace + `"`)
		}
	}
	b.WriteString(` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + "\n")
	return b.String()
}

// Tail ends what [XMLReader.Head] begins.
func (r *XMLReader) Tail() string { return "</collection>\n" }

// Rejected gives a record as it stood, after the reason why it was turned down.
// What would damage the file around it becomes the text of a record.
func Rejected(raw, reason string) string {
	reason = strings.ReplaceAll(strings.ToValidUTF8(reason, "?"), "--", "- -")
	comment := "<!-- " + strings.ReplaceAll(reason, "--", "- -") + " -->\n"
	// Neither bytes that are no text nor entities that are not known spoil more
	// than their record.
	if isWhole(regexp.MustCompile(`&[A-Za-z][\w.-]*;`).ReplaceAllString(strings.ToValidUTF8(raw, "?"), "?")) {
		return comment + raw + "\n"
	}
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(raw)) // a builder takes everything
	return comment + "<record>" + b.String() + "</record>\n"
}

// isWhole says whether a text is one well-formed record.
func isWhole(raw string) bool {
	d := xml.NewDecoder(strings.NewReader(raw))
	for depth, elements := 0, 0; ; {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && elements == 1
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				elements++
			}
			if depth++; depth == 1 && t.Name.Local != "record" {
				return false
			}
		case xml.EndElement:
			depth--
		}
	}
}
