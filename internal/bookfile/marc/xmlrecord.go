package marc

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// maxDepth is how deep elements may be in a record; MARCXML has three.
const maxDepth = 16

// parseXML takes a record of MARCXML apart that begins in a line of its file.
func parseXML(raw string, line int) (*Record, error) {
	p := xmlParser{decoder: xml.NewDecoder(strings.NewReader(raw))}
	for {
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
			return nil, api.Errorf(api.CodeInvalid, "it is not well-formed XML: %s (line %d)", syntax.Msg, line+syntax.Line-1)
		}
		if err == nil {
			err = p.take(token)
		}
		if err != nil {
			return nil, err
		}
	}
	if p.leader == "" {
		return nil, api.Errorf(api.CodeInvalid, "it has no leader")
	}
	// White space at the end is often lost.
	leader := p.leader + strings.Repeat(" ", max(0, leaderSize-len(p.leader)))
	return newRecord(leader, p.fields, nil)
}

// xmlParser is a record under way.
type xmlParser struct {
	decoder *xml.Decoder
	path    []string // the names of the open elements
	leader  string
	fields  []field
	tag     string // of the open field
	text    strings.Builder
}

func (p *xmlParser) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		if len(p.path) == maxDepth {
			return api.Errorf(api.CodeInvalid, "its elements are nested too deep")
		}
		p.path = append(p.path, t.Name.Local)
		return p.start(t.Attr)
	case xml.EndElement:
		p.end()
		p.path = p.path[:len(p.path)-1]
	case xml.CharData:
		if p.isText() {
			p.text.Write(t)
		}
	}
	return nil
}

// where is the place of an element that means something; "" elsewhere.
func (p *xmlParser) where() string {
	name := p.path[len(p.path)-1]
	switch {
	case len(p.path) == 2 && (name == "leader" || name == "controlfield" || name == "datafield"):
		return name
	case len(p.path) == 3 && name == "subfield" && p.path[1] == "datafield":
		return name
	}
	return ""
}

func (p *xmlParser) isText() bool {
	if len(p.path) == 0 {
		return false
	}
	w := p.where()
	return w == "leader" || w == "controlfield" || w == "subfield"
}

func (p *xmlParser) start(attributes []xml.Attr) error {
	switch p.where() {
	case "leader":
		p.text.Reset()
	case "controlfield", "datafield":
		p.text.Reset()
		if p.tag = attribute(attributes, "tag"); len(p.tag) != 3 {
			return api.Errorf(api.CodeInvalid, "a field's tag is %q, which is not three characters", p.tag)
		}
		if p.where() == "controlfield" {
			break
		}
		for _, name := range []string{"ind1", "ind2"} {
			indicator := attribute(attributes, name)
			if len(indicator) != 1 {
				indicator = " "
			}
			p.text.WriteString(indicator)
		}
	case "subfield":
		code := attribute(attributes, "code")
		if len(code) != 1 {
			return api.Errorf(api.CodeInvalid, "a subfield of %s has the code %q, which is not one character", p.tag, code)
		}
		p.text.WriteByte(subfieldDelimiter)
		p.text.WriteString(code)
	}
	return nil
}

func (p *xmlParser) end() {
	switch p.where() {
	case "leader":
		p.leader = strings.Trim(p.text.String(), "\r\n\t")
	case "controlfield", "datafield":
		p.fields = append(p.fields, field{tag: p.tag, data: p.text.String()})
	}
}

func attribute(attributes []xml.Attr, name string) string {
	for _, a := range attributes {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
