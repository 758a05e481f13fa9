package onix

import (
	"bytes"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// node is an element by its reference name, with the elements in it that are
// known.
type node struct {
	name   string
	text   string
	format string // the attribute dateformat or textformat
	html   bool   // the text is HTML, made of the elements that stood in it
	kids   []node
}

// all gives the elements of that name.
func (n *node) all(name string) []*node {
	var found []*node
	for i := range n.kids {
		if n.kids[i].name == name {
			found = append(found, &n.kids[i])
		}
	}
	return found
}

// child gives the first element of that name, an empty one if there is none.
func (n *node) child(name string) *node {
	for i := range n.kids {
		if n.kids[i].name == name {
			return &n.kids[i]
		}
	}
	return &node{}
}

// has says whether there is an element of that name.
func (n *node) has(name string) bool { return n.child(name).name != "" }

// value gives the text of the first element of that name, trimmed.
func (n *node) value(name string) string { return strings.TrimSpace(n.child(name).text) }

// block gives the part of a product that release 3.0 keeps under that name; in
// release 2.1 everything stands in the product itself.
func (n *node) block(name string) *node {
	if c := n.child(name); c.name != "" {
		return c
	}
	return n
}

// parser builds the tree of one element.
type parser struct {
	d    *xml.Decoder
	tags map[string]string
	left int // elements that may still come
	line int // of the element's start
}

// parse reads one element, strictly. Known names come out as reference names.
func parse(raw string, line int, tags map[string]string) (node, error) {
	p := parser{d: xml.NewDecoder(strings.NewReader(raw)), tags: tags, left: maxElements, line: line}
	p.d.Entity = xml.HTMLEntity
	token, err := p.next()
	if err != nil {
		return node{}, err
	}
	start, ok := token.(xml.StartElement)
	if !ok {
		return node{}, p.fail("it does not begin with a tag")
	}
	return p.element(start, 1)
}

// fail says what is wrong, and where in the file.
func (p *parser) fail(what string) error {
	line, _ := p.d.InputPos()
	return api.Errorf(api.CodeInvalid, "line %d: %s", p.line+line-1, what)
}

// next gives the next token that matters.
func (p *parser) next() (xml.Token, error) {
	for {
		token, err := p.d.RawToken()
		if err != nil {
			if bad, ok := errors.AsType[*xml.SyntaxError](err); ok {
				return nil, p.fail(bad.Msg)
			}
			if errors.Is(err, io.EOF) {
				return nil, p.fail("it ends too early")
			}
			return nil, p.fail(err.Error())
		}
		switch token.(type) {
		case xml.StartElement, xml.EndElement, xml.CharData:
			return token, nil
		case xml.Directive:
			return nil, p.fail("a declaration stands inside an element")
		}
	}
}

// enter counts an element that is depth deep.
func (p *parser) enter(depth int) error {
	if p.left--; p.left < 0 {
		return p.fail("it has too many elements")
	}
	if depth > maxDepth {
		return p.fail("its elements are nested too deep")
	}
	return nil
}

// leave checks that a tag closes the element that is open.
func (p *parser) leave(start xml.StartElement, end xml.EndElement) error {
	if end.Name != start.Name {
		return p.fail("<" + start.Name.Local + "> is closed by </" + end.Name.Local + ">")
	}
	return nil
}

func (p *parser) element(start xml.StartElement, depth int) (node, error) {
	n := node{name: p.tags[start.Name.Local], format: formatOf(start.Attr)}
	if err := p.enter(depth); err != nil {
		return n, err
	}
	var b strings.Builder
	for {
		token, err := p.next()
		if err != nil {
			return n, err
		}
		switch t := token.(type) {
		case xml.CharData:
			n.add(&b, t)
		case xml.EndElement:
			n.text = b.String()
			return n, p.leave(start, t)
		case xml.StartElement:
			if err := p.inner(&n, &b, t, depth+1); err != nil {
				return n, err
			}
		}
	}
}

// inner takes an element inside another: a known one, the markup of a text, or
// one that is passed over.
func (p *parser) inner(n *node, b *strings.Builder, start xml.StartElement, depth int) error {
	switch {
	case n.flows():
		if !n.html {
			before := b.String()
			b.Reset()
			b.WriteString(html.EscapeString(before))
			n.html = true
		}
		return p.flow(b, start, depth)
	case p.tags[start.Name.Local] != "":
		kid, err := p.element(start, depth)
		n.kids = append(n.kids, kid)
		return err
	}
	return p.flow(nil, start, depth)
}

// flow writes an element of a text as HTML; it may have no writer.
func (p *parser) flow(b *strings.Builder, start xml.StartElement, depth int) error {
	if err := p.enter(depth); err != nil {
		return err
	}
	write := func(parts ...string) {
		for _, s := range parts {
			if b != nil {
				b.WriteString(s)
			}
		}
	}
	write("<", start.Name.Local, ">")
	for {
		token, err := p.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.CharData:
			if b != nil {
				write(html.EscapeString(string(t)))
			}
		case xml.EndElement:
			write("</", start.Name.Local, ">")
			return p.leave(start, t)
		case xml.StartElement:
			if err := p.flow(b, t, depth+1); err != nil {
				return err
			}
		}
	}
}

// flows says whether the element is a text that may have XHTML in it.
func (n *node) flows() bool {
	switch n.name {
	case "Text", "MainDescription", "Annotation", "TitleText", "TitleWithoutPrefix", "Subtitle":
		return true
	}
	return false
}

// add takes text. White space alone means nothing outside of a text.
func (n *node) add(b *strings.Builder, data xml.CharData) {
	switch {
	case n.name == "", b.Len() == 0 && !n.flows() && len(bytes.TrimSpace(data)) == 0:
	case n.html:
		b.WriteString(html.EscapeString(string(data)))
	default:
		b.Write(data)
	}
}

func formatOf(attributes []xml.Attr) string {
	for _, a := range attributes {
		if a.Name.Local == "dateformat" || a.Name.Local == "textformat" {
			return a.Value
		}
	}
	return ""
}
