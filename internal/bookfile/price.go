package bookfile

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bazar-store/bazar/pkg/api"
)

// parsePrice reads an amount as people write it, exactly: 44.99, 39,80 €,
// $1,234.50, CHF 1'200.-, ¥1,200. The currency is that beside the amount, else
// the row's, else that of the options.
func (d *draft) parsePrice(s string) (api.Money, error) {
	if isPlain(s) { // as most are; what is wrong with it is said below
		if m, err := api.ParseMoney(s, cmp.Or(d.priceCurrency, d.text[currencyField], d.currency)); err == nil {
			return m, nil
		}
	}
	before, number, after := splitPrice(s)
	if number == "" {
		return api.Money{}, notMoney(s)
	}
	code, err := d.priceCode(s, before, after)
	if err != nil {
		return api.Money{}, err
	}
	decimals, ok := api.Decimals(code)
	if !ok {
		return api.Money{}, api.Errorf(api.CodeInvalid, "%q is not an ISO 4217 currency code", code)
	}
	if d.exact {
		return api.ParseMoney(number, code)
	}
	whole, fraction, ok := splitNumber(number, decimals)
	if !ok {
		return api.Money{}, notMoney(s)
	}
	for len(fraction) > decimals && strings.HasSuffix(fraction, "0") {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > decimals {
		return api.Money{}, api.Errorf(api.CodeInvalid, "price %q has too many decimals: %s has %d", s, code, decimals)
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return api.ParseMoney(whole, code)
}

func notMoney(s string) error {
	return api.Errorf(api.CodeInvalid, "%q is not an amount of money; write it like 44.99 or 44.99EUR", s)
}

// isPlain says whether a number is as Bazar itself writes it, and cannot be taken
// for another.
func isPlain(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	return isDigits(whole) && (!point || (isDigits(fraction) && len(fraction) <= 2))
}

// splitPrice parts what stands before and after a number, such as a symbol; the
// number is empty if there is none.
func splitPrice(s string) (before, number, after string) {
	const digits = "0123456789"
	first, last := strings.IndexAny(s, digits), strings.LastIndexAny(s, digits)
	if first < 0 {
		return s, "", ""
	}
	before, number, after = strings.TrimSpace(s[:first]), s[first:last+1], strings.TrimSpace(s[last+1:])
	// A dash stands for no cents: 12,-
	for _, dash := range []string{",-", ".-", ",–", ".–", ",—", ".—"} {
		after = strings.TrimSpace(strings.TrimPrefix(after, dash))
	}
	if strings.HasSuffix(before, ".") && first > 0 && s[first-1] == '.' {
		// Rs.250 is an abbreviation, $.99 lacks its zero.
		abbreviation := strings.TrimSuffix(before, ".")
		r, _ := utf8.DecodeLastRuneInString(abbreviation)
		if _, code := api.Decimals(strings.ToUpper(abbreviation)); code || !unicode.IsLetter(r) {
			return s, "", ""
		}
	}
	return before, number, after
}

// priceCode is the currency of a price with such texts before and after it.
func (d *draft) priceCode(s, before, after string) (string, error) {
	defaults := []string{d.set[currencyField], d.currency}
	code := d.currency
	if said := strings.TrimSpace(d.text[currencyField]); d.priceCurrency != "" {
		code = d.priceCurrency
	} else if said != "" {
		var err error
		if code, err = parseCurrency(said, defaults...); err != nil && before == "" && after == "" {
			return "", err
		}
	}
	beside := false
	for _, sign := range []string{after, before} {
		if sign == "" {
			continue
		}
		own, err := parseCurrency(sign, append([]string{code}, defaults...)...)
		if _, ambiguous := currenciesOf(sign); err != nil && ambiguous != "" {
			return "", err
		}
		if err != nil || (beside && own != code) {
			return "", notMoney(s)
		}
		code, beside = own, true
	}
	if code == "" {
		return "", api.Errorf(api.CodeInvalid, "price %q has no currency; give one for all with --set currency=USD", s)
	}
	return strings.ToUpper(code), nil
}

// splitNumber parts the whole of a number from its fraction, whichever sign is
// between them, for a currency of so many decimals. Of . and , the last is the
// decimal sign if both are there, and none is one that is there twice. One alone
// with exactly three digits after it parts thousands, unless the currency has
// three decimals itself or the whole begins with 0: 1.234 EUR are 1234 euros.
func splitNumber(s string, decimals int) (whole, fraction string, ok bool) {
	s = strings.Map(groupSpace, s)
	at := strings.LastIndexAny(s, ".,")
	if at < 0 {
		whole, ok = ungroup(s, " ")
		return whole, "", ok
	}
	sign, other := s[at:at+1], ","
	if sign == "," {
		other = "."
	}
	whole, fraction = s[:at], s[at+1:]
	both, twice := strings.Contains(whole, other), strings.Contains(whole, sign)
	thousands := len(fraction) == 3 && decimals < 3 && !strings.HasPrefix(whole, "0") && !strings.Contains(whole, " ")
	switch {
	case twice && both, !isDigits(fraction):
		return "", "", false
	case both:
		whole, ok = ungroup(whole, other)
	case twice || thousands:
		whole, ok = ungroup(s, sign)
		fraction = ""
	default:
		whole, ok = ungroup(whole, " ")
	}
	return whole, fraction, ok
}

// groupSpace makes one kind of space of all that groups digits beside . and ,
func groupSpace(r rune) rune {
	if unicode.IsSpace(r) || r == '\'' || r == '’' {
		return ' '
	}
	return r
}

// ungroup joins groups of digits: of three each but for the first, or, as in
// India, of two before the last one of three.
func ungroup(s, sign string) (string, bool) {
	if isDigits(s) {
		return s, true
	}
	groups := strings.Split(s, sign)
	for i, g := range groups {
		last, wide := i == len(groups)-1, len(groups[len(groups)-1]) == 3
		switch {
		case !isDigits(g), len(groups) > 1 && !wide:
			return "", false
		case i > 0 && !last && len(g) != len(groups[1]):
			return "", false
		case i > 0 && len(g) != 3 && len(g) != 2, i == 0 && len(groups) > 1 && len(g) > 3:
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}
