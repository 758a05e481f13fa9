package onix

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/bazar-store/bazar/pkg/api"
)

// splitter cuts a message into the elements that its root holds, without
// understanding them. A parser of the whole would give up at the first syntax
// error. What is damaged ends here where the next product begins: no product
// holds another, so that its start is a start even inside a comment or CDATA
// that was never closed.
type splitter struct {
	scanner
	from string // the encoding that the text was decoded from

	prolog  string // the document type declaration, where it declares nothing itself
	start   string // the root's tag, as it stands
	root    string // its name
	product string // the name of a product
	inside  bool   // the root
	begun   bool   // with products
}

func newSplitter(t text) splitter { return splitter{scanner: newScanner(t), from: t.from} }

// piece is an element of the message, or what stands where one should.
type piece struct {
	name string
	line int
	text string
	err  error
	leaf bool // it has to be text alone
}

// newTag reads a whole tag.
func newTag(raw []byte) markup {
	m := markup{kind: open}
	body := raw[1 : len(raw)-1]
	switch {
	case bytes.HasPrefix(body, []byte("/")):
		m.kind, body = closing, body[1:]
	case bytes.HasSuffix(body, []byte("/")):
		m.kind, body = empty, body[:len(body)-1]
	}
	if i := bytes.IndexAny(body, " \t\r\n"); i >= 0 {
		body = body[:i]
	}
	m.name = body
	return m
}

// begin steps past what comes before the root's first child.
func (s *splitter) begin() error {
	for s.start == "" {
		switch m, err := s.outside(); {
		case err != nil:
			return err
		case len(s.data()) == 0:
			return api.Errorf(api.CodeInvalid, "the file has no element <ONIXMessage>")
		case m.kind == broken:
			return api.Errorf(api.CodeInvalid, "line %d: what begins here does not end; this is no XML", s.at())
		case m.kind != open && m.kind != empty:
			return api.Errorf(api.CodeInvalid, "the file begins with no element: this is no XML")
		case !s.enter(m):
			return api.Errorf(api.CodeInvalid, "the file is XML, but not an ONIX message: its root is <%s>, not <ONIXMessage>", m.name)
		}
	}
	return nil
}

// outside steps past white space, comments, declarations and instructions, and
// gives the markup that follows; a zero end says that text follows, or nothing.
func (s *splitter) outside() (markup, error) {
	for {
		if err := s.space(); err != nil {
			return markup{}, err
		}
		if data := s.data(); len(data) == 0 || data[0] != '<' {
			return markup{kind: other}, nil
		}
		m, err := s.markup(0, s.inside)
		if err != nil || m.kind != other {
			return m, err
		}
		if raw := s.data()[:m.end]; bytes.HasPrefix(raw, []byte("<!DOCTYPE")) && !bytes.Contains(raw, []byte("[")) && !s.inside {
			s.prolog = string(raw)
		}
		s.step(m.end)
	}
}

// space steps past white space.
func (s *splitter) space() error {
	for {
		data := s.data()
		n := len(data) - len(bytes.TrimLeft(data, " \t\r\n"))
		s.step(n)
		if n < len(data) || s.eof {
			return nil
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// enter steps into the root; false if the tag is not its.
func (s *splitter) enter(m markup) bool {
	name := string(m.name)
	prefix, local, found := strings.Cut(name, ":")
	if !found {
		prefix, local = "", name
	} else {
		prefix += ":"
	}
	switch local {
	case "ONIXMessage":
		s.product = prefix + "Product"
	case "ONIXmessage":
		s.product = prefix + "product"
	default:
		return false
	}
	if s.start == "" {
		s.start, s.root = string(s.data()[:m.end]), name
	}
	s.inside = m.kind == open
	s.step(m.end)
	return true
}

// next gives the next element of the root. Its errors are io.EOF and those of
// the input.
func (s *splitter) next() (piece, error) {
	for {
		m, err := s.outside()
		if err != nil {
			return piece{}, err
		}
		p := piece{line: s.at(), name: string(m.name)}
		switch {
		case len(s.data()) == 0:
			return s.finish()
		case m.kind == closing && p.name == s.root && s.inside:
			s.inside = false
			s.step(m.end)
		case (m.kind == open || m.kind == empty) && s.inside && s.expects(&p):
			return s.element(p, m)
		case (m.kind == open || m.kind == empty) && s.inside:
			p.err = api.Errorf(api.CodeInvalid, "<%s> is no product; products stand in <%s>", p.name, s.product)
			return s.skip(p)
		case (m.kind == open || m.kind == empty) && s.enter(m):
			// Messages that were put one behind the other.
		default:
			p.err = api.Errorf(api.CodeInvalid, "what stands here is in no product")
			return s.skip(p)
		}
	}
}

// expects says whether an element may stand in the root. In release 2.1 the
// header may stand there in parts, each of them text, before the first product.
func (s *splitter) expects(p *piece) bool {
	switch name := p.name[strings.IndexByte(p.name, ':')+1:]; name {
	case "Product", "product":
		s.begun = s.begun || p.name == s.product
		return p.name == s.product
	case "Header", "header", "NoProduct", "x507", "MainSeriesRecord", "mainseriesrecord", "SubSeriesRecord", "subseriesrecord":
		return true
	}
	p.leaf = true
	return !s.begun
}

// finish ends the message, which has to be closed.
func (s *splitter) finish() (piece, error) {
	if !s.inside {
		return piece{}, io.EOF
	}
	s.inside = false
	return piece{line: s.at(), err: api.Errorf(api.CodeInvalid, "the file ends before </%s>: it is cut short, and products may be missing", s.root)}, nil
}

// element takes a child of the root to its end.
func (s *splitter) element(p piece, m markup) (piece, error) {
	end, depth := m.end, 1
	if m.kind == empty {
		depth = 0
	}
	for ; depth > 0; end = m.end {
		at, err := s.index(end, "<")
		if err != nil {
			return p, err
		}
		if at < 0 {
			return s.unended(p)
		}
		if m, err = s.markup(at, true); err != nil {
			return p, err
		}
		switch {
		case m.kind == broken || s.startsProduct(at, m) || (p.leaf && (m.kind == open || m.kind == empty)):
			p.err = api.Errorf(api.CodeInvalid, "<%s> is damaged, or not closed", p.name)
			return s.skip(p)
		case m.kind == open && string(m.name) == p.name:
			depth++
		case m.kind == closing && string(m.name) == p.name:
			depth--
		}
		if m.end > maxProduct {
			return s.unended(p)
		}
	}
	p.text = string(s.data()[:end])
	s.step(end)
	return p, nil
}

// unended gives up an element that memory, or the message, ends before.
func (s *splitter) unended(p piece) (piece, error) {
	p.err = api.Errorf(api.CodeInvalid, "<%s> is not closed before the file ends: it is cut short", p.name)
	if len(s.data()) > maxProduct {
		p.err = api.Errorf(api.CodeInvalid, "<%s> is longer than %d bytes", p.name, maxProduct)
	}
	return s.skip(p)
}

// check says what is wrong with the bytes of a piece.
func (s *splitter) check(raw string) error {
	switch {
	case s.from != "" && strings.ContainsRune(raw, utf8.RuneError):
		return api.Errorf(api.CodeInvalid, "it has bytes that are not %s, which the XML declaration names", s.from)
	case !utf8.ValidString(raw):
		return api.Errorf(api.CodeInvalid, "it is not valid UTF-8; the XML declaration has to name the file's encoding, such as windows-1252")
	}
	return nil
}
