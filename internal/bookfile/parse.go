package bookfile

import (
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/bazar-store/bazar/pkg/api"
)

// maxKey is the longest key, in characters.
const maxKey = 200

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
