package bookfile

import (
	"bytes"
	"io"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// csvSource reads the records of CSV. encoding/csv does not serve: a quote that
// is never closed would take the rest of the file with it, a huge cell all of
// the memory, and it changes the line ends inside quotes.
type csvSource struct {
	in     *window
	ends   [256]bool // bytes that end a cell without quotes
	layout layout
	width  int // cells in the header; 0: not known yet
	cells  []cell
	count  int // cells in the record, of which cells holds the first width
	// doubt is the place in the input, in bytes, where an earlier quote was
	// given up as unclosed. A quote that opens before it has to close on its
	// own line, so that no byte is looked at more than twice.
	doubt int
}

// cell is where a cell's text stands in its record, and where the cell ends.
type cell struct {
	start, end, next int
	escaped          bool // doubled quotes stand for one
}

// scan is how the reading of a cell or a record came out.
type scan int

const (
	complete scan = iota
	cutShort      // the data ends too early
	unclosed      // a quote is opened and not closed
	stray         // text between a closing quote and the delimiter
)

func newCSV(in *window, delimiter byte) *csvSource {
	s := &csvSource{in: in}
	for _, c := range []byte{delimiter, '\r', '\n'} {
		s.ends[c] = true
	}
	return s
}

func (s *csvSource) next(rec *record) (Row, error) {
	row, err := s.row()
	if err != nil || row.Err != nil {
		return row, err
	}
	if s.count != s.width {
		row.Err = api.Errorf(api.CodeInvalid, "it has %d cells where the header has %d; quote cells that contain the delimiter", s.count, s.width)
		return row, nil
	}
	for f, at := range s.layout.column {
		if at >= 0 {
			rec.text[f] = s.cells[at].text(row.raw)
		}
	}
	return row, nil
}

// row reads the next record that is not an empty line into s.cells.
func (s *csvSource) row() (Row, error) {
	for {
		data := s.in.data()
		if len(data) == 0 && s.in.eof {
			return Row{}, io.EOF
		}
		end, how := s.record(data)
		switch {
		case how == cutShort && len(data) <= maxRow:
			if err := s.in.fill(); err != nil {
				return Row{}, err
			}
		case how != complete || end > maxRow:
			return s.broken(end, how)
		default:
			raw, line := string(data[:end]), s.in.line
			s.in.step(pastLineEnd(data, end), lineEnds(raw)+1)
			if raw != "" {
				return Row{Line: line, raw: raw, Err: s.in.r.checkText(raw)}, nil
			}
		}
	}
}

// broken makes a bad row of the first line of a record that could not be read
// to its end at failed; reading goes on with the next line.
func (s *csvSource) broken(failed int, how scan) (Row, error) {
	row := Row{Line: s.in.line}
	s.doubt = max(s.doubt, s.in.gone+failed)
	line, cut, err := s.in.takeLine()
	if err != nil {
		return Row{}, err
	}
	row.raw = line
	switch {
	case cut:
		row.Err = tooLong()
	case how == stray:
		row.Err = api.Errorf(api.CodeInvalid, "text follows a closing quote; double the quotes inside a quoted cell")
	default:
		row.Err = api.Errorf(api.CodeInvalid, "a quote that opens in this line is not closed, so the row was taken to end with the line")
	}
	return row, nil
}

// record finds the cells of the first record and gives its length without its
// line end, or the place where it failed.
func (s *csvSource) record(data []byte) (int, scan) {
	s.cells, s.count = s.cells[:0], 0
	for pos := 0; ; {
		c, how := s.cell(data, pos)
		if how != complete {
			return c.next, how
		}
		if s.count++; s.count <= s.width || s.width == 0 {
			s.cells = append(s.cells, c)
		}
		switch {
		case c.next == len(data) || data[c.next] == '\n':
			return c.next, complete
		case data[c.next] != '\r':
			pos = c.next + 1
		case c.next+1 == len(data) && !s.in.eof:
			return c.next, cutShort
		default:
			return c.next, complete
		}
	}
}

func (s *csvSource) cell(data []byte, pos int) (cell, scan) {
	if pos < len(data) && data[pos] == '"' {
		return s.quoted(data, pos)
	}
	i := pos
	for i < len(data) && !s.ends[data[i]] {
		i++
	}
	if i == len(data) && !s.in.eof {
		return cell{next: i}, cutShort
	}
	return cell{start: pos, end: i, next: i}, complete
}

func (s *csvSource) quoted(data []byte, pos int) (cell, scan) {
	c := cell{start: pos + 1}
	for i := pos + 1; ; i += 2 {
		n := bytes.IndexByte(data[i:], '"')
		if n < 0 {
			n = len(data) - i
		}
		i += n
		if s.in.gone+pos < s.doubt && bytes.ContainsAny(data[pos:i], "\r\n") {
			return cell{next: pos}, unclosed
		}
		switch c.end, c.next = i, i+1; {
		case i+1 >= len(data) && !s.in.eof:
			return cell{next: i}, cutShort
		case i == len(data):
			return cell{next: i}, unclosed
		case c.next == len(data) || s.ends[data[c.next]]:
			return c, complete
		case data[c.next] != '"':
			return cell{next: i}, stray
		}
		c.escaped = true
	}
}

// text is what the cell says. It shares the memory of raw where it can.
func (c cell) text(raw string) string {
	s := raw[c.start:c.end]
	if c.escaped {
		s = strings.ReplaceAll(s, `""`, `"`)
	}
	return s
}
