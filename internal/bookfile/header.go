package bookfile

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// readHeader finds the columns in the first record.
func (r *Reader) readHeader(s *csvSource, p *plan, o *Options) error {
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
	for i := range s.cells {
		names[i] = strings.TrimSpace(s.text(&s.cells[i], row.raw))
	}
	s.width, r.header, r.source = len(names), row.raw, s
	s.strict = slices.Contains(names, errorColumn) // rejects, which have all their cells
	if len(names) == 1 && looksLikeISBN(names[0]) {
		s.pending, names, r.header = &row, []string{isbnField.String()}, isbnField.String()
	}
	if s.known = findKnown(names); s.known != nil && len(o.Map) == 0 {
		r.adopt(s.known, p, o)
	} else {
		s.known = nil
	}
	if s.layout, err = p.layout(names, isExportHeader(names)); err != nil {
		return err
	}
	if err := p.missing(&s.layout, names); err != nil {
		return err
	}
	if s.known == nil {
		r.note(&s.layout)
	}
	return r.checkTitle(&s.layout, names)
}

// adopt goes by a known layout, but for what the options say.
func (r *Reader) adopt(k *known, p *plan, o *Options) {
	p.adopt(k)
	if o.Separator == "" && k.separator != "" {
		r.convert.separator = k.separator
	}
	if o.Key == "" {
		r.keys = k.source
	}
	r.notes = append(r.notes, "recognised as "+k.name+": no --map is needed")
}

// checkTitle refuses a file without titles, unless it is a list of ISBNs: those
// match books that are known.
func (r *Reader) checkTitle(l *layout, names []string) error {
	if l.column[titleField] >= 0 || r.convert.set[titleField] != "" {
		return nil
	}
	alone := l.column[isbnField] >= 0
	for at, name := range names {
		alone = alone && (at == l.column[isbnField] || expected(name, false))
	}
	if !alone {
		return api.Errorf(api.CodeInvalid, "no column is the title; say which with --map title=COLUMN, one of %s", strings.Join(names, ", "))
	}
	r.convert.untitled = true
	r.notes = append(r.notes, "recognised as a list of ISBNs")
	return nil
}

// isExportHeader says whether the columns are those that Bazar writes: only
// then its item numbers are this store's.
func isExportHeader(names []string) bool {
	return hasAll(names, []string{"id", "isbn13", "title", "authors", "topics", "price", "currency", "stock"})
}
