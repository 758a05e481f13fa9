package onix

import (
	"bytes"
	"strings"
)

// startsProduct says whether a product begins in the markup at a position.
func (s *splitter) startsProduct(at int, m markup) bool {
	if m.kind == other {
		_, found := s.findProduct(s.data()[at:m.end])
		return found
	}
	return string(m.name) == s.product && m.kind != closing
}

// findProduct finds the start of a product in data. The last bytes may be the
// beginning of one; then the place of those is given, and false.
func (s *splitter) findProduct(data []byte) (int, bool) {
	tag := "<" + s.product
	for at := 0; ; at += len(tag) {
		i := bytes.Index(data[at:], []byte(tag))
		if i < 0 {
			return max(at, len(data)-len(tag)), false
		}
		at += i
		switch after := data[at+len(tag):]; {
		case len(after) == 0:
			return at, false
		case strings.IndexByte(" \t\r\n/>", after[0]) >= 0:
			return at, true
		}
	}
}

// skip goes on to the next product's start or the root's end. What it passes is
// the piece's text, unless that is too long.
func (s *splitter) skip(p piece) (piece, error) {
	for from, long := 1, false; ; {
		at, found := s.resume(min(from, len(s.data())))
		switch {
		case found || s.eof:
			if !found {
				at, s.inside = len(s.data()), false
			}
			if !long && at <= maxProduct {
				p.text = string(s.data()[:at])
			}
			s.step(at)
			return p, nil
		case len(s.data()) > maxProduct:
			s.step(at)
			from, long = 0, true
		default:
			from = at
			if err := s.fill(); err != nil {
				return p, err
			}
		}
	}
}

// resume finds a place to go on at, from a position on: the start of a product
// or the end of the root. Otherwise it gives the place to look from when there
// is more.
func (s *splitter) resume(from int) (int, bool) {
	data, end := s.data()[from:], "</"+s.root
	at, found := s.findProduct(data)
	if found {
		data = data[:at]
	}
	if i := bytes.Index(data, []byte(end)); i >= 0 {
		return from + i, true
	}
	if found {
		return from + at, true
	}
	return from + max(0, min(at, len(data)-len(end))), false
}
