package bookfile

import (
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// parseCurrency gives the ISO 4217 code that a code, a symbol or an English name
// stands for. Where several currencies share it, it is the first of the
// preferred ones that does, else the one that the world takes it for: $ is USD,
// £ is GBP, ¥ is JPY. Where there is none, as for kr, it is an error.
func parseCurrency(s string, preferred ...string) (string, error) {
	code := strings.ToUpper(s)
	if _, ok := api.Decimals(code); ok {
		return code, nil
	}
	usual, sharers := currenciesOf(s)
	for _, p := range preferred {
		if p = strings.ToUpper(p); slices.Contains(strings.Fields(usual+" "+sharers), p) {
			return p, nil
		}
	}
	switch {
	case usual != "":
		return usual, nil
	case sharers != "":
		return "", api.Errorf(api.CodeInvalid, "%q may be any of %s; say which with --set currency=", s, sharers)
	}
	return "", api.Errorf(api.CodeInvalid, "%q is not a currency; write an ISO 4217 code such as EUR, or a symbol", s)
}

// currenciesOf gives the currencies that a symbol or an English name stands for:
// the usual one, if there is one, and the others.
func currenciesOf(sign string) (usual, others string) {
	const (
		dollars = "AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SBD SGD SRD TTD TWD XCD"
		pesos   = "ARS CLP COP CUP DOP MXN PHP UYU"
		pounds  = "EGP FKP GIP LBP SHP SSP SYP"
		crowns  = "DKK ISK NOK SEK"
		rupees  = "INR LKR MUR NPR PKR SCR"
	)
	sign = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(sign)), ".")
	switch sign {
	case "$":
		return "USD", dollars + " " + pesos
	case "dollar", "dollars":
		return "USD", dollars
	case "peso", "pesos":
		return "", pesos
	case "£", "pound", "pounds":
		return "GBP", pounds
	case "¥", "￥":
		return "JPY", "CNY"
	case "kr", "krona", "kronor", "krone", "kroner", "króna":
		return "", crowns
	case "rs", "₨", "rupee", "rupees":
		return "", rupees
	case "fr", "franc", "francs":
		return "CHF", "BIF CDF DJF GNF KMF RWF XAF XOF XPF"
	case "dinar", "dinars":
		return "", "BHD DZD IQD JOD KWD LYD RSD TND"
	}
	return oneCurrency(sign), ""
}

// oneCurrency gives the only currency that a sign stands for, "" for none.
func oneCurrency(sign string) string {
	for _, c := range []struct{ code, signs string }{
		{"USD", "us$ u$ usd$ us-dollar us-dollars american-dollar"},
		{"EUR", "€ euro euros"},
		{"GBP", "uk£ gb£ pound-sterling pounds-sterling british-pound british-pounds sterling"},
		{"JPY", "jp¥ yen 円 日本円 japanese-yen"},
		{"CNY", "cn¥ rmb yuan renminbi 元 人民币 chinese-yuan"},
		{"AUD", "a$ au$ australian-dollar australian-dollars"},
		{"CAD", "c$ ca$ can$ canadian-dollar canadian-dollars"},
		{"NZD", "nz$ new-zealand-dollar new-zealand-dollars"},
		{"HKD", "hk$ hong-kong-dollar hong-kong-dollars"},
		{"SGD", "s$ sg$ singapore-dollar singapore-dollars"},
		{"TWD", "nt$ nt new-taiwan-dollar 新台幣"},
		{"BRL", "r$ real reais brazilian-real"},
		{"MXN", "mx$ mex$ mexican-peso mexican-pesos"},
		{"CHF", "sfr swiss-franc swiss-francs"},
		{"INR", "₹ indian-rupee indian-rupees"},
		{"RUB", "₽ руб р ruble rubles rouble roubles russian-ruble"},
		{"KRW", "₩ 원 won korean-won south-korean-won"},
		{"TRY", "₺ tl lira turkish-lira"},
		{"UAH", "₴ грн hryvnia"},
		{"ILS", "₪ shekel shekels"},
		{"NGN", "₦ naira"},
		{"PHP", "₱ philippine-peso"},
		{"THB", "฿ baht บาท"},
		{"VND", "₫ đ dong"},
		{"PLN", "zł zl zloty złoty"},
		{"CZK", "kč kc czech-koruna koruna"},
		{"HUF", "ft forint"},
		{"RON", "lei leu"},
		{"BGN", "лв lev"},
		{"SEK", "swedish-krona swedish-kronor"},
		{"NOK", "norwegian-krone norwegian-kroner"},
		{"DKK", "danish-krone danish-kroner"},
		{"ISK", "icelandic-krona"},
		{"ZAR", "r rand south-african-rand"},
		{"MYR", "rm ringgit"},
		{"IDR", "rp rupiah"},
		{"PEN", "s/ sol soles"},
		{"CRC", "₡"},
		{"PYG", "₲"},
		{"KZT", "₸ tenge"},
		{"GEL", "₾ lari"},
		{"AMD", "֏ dram"},
		{"AZN", "₼"},
		{"GHS", "₵ cedi"},
		{"BDT", "৳ taka"},
	} {
		if slices.Contains(strings.Fields(c.signs), strings.Join(strings.Fields(sign), "-")) {
			return c.code
		}
	}
	return ""
}
