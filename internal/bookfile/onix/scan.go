package onix

import (
	"bytes"
	"errors"
	"io"
)

// chunk is how much is read at once, in bytes.
const chunk = 64 << 10

// scanner is the part of a message that is in memory: at most a product and a
// chunk. Positions are those in data.
type scanner struct {
	r    io.Reader
	buf  []byte
	from int
	eof  bool
	line int // at the start of the data, from 1
	gone int // bytes before the data
	cr   bool

	// looked keeps for each mark where it was looked for last, so that no byte
	// is looked at twice.
	looked map[string]search
}

// search says that a mark is not in a part of the message, in bytes, and
// whether it follows there.
type search struct {
	from, to int
	found    bool
}

func newScanner(r io.Reader) scanner {
	return scanner{r: r, line: 1, buf: make([]byte, 0, 2*chunk), looked: make(map[string]search)}
}

func (s *scanner) data() []byte { return s.buf[s.from:] }

// fill reads more, or finds out that there is no more.
func (s *scanner) fill() error {
	if s.from > 0 {
		s.buf = s.buf[:copy(s.buf, s.data())]
		s.from = 0
	}
	if cap(s.buf)-len(s.buf) < chunk {
		s.buf = append(make([]byte, 0, 2*cap(s.buf)), s.buf...)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf) : len(s.buf)+chunk])
		s.buf = s.buf[:len(s.buf)+n]
		if s.eof = errors.Is(err, io.EOF); err != nil && !s.eof {
			return err
		}
		if n > 0 || s.eof {
			return nil
		}
	}
	return io.ErrNoProgress
}

// full says whether more would be too much in memory.
func (s *scanner) full() bool { return s.eof || len(s.data()) > maxProduct }

// want fills the data up to n bytes if there are as many.
func (s *scanner) want(n int) error {
	for len(s.data()) < n && !s.eof {
		if err := s.fill(); err != nil {
			return err
		}
	}
	return nil
}

// step goes past n bytes. Lines end in LF, CRLF or CR.
func (s *scanner) step(n int) {
	gone := s.data()[:n]
	s.line += bytes.Count(gone, []byte("\n"))
	if s.cr || bytes.IndexByte(gone, '\r') >= 0 {
		for _, c := range gone {
			if s.cr && c != '\n' {
				s.line++
			}
			s.cr = c == '\r'
		}
	}
	s.from, s.gone = s.from+n, s.gone+n
}

// at is the line of the first byte of the data.
func (s *scanner) at() int {
	if data := s.data(); s.cr && len(data) > 0 && data[0] != '\n' {
		return s.line + 1
	}
	return s.line
}

// index finds mark from pos on; -1 if it does not come before the message ends
// or memory is full.
func (s *scanner) index(pos int, mark string) (int, error) {
	at := pos
	if last := s.looked[mark]; s.gone+pos >= last.from {
		if at = max(pos, last.to-s.gone); last.found && s.gone+pos <= last.to {
			return at, nil
		}
	}
	for {
		if at < len(s.data()) {
			if i := bytes.Index(s.data()[at:], []byte(mark)); i >= 0 {
				s.looked[mark] = search{s.gone + pos, s.gone + at + i, true}
				return at + i, nil
			}
		}
		at = max(at, len(s.data())-len(mark)+1)
		if s.full() {
			s.looked[mark] = search{s.gone + pos, s.gone + at, false}
			return -1, nil
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// kind is what a piece of markup is.
type kind int

const (
	open    kind = iota // <name>
	empty               // <name/>
	closing             // </name>
	other               // a comment, a declaration, an instruction, CDATA
	broken              // markup that does not end where it could
)

// markup is a piece of markup that ends before end.
type markup struct {
	kind kind
	name []byte // of a tag, as long as no more is read
	end  int
}

// markup reads the piece of markup that begins at pos. Inside of the root there
// is no document type declaration.
func (s *scanner) markup(pos int, inside bool) (markup, error) {
	if err := s.want(pos + len("<![CDATA[")); err != nil {
		return markup{}, err
	}
	rest := s.data()[pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return s.comment(pos)
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return s.until(pos, "]]>")
	case bytes.HasPrefix(rest, []byte("<?")):
		return s.until(pos, "?>")
	case bytes.HasPrefix(rest, []byte("<!")) && inside:
		return markup{kind: broken, end: pos + len("<!")}, nil
	case bytes.HasPrefix(rest, []byte("<!")):
		return s.declaration(pos)
	}
	return s.tag(pos)
}

// until reads markup that ends in a mark.
func (s *scanner) until(pos int, mark string) (markup, error) {
	end, err := s.index(pos, mark)
	if end < 0 || err != nil {
		return markup{kind: broken, end: len(s.data())}, err
	}
	return markup{kind: other, end: end + len(mark)}, nil
}

// comment reads a comment. XML allows no "--" inside, so that one which is not
// closed ends where the next one begins.
func (s *scanner) comment(pos int) (markup, error) {
	end, err := s.index(pos+len("<!--"), "--")
	if end < 0 || err != nil {
		return markup{kind: broken, end: len(s.data())}, err
	}
	if err := s.want(end + 3); err != nil {
		return markup{}, err
	}
	if end += 2; end == len(s.data()) || s.data()[end] != '>' {
		return markup{kind: broken, end: end}, nil
	}
	return markup{kind: other, end: end + 1}, nil
}

// declaration reads a document type declaration with its internal subset, of
// which nothing is used.
func (s *scanner) declaration(pos int) (markup, error) {
	var quote byte
	depth := 0
	for at := pos + 2; ; at++ {
		if err := s.want(at + 4); err != nil {
			return markup{}, err
		}
		if at >= len(s.data()) || at > maxProduct {
			return markup{kind: broken, end: len(s.data())}, nil
		}
		switch c := s.data()[at]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case bytes.HasPrefix(s.data()[at:], []byte("<!--")):
			m, err := s.comment(at)
			if err != nil || m.kind == broken {
				return m, err
			}
			at = m.end - 1
		case c == '<' || c == '[':
			depth++
		case c == ']' || (c == '>' && depth > 0):
			depth--
		case c == '>':
			return markup{kind: other, end: at + 1}, nil
		}
	}
}

// tag reads a tag. No value of an attribute has a "<", so that one which is not
// closed ends there.
func (s *scanner) tag(pos int) (markup, error) {
	var quote byte
	for at := pos + 1; ; at++ {
		if at >= len(s.data()) {
			if s.full() {
				return markup{kind: broken, end: at}, nil
			}
			if err := s.fill(); err != nil {
				return markup{}, err
			}
			at--
			continue
		}
		switch c := s.data()[at]; {
		case c == '<':
			return markup{kind: broken, end: at}, nil
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			m := newTag(s.data()[pos : at+1])
			m.end = at + 1
			return m, nil
		}
	}
}
