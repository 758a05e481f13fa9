package bookfile

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	minYear = -5000
	maxYear = 9999
)

// parseYear reads a year as catalogues and spreadsheets write it: 1999, -750,
// 2008.0, c1987, ©1999, [1987?], May 1999, 01/05/1999, 1999-05-01. Of a date it
// takes the one number of four digits; what may be two years, or another era,
// is an error.
func parseYear(s string) (int, error) {
	digits := s
	if whole, zeros, ok := strings.Cut(s, "."); ok && zeros != "" && strings.Trim(zeros, "0") == "" {
		digits = whole
	}
	year, err := strconv.Atoi(digits)
	if err != nil {
		var ok bool
		if year, ok = yearOfDate(s); !ok {
			return 0, api.Errorf(api.CodeInvalid, "year %q is not a year such as 1999", s)
		}
	}
	if year < minYear || year > maxYear {
		return 0, api.Errorf(api.CodeInvalid, "year %d is not between %d and %d", year, minYear, maxYear)
	}
	return year, nil
}

// date is what a date is made of, beside its year.
type date struct {
	year    int
	years   int // how many numbers of four digits there are
	first   bool
	numbers []int // of one or two digits
	months  int   // names of months
	dots    int
}

// yearOfDate takes the year out of a date; false if it is not one date.
func yearOfDate(s string) (int, bool) {
	if strings.HasPrefix(s, "-") {
		return 0, false // before Christ, with more than a number
	}
	d := date{}
	for _, token := range tokens(dropTime(s)) {
		if !d.take(token) {
			return 0, false
		}
	}
	return d.year, d.years == 1 && d.year > 0 && d.isWhole()
}

// isWhole says whether a year may have those parts beside it: months, and days.
func (d *date) isWhole() bool {
	for _, n := range d.numbers {
		if n > 31 {
			return false
		}
	}
	switch len(d.numbers) + d.months {
	case 0:
		return true
	case 1: // a month; but 2008.5 is a number, not May
		return d.months == 1 || (d.numbers[0] >= 1 && d.numbers[0] <= 12 && !(d.first && d.dots > 0))
	default:
		return len(d.numbers)+d.months == 2
	}
}

// take adds a token to the date; false if it can't be part of one.
func (d *date) take(token string) bool {
	n, err := strconv.Atoi(token)
	switch {
	case err == nil && len(token) == 4:
		d.year, d.first = n, len(d.numbers) == 0
		d.years++
		return true
	case err == nil && len(token) <= 2:
		d.numbers = append(d.numbers, n)
		return true
	case isMonth(token):
		d.months++
		return true
	case token == ".":
		d.dots++
		return true
	}
	return isAboutYear(token)
}

// isAboutYear says whether a mark or a word may stand beside a year and leave it
// one: of copyright, of doubt, or between the parts of a date.
func isAboutYear(token string) bool {
	switch strings.ToLower(token) {
	case "c", "ca", "cop", "circa", "copyright", "p", "pub", "published", "printed", "ad", "ce", "年", "月", "日", "of", "st", "nd", "rd", "th":
		return true
	case "©", "℗", "[", "]", "(", ")", "?", ",", "/", "-", "~":
		return true
	}
	return false
}

// isMonth says whether a word names a month or a season in English, whole or by
// its first letters.
func isMonth(word string) bool {
	word = strings.ToLower(word)
	const least = len("may")
	for _, name := range []string{
		"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
		"december", "spring", "summer", "autumn", "fall", "winter",
	} {
		if len(word) >= least && strings.HasPrefix(name, word) {
			return true
		}
	}
	return false
}

// dropTime cuts the time of day from 1999-05-01T00:00:00Z and 5/1/1999 12:00:00 AM.
func dropTime(s string) string {
	colon := strings.IndexByte(s, ':')
	if colon < 0 {
		return s
	}
	at := strings.LastIndexAny(s[:colon], "T ")
	if day, time := s[:max(at, 0)], s[at+1:colon]; len(day) >= len("1/1/1999") && isDigits(time) && len(time) <= 2 {
		return day
	}
	return s
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// tokens splits s into runs of digits, runs of letters, and single marks;
// without white space.
func tokens(s string) []string {
	var all []string
	kind := func(r rune) int {
		switch {
		case r >= '0' && r <= '9':
			return 1
		case unicode.Is(unicode.Han, r):
			return 0
		case unicode.IsLetter(r):
			return 2
		}
		return 0
	}
	last := 0
	for _, r := range s {
		k := kind(r)
		switch {
		case k != 0 && k == last:
			all[len(all)-1] += string(r)
		case !unicode.IsSpace(r):
			all = append(all, string(r))
		}
		last = k
	}
	return all
}
