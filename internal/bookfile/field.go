package bookfile

import (
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// field is a place in a row that a file can fill.
type field int

// The fields, in the order of an exported file. The key is last: it has no
// column of its own but borrows one.
const (
	idField field = iota
	isbnField
	titleField
	authorsField
	topicsField
	publisherField
	yearField
	languageField
	descriptionField
	priceField
	currencyField
	stockField
	stateField
	keyField
	numFields
)

// fieldNames lists the fields that have a name, by field.
func fieldNames() []string {
	return []string{
		"id", "isbn13", "title", "authors", "topics", "publisher", "year", "language",
		"description", "price", "currency", "stock", "state",
	}
}

// synonyms are the other column names a field goes by.
func (f field) synonyms() []string {
	switch f {
	case isbnField:
		return []string{"isbn", "isbn10"}
	case authorsField:
		return []string{"author"}
	case topicsField:
		return []string{"topic", "subjects", "subject"}
	default:
		return nil
	}
}

// fieldNamed finds the field that a person calls name.
func fieldNamed(name string) (field, bool) {
	for i, own := range fieldNames() {
		f := field(i)
		if sameName(own, name) || slices.ContainsFunc(f.synonyms(), func(s string) bool { return sameName(s, name) }) {
			return f, true
		}
	}
	return 0, false
}

// sameName compares names as people write them: case, spaces, underscores and
// hyphens do not count.
func sameName(a, b string) bool { return a == b || plainName(a) == plainName(b) }

func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// checkField says whether name is a field that options may speak of.
func checkField(name, value string) error {
	switch f, ok := fieldNamed(name); {
	case !ok:
		return api.Errorf(api.CodeInvalid, "%q is not a field of a book; the fields are %s", name, strings.Join(fieldNames()[1:], ", "))
	case f == idField:
		return api.Errorf(api.CodeInvalid, "item numbers are the store's own; to match books by another catalogue's number use --key %s", value)
	}
	return nil
}

// String is the field's name.
func (f field) String() string {
	if names := fieldNames(); int(f) < len(names) {
		return names[f]
	}
	return "key"
}
