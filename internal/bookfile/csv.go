package bookfile

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// csvSource reads the records of CSV. encoding/csv does not serve: a quote that
// is never closed would take the rest of the file with it, a huge cell all of
// the memory, and it changes the line ends inside quotes.
type csvSource struct {
	dialect
	in      *window
	ends    [256]bool // bytes that end a cell without quotes
	layout  layout
	known   *known // nil for most files
	pending *Row   // the first record, where it is no header
	width   int    // cells in the header; 0: not known yet
	strict  bool
	ragged  int // rows of another width that were read
	cells   []cell
	count   int  // cells in the record, of which cells holds the first width
	surplus bool // a cell beyond the width says something
	whole   bool // a line end ends the record, not the file
	broke   bool // the record could not be read to its end
	// doubt is the place in the input, in bytes, where an earlier quote was
	// given up as unclosed. A quote that opens before it has to close on its
	// own line, so that no byte is looked at more than twice.
	doubt int
}

// cell is where a cell's text stands in its record, and where the cell ends.
type cell struct {
	start, end, next int
	quoted, escaped  bool // escaped: quotes within it are doubled or have a backslash
}

// scan is how the reading of a cell or a record came out.
type scan int

const (
	complete scan = iota
	cutShort      // the data ends too early
	unclosed      // a quote is opened and not closed
	stray         // text between a closing quote and the delimiter
)

func newCSV(in *window, d dialect) *csvSource {
	s := &csvSource{in: in, dialect: d}
	for _, c := range []byte{d.delimiter, '\r', '\n'} {
		s.ends[c] = true
	}
	return s
}

func (s *csvSource) next(rec *record) (Row, error) {
	var row Row
	if s.pending != nil {
		row, s.pending = *s.pending, nil
	} else {
		var err error
		if row, err = s.row(); err != nil {
			return row, err
		}
	}
	decode := s.known != nil && s.known.latin && row.Err != nil && !s.broke
	if row.Err != nil && !decode {
		return row, nil
	}
	if s.count != s.width {
		if row.Err = s.mend(&row); row.Err != nil {
			return row, nil
		}
	}
	for f, at := range s.layout.column {
		if at >= 0 {
			rec.text[f] = s.text(&s.cells[at], row.raw)
		}
	}
	if s.known != nil {
		s.fillIn(rec, row.raw)
	}
	if decode {
		row.Err = rec.decodeLatin(row.Err)
	}
	return row, nil
}

// mend takes a row that lacks empty cells at its end, or has some too many, as
// spreadsheets write them. It is no guess: nothing that the row says would stand
// elsewhere. A row that lacks what tells its book, that ends with the file, or
// that is one cell of a line that broke, stays bad.
func (s *csvSource) mend(row *Row) error {
	short := s.count < s.width
	switch {
	case !s.strict && !short && !s.surplus:
		row.raw = row.raw[:s.cells[s.width-1].next]
	case !s.strict && short && s.whole && s.count >= max(2, s.layout.identity()):
		row.raw += strings.Repeat(string(rune(s.delimiter)), s.width-s.count)
		s.cells = append(s.cells, make([]cell, s.width-s.count)...)
	case short && !s.whole:
		return api.Errorf(api.CodeInvalid, "it has %d cells where the header has %d, and no line end: the file may be cut short", s.count, s.width)
	case short:
		return api.Errorf(api.CodeInvalid, "it has %d cells where the header has %d; quote cells that contain line ends", s.count, s.width)
	default:
		return api.Errorf(api.CodeInvalid, "it has %d cells where the header has %d; quote cells that contain the delimiter", s.count, s.width)
	}
	s.ragged++
	return nil
}

// notes says how many rows were mended.
func (s *csvSource) notes() []string {
	const what = " had missing or surplus empty cells at the end, and were read without"
	switch s.ragged {
	case 0:
		return nil
	case 1:
		return []string{"1 row" + what}
	}
	return []string{strconv.Itoa(s.ragged) + " rows" + what}
}

// row reads the next record that is not an empty line into s.cells.
func (s *csvSource) row() (Row, error) {
	for s.broke = false; ; {
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
			s.whole = end < len(data)
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
	s.broke = true
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
	s.cells, s.count, s.surplus = s.cells[:0], 0, false
	for pos := 0; ; {
		c, how := s.cell(data, pos)
		if how != complete {
			return c.next, how
		}
		if s.count++; s.count <= s.width || s.width == 0 {
			s.cells = append(s.cells, c)
		} else if c.end > c.start {
			s.surplus = true
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
	if pos < len(data) && data[pos] == s.quote && s.quote != 0 {
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
	c := cell{start: pos + 1, quoted: true}
	for i := pos + 1; ; i += 2 {
		i = s.nextQuote(data, i, &c)
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
		case data[c.next] != s.quote:
			return cell{next: i}, stray
		}
		c.escaped = true
	}
}

// nextQuote finds the next quote from i on that has no backslash before it, if
// those count; the length of data if there is none.
func (s *csvSource) nextQuote(data []byte, i int, c *cell) int {
	if !s.backslash {
		if n := bytes.IndexByte(data[i:], s.quote); n >= 0 {
			return i + n
		}
		return len(data)
	}
	for ; i < len(data) && data[i] != s.quote; i++ {
		if data[i] == '\\' {
			c.escaped = true
			i++
		}
	}
	return min(i, len(data))
}
