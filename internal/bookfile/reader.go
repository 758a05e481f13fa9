package bookfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
	"github.com/bazar-store/bazar/pkg/api"
)

// maxNoted is how many ignored names a note lists.
const maxNoted = 30

// Row is one row of a file. Line is the physical line it begins in, from 1 (the
// header's, in CSV), or in MARC the number of the record. Err, an [api.CodeInvalid], says why a row is bad; Book then
// has nothing but its line.
type Row struct {
	Line int
	Book api.ImportRow
	Err  error

	raw     string // as it stands in the file, without the line end
	counted bool   // Line is the number of a record
}

// At is where the row stands in a file of that name, for messages:
// "books.csv:7", or "books.mrc: record 7".
func (r *Row) At(name string) string {
	if r.counted {
		return fmt.Sprintf("%s: record %d", name, r.Line)
	}
	return fmt.Sprintf("%s:%d", name, r.Line)
}

// Reader reads the rows of a book file.
type Reader struct {
	source  source
	convert converter
	record  record
	format  Format

	header    string // as it stands in the file, of CSV
	delimiter byte
	message   *onix.Reader // of ONIX alone

	lostID bool
	unused []string
}

// source is a format: it fills the record with the texts of the next row.
type source interface {
	next(*record) (Row, error)
}

// NewReader reads as much of r as tells what it is: its encoding, its format
// and, in CSV, the header. A file or options that cannot give a single book are
// an [api.CodeInvalid] that says what to do.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	rd, err := open(r, &o)
	if e, bad := errors.AsType[*api.Error](err); bad && o.Name != "" {
		return nil, api.Errorf(e.Code, "%s: %w", o.Name, err)
	}
	if err != nil {
		return nil, err
	}
	return rd, nil
}

func open(r io.Reader, o *Options) (*Reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	in := newWindow(r, cmp.Or(o.Name, "the input"))
	format, err := sniff(in, o.Format)
	if err != nil {
		return nil, err
	}
	rd := &Reader{format: format, convert: newConverter(o)}
	if err := rd.convert.check(); err != nil {
		return nil, err
	}
	switch format {
	case MARC, MARCXML:
		rd.source, err = newMARC(in.rest(), format, o)
		return rd, err
	case ONIX:
		return rd, rd.openONIX(in.rest(), o)
	}
	plan := newPlan(o)
	if format == NDJSON {
		rd.source = &ndjsonSource{in: in, plan: plan, onSeen: rd.note}
		return rd, nil
	}
	rd.delimiter = byte(o.Delimiter)
	if rd.delimiter == 0 {
		rd.delimiter = sniffDelimiter(in.data())
	}
	return rd, rd.readHeader(newCSV(in, rd.delimiter), plan)
}

// readHeader finds the columns in the first record.
func (r *Reader) readHeader(s *csvSource, p *plan) error {
	row, err := s.row()
	if errors.Is(err, io.EOF) {
		return emptyFile()
	}
	if err != nil {
		return err
	}
	if row.Err != nil {
		return api.Errorf(api.CodeInvalid, "the header cannot be read: %w", row.Err)
	}
	names := make([]string, len(s.cells))
	for i, c := range s.cells {
		names[i] = strings.TrimSpace(c.text(row.raw))
	}
	s.width, r.header, r.source = len(names), row.raw, s
	if s.layout, err = p.layout(names, isExportHeader(names)); err != nil {
		return err
	}
	if err := p.missing(&s.layout, names); err != nil {
		return err
	}
	if s.layout.column[titleField] < 0 && r.convert.set[titleField] == "" {
		return api.Errorf(api.CodeInvalid, "no column is the title; say which with --map title=COLUMN, one of %s", strings.Join(names, ", "))
	}
	r.note(&s.layout)
	return nil
}

// isExportHeader says whether the columns are those that Bazar writes: only
// then its item numbers are this store's.
func isExportHeader(names []string) bool {
	return hasAll(names, []string{"id", "isbn13", "title", "authors", "topics", "price", "currency", "stock"})
}

// Read gives the next row, [io.EOF] after the last. A row that cannot become a
// book has Err set, and reading goes on after it; an error of the input itself
// is returned.
func (r *Reader) Read() (Row, error) {
	r.record = record{}
	row, err := r.source.next(&r.record)
	if err != nil {
		return Row{}, err
	}
	if row.Err == nil {
		row.Book, row.Err = r.convert.row(&r.record)
	}
	if row.Err != nil {
		row.Book = api.ImportRow{}
	}
	row.Book.Line = row.Line
	return row, nil
}

// IsLines says whether the file's lines are about as many as its rows.
func (r *Reader) IsLines() bool { return r.format == CSV || r.format == NDJSON }

// note keeps what a layout leaves out, each name once.
func (r *Reader) note(l *layout) {
	r.lostID = r.lostID || l.lostID
	for _, name := range l.unused {
		if len(r.unused) <= maxNoted && !slices.Contains(r.unused, name) {
			r.unused = append(r.unused, name)
		}
	}
}

// Notes gives what a person should know of the rows read so far, a sentence
// each: what of the file was not used.
func (r *Reader) Notes() []string {
	var notes []string
	if r.lostID {
		notes = append(notes, "id is not used: item numbers are the store's own; to match books by it, use --key id")
	}
	if s, ok := r.source.(*marcSource); ok {
		notes = append(notes, s.notes()...)
	}
	switch {
	case len(r.unused) > maxNoted:
		notes = append(notes, "not used: "+strings.Join(r.unused[:maxNoted], ", ")+" and more")
	case len(r.unused) > 0:
		notes = append(notes, "not used: "+strings.Join(r.unused, ", "))
	}
	if r.message != nil {
		notes = append(notes, r.message.Notes()...)
	}
	return notes
}
