// Package marc reads MARC 21 bibliographic records, as libraries exchange
// them: ISO 2709 in UTF-8 or MARC-8, and MARCXML. Records stream: memory does
// not grow with the file. A damaged record is given as such, with its place,
// and reading goes on after it. [Record.Book] says what of a record makes a
// book on sale.
//
// The sources are the MARC 21 Format for Bibliographic Data and the MARC 21
// Specifications for Record Structure, Character Sets, and Exchange Media, both
// of the Library of Congress.
package marc

import (
	"iter"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// Namespace is that of the elements of MARCXML.
const Namespace = "http://www.loc.gov/MARC21/slim"

// What delimits the parts of a record in ISO 2709.
const (
	subfieldDelimiter = 0x1f
	fieldTerminator   = 0x1e
	recordTerminator  = 0x1d
)

// Item is a record as it stands in its file. Err, an [api.CodeInvalid] that
// names the place, says why it is damaged; Record is then nil.
type Item struct {
	// Number counts the records of a file, damaged ones too, from 1.
	Number int
	Raw    string
	Record *Record
	Err    error
}

// Record is a record taken apart.
type Record struct {
	leader string
	fields []field
	texts  *Decoder // nil: the texts are UTF-8
}

// field is a field without its terminator: a control field's text, or a data
// field's two indicators and its subfields, each after a delimiter.
type field struct {
	tag, data string
}

// leaderSize is how long a leader is, in bytes.
const leaderSize = 24

// newRecord checks the leader and makes a record of it.
func newRecord(leader string, fields []field, texts *Decoder) (*Record, error) {
	switch leader[6] {
	case 'u', 'v', 'x', 'y':
		return nil, api.Errorf(api.CodeInvalid, "it describes holdings, not a book (leader/06 is %c)", leader[6])
	case 'z', 'w', 'q':
		return nil, api.Errorf(api.CodeInvalid, "it is an authority record, not a book (leader/06 is %c)", leader[6])
	}
	if leader[5] == 'd' {
		return nil, api.Errorf(api.CodeInvalid, "it is marked as deleted (leader/05 is d); to take the book off sale use `bazar books retire`")
	}
	for _, f := range fields {
		if !f.isControl() && len(f.data) < 2 {
			return nil, api.Errorf(api.CodeInvalid, "field %s has no indicators", f.tag)
		}
	}
	return &Record{leader: leader, fields: fields, texts: texts}, nil
}

// isControl says whether the field is a text alone.
func (f *field) isControl() bool { return strings.HasPrefix(f.tag, "00") }

// subfields gives the codes and the texts, as they stand, of a data field.
func (f *field) subfields() iter.Seq2[byte, string] {
	return func(yield func(byte, string) bool) {
		rest := f.data[2:]
		for {
			at := strings.IndexByte(rest, subfieldDelimiter)
			if at < 0 || at+1 == len(rest) {
				return
			}
			rest = rest[at+1:]
			end := strings.IndexByte(rest, subfieldDelimiter)
			if end < 0 {
				end = len(rest)
			}
			if end > 0 && !yield(rest[0], rest[1:end]) {
				return
			}
			rest = rest[end:]
		}
	}
}

// raw gives the first subfield with the code as it stands; "" if there is none.
func (f *field) raw(code byte) string {
	for c, text := range f.subfields() {
		if c == code {
			return text
		}
	}
	return ""
}

// tagged gives the fields with one of the tags, in their order.
func (r *Record) tagged(tags ...string) iter.Seq[*field] {
	return func(yield func(*field) bool) {
		for i := range r.fields {
			for _, tag := range tags {
				if r.fields[i].tag == tag && !yield(&r.fields[i]) {
					return
				}
			}
		}
	}
}

// first gives the first field with the tag; nil if there is none.
func (r *Record) first(tag string) *field {
	for f := range r.tagged(tag) {
		return f
	}
	return nil
}

// control gives a control field's text, as it stands.
func (r *Record) control(tag string) string {
	if f := r.first(tag); f != nil {
		return f.data
	}
	return ""
}
