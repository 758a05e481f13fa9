package bookfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bazar-store/bazar/internal/bookfile/marc"
	"github.com/bazar-store/bazar/pkg/api"
)

// marcKey is the field that tells MARC records apart; --key may say so.
const marcKey = "001"

// marcSource reads records of MARC 21, in ISO 2709 or in XML.
type marcSource struct {
	name   string // the file's, for messages
	read   func() (marc.Item, error)
	xml    *marc.XMLReader // nil for ISO 2709
	noKeys bool
	wrong  int // records that have no valid ISBN but another
}

// sniffMARC tells whether a file is MARC 21: by its beginning, unless the format
// is given.
func sniffMARC(head []byte, given Format) (Format, bool) {
	given = Format(strings.ToLower(string(given)))
	switch {
	case len(bytes.TrimSpace(head)) == 0:
		return "", false
	case given == MARC, given == "" && marc.IsISO2709(head):
		return MARC, true
	case given == MARCXML, given == "" && marc.IsXML(head):
		return MARCXML, true
	}
	return "", false
}

func newMARC(in *window, format Format, o *Options) (*marcSource, error) {
	switch {
	case len(o.Map) > 0:
		return nil, api.Errorf(api.CodeInvalid, "the fields of MARC are read as the standard says: leave out --map; --set gives what a record does not have")
	case format == MARC && in.r.encoding != "" && in.r.encoding != utf8Name:
		return nil, api.Errorf(api.CodeInvalid, "MARC records say their own encoding, and count its bytes: leave out --encoding")
	case o.Key != "" && o.Key != marcKey:
		return nil, api.Errorf(api.CodeInvalid, "MARC records are told apart by their control number, which is %s, not %s: leave out --key", marcKey, o.Key)
	}
	s := &marcSource{name: o.Name, noKeys: o.NoKeys}
	if format == MARC {
		s.read = marc.NewReader(in.rest()).Next
		return s, nil
	}
	var err error
	if s.xml, err = marc.NewXMLReader(in.rest(), in.r.encoding != ""); err != nil {
		return nil, err
	}
	s.read = s.xml.Next
	return s, nil
}

func (s *marcSource) next(rec *record) (Row, error) {
	item, err := s.read()
	if errors.Is(err, io.EOF) {
		return Row{}, io.EOF
	}
	if err != nil {
		return Row{}, fmt.Errorf("read %s: %w", s.name, err)
	}
	row := Row{Line: item.Number, Err: item.Err, raw: item.Raw, counted: true}
	if row.Err == nil {
		row.Err = s.fill(rec, item.Record)
	}
	return row, nil
}

// fill puts what the record says where the fields are.
func (s *marcSource) fill(rec *record, from *marc.Record) error {
	b, err := from.Book()
	if err != nil {
		return err
	}
	rec.text[isbnField] = b.ISBN13
	rec.text[titleField] = b.Title
	rec.list[authorsField] = b.Authors
	rec.list[topicsField] = b.Topics
	rec.text[publisherField] = b.Publisher
	rec.text[yearField] = b.Year
	rec.text[languageField] = b.Language
	rec.text[descriptionField] = b.Description
	rec.text[priceField], rec.priceCurrency = b.Price, b.Currency
	if !s.noKeys {
		rec.text[keyField] = b.Key
	}
	if b.WrongISBN {
		s.wrong++
	}
	return nil
}

func (s *marcSource) notes() []string {
	if s.wrong == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d records have an ISBN that is not valid; it is left out", s.wrong)}
}
