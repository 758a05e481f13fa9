package bookfile

import (
	"encoding/csv"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// ParseMap reads which column each field comes from, as
// "title=Book Title,isbn13=isbn". A pair with a comma in it stands in quotes,
// as in CSV: `"title=Title, in full",isbn13=isbn`. Its errors are
// [api.CodeInvalid].
func ParseMap(s string) (map[string]string, error) { return parsePairs(s) }

// ParseSet reads the values that fields have wherever the file says nothing,
// as "price=9.99,currency=USD,stock=100". A pair with a comma in it stands in
// quotes: `"publisher=Wiley, Inc.",stock=1`. Its errors are [api.CodeInvalid].
func ParseSet(s string) (map[string]string, error) { return parsePairs(s) }

func parsePairs(s string) (map[string]string, error) {
	r := csv.NewReader(strings.NewReader(s))
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		return nil, api.Errorf(api.CodeInvalid, "%q is not a list of field=value; a pair with a comma or a quote in it stands in quotes: \"title=Title, in full\"", s)
	}
	pairs := make(map[string]string)
	for _, line := range lines {
		for _, pair := range line {
			if err := addPair(pairs, pair); err != nil {
				return nil, err
			}
		}
	}
	return pairs, nil
}

func addPair(pairs map[string]string, pair string) error {
	name, value, _ := strings.Cut(pair, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if name == "" || value == "" {
		return api.Errorf(api.CodeInvalid, "%q is not field=value", pair)
	}
	if err := checkField(name, value); err != nil {
		return err
	}
	f, _ := fieldNamed(name)
	own := fieldNames()[f]
	if _, twice := pairs[own]; twice {
		return api.Errorf(api.CodeInvalid, "%s is given twice; keep one", own)
	}
	pairs[own] = value
	return nil
}
