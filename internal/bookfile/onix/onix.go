// Package onix reads and writes ONIX for Books messages (EDItEUR): releases 3.0
// and 3.1, and of 2.1 what a catalogue needs, with reference names and with
// short tags. A message streams: one product is in memory at a time. What a
// product says is given as texts; a caller makes books of them.
//
// A message comes from strangers. Document type declarations are skipped:
// nothing that they name is fetched, and no entity that they declare is ever
// expanded. Sizes, depths and counts have bounds. A product that is damaged costs
// itself alone: see splitter.
package onix

import (
	"io"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// maxProduct is the longest product that is read, in bytes of UTF-8.
	maxProduct = 4 << 20
	// maxDepth is how deep elements of a product may be nested.
	maxDepth = 64
	// maxElements is how many elements a product may have.
	maxElements = 100_000
	// maxHeader is how much of a header is kept for rejected products, in bytes.
	maxHeader = 64 << 10
)

// Options says how a message is to be understood.
type Options struct {
	// Decoded says that the bytes are UTF-8 already, whatever encoding the XML
	// declaration names.
	Decoded bool
	// Currency is the store's: of several prices the one in it is taken.
	Currency string
}

// Product is what one product record says, as texts: "" says nothing. Err, an
// [api.CodeInvalid], says why a product, or something that should be one, is
// bad; the texts are empty then.
type Product struct {
	// Line is the physical line that it begins in, from 1.
	Line int
	// Raw is the record as it stands, in UTF-8; empty if it is too long.
	Raw string
	Err error

	// Partial says that the record is no whole book: a block update or a
	// deletion. What it does not say stays as it is.
	Partial bool

	// ID is the item number, in what [Writer] wrote alone. Otherwise Key, the
	// record reference, is what the sender tells the product by.
	ID, Key string
	// ISBN is an ISBN of 13 digits.
	ISBN  string
	Title string
	// Authors and Topics are in the record's order.
	Authors, Topics []string
	Publisher       string
	Year            string
	// Language is an ISO 639-1 code, or ISO 639-2 where there is none.
	Language    string
	Description string
	// Price is a decimal in Currency, or, without one, in the store's.
	Price, Currency string
	Stock           string
	// State is that of an [api.Book].
	State string
}

// Reader reads the products of a message.
type Reader struct {
	split splitter
	tags  map[string]string
	trade trade

	sender   string
	own      bool // Bazar's own export: nothing is cleaned, item numbers count
	language string
	header   strings.Builder

	ahead    *Product
	aheadErr error
}

// NewReader reads a message's beginning, up to its first product. What is no
// ONIX message is an [api.CodeInvalid].
func NewReader(r io.Reader, o Options) (*Reader, error) {
	text, err := decode(r, o.Decoded)
	if err != nil {
		return nil, err
	}
	rd := &Reader{split: newSplitter(text), tags: tagNames(), trade: trade{store: strings.ToUpper(o.Currency)}}
	if err := rd.split.begin(); err != nil {
		return nil, err
	}
	rd.ahead, rd.aheadErr = rd.read()
	return rd, nil
}

// Sender is who sent the message, by the header; "" if that does not say.
func (r *Reader) Sender() string { return r.sender }

// Next gives the next product, [io.EOF] after the last. Other errors are those
// of the input.
func (r *Reader) Next() (*Product, error) {
	p, err := r.ahead, r.aheadErr
	if err == nil {
		r.ahead, r.aheadErr = r.read()
	}
	return p, err
}

// Notes gives what a person should know of the products read so far, a sentence
// each.
func (r *Reader) Notes() []string { return r.trade.notes() }

// read goes on to the next product, or the next thing that is none and should
// be said.
func (r *Reader) read() (*Product, error) {
	for {
		piece, err := r.split.next()
		if err != nil {
			return nil, err
		}
		if piece.err == nil && piece.name != r.split.product {
			piece.err = r.aside(&piece)
			if piece.err == nil {
				continue
			}
		}
		p := &Product{Line: piece.line, Raw: piece.text, Err: piece.err}
		if p.Err == nil {
			p.Err = r.fill(p)
		}
		if p.Err != nil {
			p = &Product{Line: piece.line, Raw: piece.text, Err: api.Errorf(api.CodeInvalid, "%w", p.Err)}
		}
		return p, nil
	}
}

func (r *Reader) fill(p *Product) error {
	if err := r.split.check(p.Raw); err != nil {
		return err
	}
	n, err := parse(p.Raw, p.Line, r.tags)
	if err != nil {
		return err
	}
	return r.understand(&n, p)
}

// aside takes an element of the message that is no product: the header, in
// release 2.1 perhaps its parts one by one, or a record of a series.
func (r *Reader) aside(piece *piece) error {
	switch r.tags[piece.name] {
	case "Header", "FromCompany", "DefaultCurrencyCode", "DefaultLanguageOfText":
	default:
		return nil
	}
	n, err := parse(piece.text, piece.line, r.tags)
	if err != nil {
		return err
	}
	if r.header.Len()+len(piece.text) <= maxHeader {
		r.header.WriteString(piece.text + "\n")
	}
	r.head(&n)
	return nil
}

// head takes what the header says, or one element of a header in parts.
func (r *Reader) head(n *node) {
	whole := node{kids: []node{*n}}
	if n.name == "Header" {
		whole = *n
	}
	if s := whole.child("Sender").value("SenderName"); s != "" {
		r.sender = s
	} else if s := whole.value("FromCompany"); s != "" {
		r.sender = s
	}
	r.own = r.sender == senderName
	if s := whole.value("DefaultCurrencyCode"); s != "" {
		r.trade.message = s
	}
	if s := whole.value("DefaultLanguageOfText"); s != "" {
		r.language = s
	}
}
