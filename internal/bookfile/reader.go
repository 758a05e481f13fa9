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

	// What rejects are written by: the header as it stands in the file, empty
	// for NDJSON; and a byte order mark, where the file's own words would mislead.
	header  string
	dialect dialect
	mark    string
	message *onix.Reader // of ONIX alone

	keys   string   // where keys come from, of a known layout
	notes  []string // of the beginning of the file
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

// open leads the bytes to the format: unpacked, decoded, and told what they are.
func open(r io.Reader, o *Options) (*Reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	unpacked, err := unpack(r)
	if err != nil {
		return nil, err
	}
	text, err := decode(unpacked, o.Encoding)
	if err != nil {
		return nil, err
	}
	in := newWindow(text, cmp.Or(o.Name, "the input"))
	format, err := sniff(in, o.Format)
	if err != nil {
		return nil, err
	}
	rd := &Reader{format: format, convert: newConverter(o), notes: text.notes}
	if text.encoding != "" {
		rd.mark = "\uFEFF"
	}
	if err := rd.convert.check(); err != nil {
		return nil, err
	}
	switch format {
	case MARC, MARCXML:
		rd.source, err = newMARC(in, format, o)
		return rd, err
	case ONIX:
		return rd, rd.openONIX(in, o)
	}
	plan := newPlan(o)
	if format == NDJSON {
		rd.source = &ndjsonSource{in: in, plan: plan, onSeen: rd.note}
		return rd, nil
	}
	rd.dialect = sniffDialect(in, o)
	rd.notes = append(rd.notes, rd.dialect.notes(o)...)
	return rd, rd.readHeader(newCSV(in, rd.dialect), plan, o)
}

// Source is the name under which the keys of a known layout are kept, whatever
// the file's name; "" if the file is none, or the options name the key.
func (r *Reader) Source() string { return r.keys }

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
	notes := slices.Clone(r.notes)
	if r.lostID {
		notes = append(notes, "id is not used: item numbers are the store's own; to match books by it, use --key id")
	}
	if s, ok := r.source.(interface{ notes() []string }); ok {
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
