package marc

import (
	"bytes"
	"io"
	"strings"
)

// MaxXMLRecord is the longest record that is read in MARCXML, in bytes of
// UTF-8: more than ten times what ISO 2709 can have.
const MaxXMLRecord = 1 << 20

const (
	xmlChunk = 64 << 10
	maxTag   = 16 << 10 // the longest tag that is read outside of records
)

// xmlInput is the part of a file that is in memory: a record at most, and a
// chunk.
type xmlInput struct {
	r    io.Reader
	buf  []byte
	at   int
	eof  bool
	gone int64 // bytes before the data
	line int   // at the beginning of the data, from 1
}

func (x *xmlInput) data() []byte { return x.buf[x.at:] }

// step goes past n bytes.
func (x *xmlInput) step(n int) {
	x.line += bytes.Count(x.data()[:n], []byte("\n"))
	x.at += n
	x.gone += int64(n)
}

// fill reads more data, or finds out that there is none.
func (x *xmlInput) fill() error {
	if x.at > 0 {
		x.buf = x.buf[:copy(x.buf, x.data())]
		x.at = 0
	}
	if cap(x.buf)-len(x.buf) < xmlChunk {
		x.buf = append(make([]byte, 0, 2*cap(x.buf)+xmlChunk), x.buf...)
	}
	n, err := io.ReadAtLeast(x.r, x.buf[len(x.buf):cap(x.buf)], 1)
	x.buf = x.buf[:len(x.buf)+n]
	if x.eof = err == io.EOF; x.eof {
		return nil
	}
	return err
}

// ask makes sure of n bytes of data, if there are so many.
func (x *xmlInput) ask(n int) error {
	for len(x.data()) < n && !x.eof {
		if err := x.fill(); err != nil {
			return err
		}
	}
	return nil
}

// skipPast goes past the next end, false if there is none; what comes before it
// may be of any size.
func (x *xmlInput) skipPast(end string) (bool, error) {
	for {
		if err := x.ask(len(end)); err != nil {
			return false, err
		}
		if at := bytes.Index(x.data(), []byte(end)); at >= 0 {
			x.step(at + len(end))
			return true, nil
		}
		if x.eof {
			x.step(len(x.data()))
			return false, nil
		}
		x.step(max(0, len(x.data())-len(end)+1))
	}
}

// skipDeclaration goes past a declaration such as a document type, with all
// that it declares, none of which is looked at.
func (x *xmlInput) skipDeclaration() (bool, error) {
	for depth := 0; ; {
		if err := x.ask(len("<!--")); err != nil || len(x.data()) == 0 {
			return false, err
		}
		data, n, end := x.data(), 1, ""
		switch c := data[0]; {
		case bytes.HasPrefix(data, []byte("<!--")):
			n, end = len("<!--"), "-->"
		case bytes.HasPrefix(data, []byte("<?")):
			end = "?>"
		case c == '"' || c == '\'':
			end = string(c)
		case c == '<' || c == '[':
			depth++
		case c == '>' || c == ']':
			depth--
		}
		x.step(n)
		if end != "" {
			if found, err := x.skipPast(end); !found {
				return false, err
			}
		}
		if depth == 0 {
			return true, nil
		}
	}
}

// tag gives the length of the tag that the data begins with, 0 if it is none.
func (x *xmlInput) tag() (int, error) {
	quote := byte(0)
	for i := 1; i < maxTag; i++ {
		if err := x.ask(i + 1); err != nil {
			return 0, err
		}
		if i >= len(x.data()) {
			return 0, nil
		}
		switch c := x.data()[i]; {
		case c == '<':
			return 0, nil
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1, nil
		}
	}
	return 0, nil
}

// tagName gives the name in a tag, without the slash of an end tag.
func tagName(tag string) string {
	name := strings.TrimPrefix(tag[1:], "/")
	if end := strings.IndexAny(name, " \t\r\n/>"); end >= 0 {
		name = name[:end]
	}
	return name
}

// splitName gives the prefix and the local part of a name.
func splitName(name string) (prefix, local string) {
	if before, after, ok := strings.Cut(name, ":"); ok {
		return before, after
	}
	return "", name
}
