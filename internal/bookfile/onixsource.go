package bookfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
	"github.com/bazar-store/bazar/pkg/api"
)

// recordReference is what ONIX tells its products by.
const recordReference = "RecordReference"

// onixSource reads the products of an ONIX message.
type onixSource struct {
	message *onix.Reader
	name    string
	noKeys  bool
}

// openONIX begins to read a message.
func (r *Reader) openONIX(in *window, o *Options) (err error) {
	switch {
	case len(o.Map) > 0:
		return api.Errorf(api.CodeInvalid, "the elements of ONIX are read as the standard says: leave out --map; --set gives what a product does not have")
	case o.Key != "" && !strings.EqualFold(o.Key, recordReference):
		return api.Errorf(api.CodeInvalid, "products of ONIX are told apart by their %s, not by %s: leave out --key", recordReference, o.Key)
	}
	r.message, err = onix.NewReader(in.rest(), onix.Options{
		Currency: cmp.Or(r.convert.set[currencyField], o.Currency), Decoded: in.r.encoding != "",
	})
	if err == nil {
		r.source = &onixSource{message: r.message, name: o.Name, noKeys: o.NoKeys && r.message.Sender() == ""}
	}
	return err
}

func (s *onixSource) next(rec *record) (Row, error) {
	p, err := s.message.Next()
	if errors.Is(err, io.EOF) {
		return Row{}, io.EOF
	}
	if err != nil {
		return Row{}, fmt.Errorf("read %s: %w", s.name, err)
	}
	row := Row{Line: p.Line, raw: p.Raw, Err: p.Err}
	if s.noKeys && p.Key != "" {
		p.Key = ""
		if p.Partial && p.ISBN == "" {
			row.Err = api.Errorf(api.CodeInvalid, "its %s alone tells which book it is, but not whose; say so with --source NAME", recordReference)
		}
	}
	rec.putProduct(p)
	return row, nil
}

// putProduct puts what a product says where the fields are.
func (rec *record) putProduct(p *onix.Product) {
	rec.partial, rec.priceCurrency, rec.exact = p.Partial, p.Currency, true
	rec.text[idField], rec.text[isbnField], rec.text[keyField] = p.ID, p.ISBN, p.Key
	rec.text[titleField], rec.text[publisherField], rec.text[yearField] = p.Title, p.Publisher, p.Year
	rec.text[languageField], rec.text[descriptionField] = p.Language, p.Description
	rec.text[priceField], rec.text[stockField], rec.text[stateField] = p.Price, p.Stock, p.State
	rec.list[authorsField], rec.list[topicsField] = p.Authors, p.Topics
}

// LaterWins says whether a row that names a book again is newer than the one
// before, as in ONIX, where a message may hold several notices of a product in
// the order in which they were given. In other files it is a mistake.
func (r *Reader) LaterWins() bool { return r.format == ONIX }

// Sender is who made the file, where it says so; rows' keys are theirs.
func (r *Reader) Sender() string {
	if r.message == nil {
		return ""
	}
	return r.message.Sender()
}

// Size is how much memory the row takes beside its book, in bytes.
func (r *Row) Size() int { return len(r.raw) }
