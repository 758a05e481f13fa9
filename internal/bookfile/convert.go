package bookfile

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/bazar-store/bazar/pkg/api"
)

// record is a row as texts, a field each; "" says nothing. A list, of authors
// or topics, stands instead of a text to be split.
type record struct {
	text          [numFields]string
	list          [numFields][]string
	priceCurrency string // of a price that carries its own
	exact         bool   // the price has a decimal point, whatever its digits
	partial       bool   // what it does not say stays as it is
}

// converter makes rows of records.
type converter struct {
	set       [numFields]string
	separator string
	currency  string
	html      bool // texts have HTML entities
	untitled  bool // rows may have no title: they are a list of ISBNs
}

func newConverter(o *Options) converter {
	c := converter{separator: o.Separator, currency: o.Currency, html: o.UnescapeHTML}
	if c.separator == "" {
		c.separator = ";"
	}
	for name, value := range o.Set {
		f, _ := fieldNamed(name)
		c.set[f] = value
	}
	return c
}

// check finds bad constants before the first row does. A price is left to the
// rows when its currency is in the file.
func (c *converter) check() error {
	var rec record
	rec.text[titleField] = "a title"
	probe := *c
	if c.set[currencyField] == "" && c.currency == "" {
		probe.set[priceField] = ""
	}
	if _, err := probe.row(&rec); err != nil {
		return api.Errorf(api.CodeInvalid, "a value that is set for all rows is wrong: %w", err)
	}
	return nil
}

// row converts a record; its errors are [api.CodeInvalid].
func (c *converter) row(rec *record) (api.ImportRow, error) {
	if c.html {
		rec.unescape()
	}
	for f, value := range c.set {
		if !rec.partial && value != "" && len(rec.list[f]) == 0 && strings.TrimSpace(rec.text[f]) == "" {
			rec.text[f] = value
		}
	}
	d := &draft{converter: c, record: rec}
	d.names()
	d.texts()
	d.lists()
	d.trade()
	return d.row, d.err
}

// draft is a row in the making; err is the first thing that is wrong with it.
type draft struct {
	*converter
	*record
	row api.ImportRow
	err error
}

func (d *draft) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// names converts what a book is matched by.
func (d *draft) names() {
	d.row.ID = convert(d, idField, parseID)
	// What Goodreads writes for no ISBN is seen only once it is unwrapped.
	if isbn := convert(d, isbnField, parseISBN); isbn != nil && *isbn != "" {
		d.row.ISBN13 = isbn
	}
	d.row.Key = convert(d, keyField, asText(keyField, maxKey))
}

func (d *draft) texts() {
	d.row.Title = convert(d, titleField, asText(titleField, api.MaxTitle))
	d.row.Publisher = convert(d, publisherField, asText(publisherField, api.MaxPublisher))
	d.row.Language = convert(d, languageField, asText(languageField, api.MaxLanguage))
	d.row.Year = convert(d, yearField, parseYear)
	if d.row.Title == nil && !d.untitled && !d.partial {
		d.fail(api.Errorf(api.CodeInvalid, "it has no title"))
	}
	// White space is part of a description, at its ends too.
	if s := d.text[descriptionField]; s != "" {
		s, err := asText(descriptionField, api.MaxDescription)(s)
		d.row.Description = &s
		if err != nil {
			d.fail(err)
		}
	}
}

func (d *draft) lists() {
	d.row.Authors = d.split(authorsField, api.MaxAuthors, parseAuthor)
	d.row.Topics = d.split(topicsField, api.MaxTopics, parseTopic)
}

func (d *draft) trade() {
	d.row.Price = convert(d, priceField, d.parsePrice)
	d.row.Stock = convert(d, stockField, parseStock)
	d.row.State = convert(d, stateField, parseState)
}

// convert parses a field's text, trimmed; nil if it says nothing.
func convert[T any](d *draft, f field, parse func(string) (T, error)) *T {
	s := strings.TrimSpace(d.text[f])
	if s == "" || d.err != nil {
		return nil
	}
	value, err := parse(s)
	if err != nil {
		d.fail(err)
		return nil
	}
	return &value
}

// split parses a field of several values: no empty ones, each once, at most
// limit.
func (d *draft) split(f field, limit int, parse func(string) (string, error)) []string {
	parts := d.list[f]
	if len(parts) == 0 && d.text[f] != "" {
		parts = strings.Split(d.text[f], d.separator)
	}
	var values []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part == "" || d.err != nil {
			continue
		}
		value, err := parse(part)
		if err != nil {
			d.fail(err)
		}
		if !slices.Contains(values, value) {
			values = append(values, value)
		}
		if len(values) > limit {
			d.fail(api.Errorf(api.CodeInvalid, "it has more than %d %s", limit, f))
		}
	}
	return values
}

// asText gives the parser of a text of at most limit characters.
func asText(f field, limit int) func(string) (string, error) {
	return func(s string) (string, error) {
		if len(s) <= limit && isASCII(s) {
			return s, nil
		}
		s = norm.NFC.String(s)
		return s, api.CheckText(f.String(), s, limit)
	}
}

// isASCII says whether s is ASCII without NUL, as most texts are: then it is
// valid, in NFC, and as many characters as bytes.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] == 0 || s[i] >= 0x80 {
			return false
		}
	}
	return true
}
