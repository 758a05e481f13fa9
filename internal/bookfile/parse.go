package bookfile

import (
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/bazar-store/bazar/pkg/api"
)

// Limits that are those of files alone.
const (
	maxKey   = 200 // characters
	minYear  = -5000
	maxYear  = 9999
	isoMonth = len("1999-05")
	isoDay   = len("1999-05-01")
)

func parseID(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 || id > api.MaxBookID {
		return 0, api.Errorf(api.CodeInvalid, "id %q is not an item number", s)
	}
	return id, nil
}

// parseISBN undoes what spreadsheets, and Goodreads against them, do to an
// ISBN. Nothing brings back the digits that scientific notation has lost.
func parseISBN(s string) (string, error) {
	if inner, ok := strings.CutPrefix(s, `="`); ok {
		s = strings.TrimSuffix(inner, `"`)
	}
	if s == "" {
		return "", nil
	}
	if isScientific(s) {
		return "", api.Errorf(api.CodeInvalid, "ISBN %q was turned into a number by a spreadsheet; map the ISBN-10 column, or format the column as text and save again", s)
	}
	return api.RepairISBN(s)
}

func isScientific(s string) bool {
	if !strings.ContainsAny(s, "eE") {
		return false
	}
	_, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", "."), 64)
	return err == nil
}

func parseAuthor(s string) (string, error) {
	s = norm.NFC.String(s)
	return s, api.CheckAuthor(s)
}

func parseTopic(s string) (string, error) {
	slug := api.Slug(s)
	if slug == "" {
		return "", api.Errorf(api.CodeInvalid, "topic %q has no letter and no digit", s)
	}
	return slug, nil
}

// parseYear reads a year as catalogues write it: 1999, -750, 2008.0, c1987,
// 1999-05, 1999-05-01.
func parseYear(s string) (int, error) {
	digits := strings.TrimPrefix(s, "c")
	if whole, zeros, ok := strings.Cut(digits, "."); ok && zeros != "" && strings.Trim(zeros, "0") == "" {
		digits = whole
	} else if isDate(digits) {
		digits = digits[:4]
	}
	year, err := strconv.Atoi(digits)
	if err != nil {
		return 0, api.Errorf(api.CodeInvalid, "year %q is not a year such as 1999", s)
	}
	if year < minYear || year > maxYear {
		return 0, api.Errorf(api.CodeInvalid, "year %d is not between %d and %d", year, minYear, maxYear)
	}
	return year, nil
}

// isDate says whether s is like 1999-05-01 or 1999-05.
func isDate(s string) bool {
	if len(s) != isoDay && len(s) != isoMonth {
		return false
	}
	for i := range len(s) {
		if i == 4 || i == 7 {
			if s[i] != '-' {
				return false
			}
		} else if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// parsePrice looks for the currency next to the amount, then in the currency
// field, then in the options.
func (d *draft) parsePrice(s string) (api.Money, error) {
	currency := d.priceCurrency
	for _, c := range []string{strings.TrimSpace(d.text[currencyField]), d.currency} {
		if currency == "" {
			currency = c
		}
	}
	if last := s[len(s)-1]; currency == "" && last >= '0' && last <= '9' {
		return api.Money{}, api.Errorf(api.CodeInvalid, "price %q has no currency; give one for all with --set currency=USD", s)
	}
	return api.ParseMoney(s, currency)
}

func parseStock(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > api.MaxStock {
		return 0, api.Errorf(api.CodeInvalid, "stock %q is not a number of copies from 0 to %d", s, api.MaxStock)
	}
	return n, nil
}

func parseState(s string) (api.BookState, error) {
	switch state := api.BookState(s); state {
	case api.OnSale, api.Retired:
		return state, nil
	}
	return "", api.Errorf(api.CodeInvalid, "state %q is neither %s nor %s", s, api.OnSale, api.Retired)
}
