// Package bookfile reads and writes files of books: CSV (RFC 4180), NDJSON (a
// JSON object a line) and ONIX for Books (EDItEUR) to and from the rows and books
// of pkg/api; and it reads MARC 21 (ISO 2709 and MARCXML). It knows no service.
// Bytes are unpacked, decoded, told what they are, and read by their format. Rows
// stream: memory does not grow with the file.
package bookfile

import (
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// Format is a kind of book file.
type Format string

// The formats. The zero Format is detected on reading.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
	ONIX   Format = "onix"
	// MARC is MARC 21 in ISO 2709, MARCXML the same in XML. They are only read.
	MARC    Format = "marc"
	MARCXML Format = "marcxml"
)

// ParseFormat reads what --format says, in any case. Its errors are
// [api.CodeInvalid].
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(s)); f {
	case CSV, NDJSON, ONIX, MARC, MARCXML:
		return f, nil
	}
	return "", api.Errorf(api.CodeInvalid, "%q is not a format; write csv, ndjson, onix, marc or marcxml", s)
}

// Writable says whether books are written in the format too.
func (f Format) Writable() bool { return f == CSV || f == NDJSON || f == ONIX }

// maxRow is the longest row that is read, in bytes.
const maxRow = 1 << 20

// Options says how a file is to be understood. The zero value suits a file
// whose header names Bazar's own fields.
type Options struct {
	// Format is detected when empty: by the leader of a MARC record, by the root
	// of MARCXML or ONIX; a file that begins with "{" is NDJSON, any other CSV.
	Format Format
	// Name is the file's name, for messages.
	Name string
	// Encoding is that of the text, by its WHATWG or IANA name; UTF-8 when
	// empty. A byte order mark wins over it.
	Encoding string
	// Delimiter stands between the cells of CSV: any ASCII character but a
	// quote, a backslash or a line end. When 0 it is detected in the header, among
	// comma, semicolon, tab and bar.
	Delimiter rune
	// Quote stands around cells of CSV: `"`, `'` or "none"; `\"` or `\'` where a
	// backslash, not a second quote, stands before quotes within. When empty it
	// is detected.
	Quote string
	// Map gives each field the column, or member, that it is read from;
	// columns that it does not name are ignored. See [ParseMap].
	Map map[string]string
	// Set gives fields a value wherever the file has none: no such column,
	// or nothing in the cell. See [ParseSet].
	Set map[string]string
	// Key is the column whose value becomes the row's key. That of ONIX is its
	// RecordReference.
	Key string
	// NoKeys leaves out the keys that a format has without being asked, as MARC
	// has control numbers: for files whose source has no name. ONIX names its
	// sender, by which its keys are kept.
	NoKeys bool
	// Separator stands between several authors or topics in one cell;
	// ";" when empty.
	Separator string
	// UnescapeHTML decodes HTML entities, such as &amp;, in texts.
	UnescapeHTML bool
	// CurrencyFrom is the column that has the currency of prices: a code, a
	// symbol or an English name.
	CurrencyFrom string
	// Currency is that of prices for which neither the file nor Set has one.
	Currency string
}

// check says what is wrong with the options whatever the file.
func (o *Options) check() error {
	if o.Format != "" {
		if _, err := ParseFormat(string(o.Format)); err != nil {
			return err
		}
	}
	if _, err := encodingNamed(o.Encoding); err != nil {
		return err
	}
	if o.Quote != "" {
		if _, _, err := parseQuote(o.Quote); err != nil {
			return err
		}
	}
	if d := o.Delimiter; d != 0 && !delimits(d) {
		return api.Errorf(api.CodeInvalid, "%q cannot delimit cells; use one ASCII character, such as a comma or a tab", d)
	}
	if o.CurrencyFrom != "" && o.Map["currency"] != "" {
		return api.Errorf(api.CodeInvalid, "--currency-from and --map both say where the currency is; keep one")
	}
	for name, column := range o.Map {
		if err := checkField(name, column); err != nil {
			return err
		}
	}
	for name, value := range o.Set {
		if err := checkField(name, value); err != nil {
			return err
		}
	}
	return nil
}
