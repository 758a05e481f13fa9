package marc

import (
	"iter"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// The years that are taken out of a text: others, of the Jewish or the Muslim
// calendar, stand there too.
const (
	firstYear = 1000
	lastYear  = 2100
)

// published gives the statements of publication, then those of the older
// rules.
func (m *mapping) published() iter.Seq[*field] {
	return func(yield func(*field) bool) {
		for f := range m.tagged("264") {
			if f.data[1] == '1' && !yield(f) {
				return
			}
		}
		for f := range m.tagged("260") {
			if !yield(f) {
				return
			}
		}
	}
}

// year reads 008/06-10, else the dates in words, that of the copyright last.
func (m *mapping) year() string {
	if fixed := m.control("008"); len(fixed) >= 11 && strings.IndexByte("strmcdeikp", fixed[6]) >= 0 {
		if date := fixed[7:11]; digits(date) > 0 && date != "9999" {
			return date
		}
	}
	for f := range m.published() {
		if year := yearIn(m.sub(f, 'c')); year != "" {
			return year
		}
	}
	for f := range m.tagged("264") {
		if f.data[1] == '4' {
			return yearIn(m.sub(f, 'c'))
		}
	}
	return ""
}

// yearIn finds the first year in a date such as "c1987", "[1987?]" or "5748
// [1987 or 1988]".
func yearIn(s string) string {
	start := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] >= '0' && s[i] <= '9' {
			continue
		}
		if run := s[start:i]; len(run) == 4 {
			if n := digits(run); n >= firstYear && n <= lastYear {
				return run
			}
		}
		start = i + 1
	}
	return ""
}

// language reads 008/35-37, else 041 $a.
func (m *mapping) language() string {
	if fixed := m.control("008"); len(fixed) >= 38 {
		if code := languageOf(fixed[35:38]); code != "" {
			return code
		}
	}
	for f := range m.tagged("041") {
		if code := m.sub(f, 'a'); len(code) >= 3 {
			return languageOf(code[:3])
		}
	}
	return ""
}

// trade reads 020: the ISBN, and a price.
func (m *mapping) trade(b *Book) {
	for f := range m.tagged("020") {
		text := m.sub(f, 'a')
		isbn, err := api.ParseISBN(isbnIn(text))
		b.WrongISBN = b.WrongISBN || (text != "" && err != nil)
		if b.ISBN13 == "" {
			b.ISBN13 = isbn
		}
		if b.Price == "" {
			b.Price, b.Currency = priceIn(m.sub(f, 'c'))
		}
	}
	b.WrongISBN = b.WrongISBN && b.ISBN13 == ""
}

// isbnIn cuts what follows an ISBN: "0131103628 (pbk.) :".
func isbnIn(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789xX-‐‑– ", r) })
	if end >= 0 {
		s = s[:end]
	}
	return strings.TrimSpace(s)
}

// priceIn reads an amount with its currency, such as "$12.50", "£5.99 (pbk.)" or
// "EUR 20.00".
func priceIn(s string) (price, currency string) {
	if at := strings.IndexAny(s, "([;:"); at >= 0 {
		s = s[:at]
	}
	s = strings.TrimSpace(s)
	first := strings.IndexAny(s, "0123456789")
	last := strings.LastIndexAny(s, "0123456789")
	if first < 0 {
		return "", ""
	}
	code := currencyOf(strings.TrimSpace(s[:first]) + strings.Trim(s[last+1:], " :;,."))
	money, err := api.ParseMoney(s[first:last+1], code)
	if err != nil {
		return "", ""
	}
	return money.Decimal(), money.Currency
}

// currencyOf reads the sign or code beside an amount.
func currencyOf(sign string) string {
	switch strings.ToUpper(strings.ReplaceAll(sign, " ", "")) {
	case "$", "US$", "$US":
		return "USD"
	case "£":
		return "GBP"
	case "€":
		return "EUR"
	case "C$", "CAN$", "CDN$", "$CAN":
		return "CAD"
	case "A$", "AU$", "AUS$":
		return "AUD"
	case "NZ$":
		return "NZD"
	}
	return sign
}
