package api

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxAmount is the largest amount of money Bazar handles, in minor units.
const MaxAmount = 1_000_000_000_000

// Money is an amount in the minor units of an ISO 4217 currency: 44.99 US
// dollars is {4499, "USD"}, 900 yen is {900, "JPY"}. It is never a float.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// exponents lists the ISO 4217 currencies by their number of decimals.
func exponents(decimals int) string {
	switch decimals {
	case 0:
		return " BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "
	case 2:
		return " AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD " +
			"CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS " +
			"GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL " +
			"MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK " +
			"PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS " +
			"TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG "
	case 3:
		return " BHD IQD JOD KWD LYD OMR TND "
	default:
		return " CLF UYW "
	}
}

// Decimals is how many decimals the currency has per ISO 4217; false if the
// code is not a currency in use.
func Decimals(currency string) (int, bool) {
	if len(currency) != 3 || strings.Contains(currency, " ") {
		return 0, false
	}
	for _, d := range [...]int{2, 0, 3, 4} {
		if strings.Contains(exponents(d), " "+currency+" ") {
			return d, true
		}
	}
	return 0, false
}

// ParseMoney reads a decimal such as "44.99", "44.99EUR" or "900 JPY"; without
// a code the amount is in the given currency. Its errors are [CodeInvalid].
func ParseMoney(s, currency string) (Money, error) {
	number := strings.TrimSpace(s)
	if n := len(number); n > 3 && isLetters(number[n-3:]) {
		number, currency = strings.TrimSpace(number[:n-3]), number[n-3:]
	}
	whole, fraction, point := strings.Cut(number, ".")
	if !isDigits(whole) || (point && !isDigits(fraction)) {
		return Money{}, Errorf(CodeInvalid, "%q is not an amount of money; write it like 44.99 or 44.99EUR", s)
	}
	currency = strings.ToUpper(currency)
	decimals, ok := Decimals(currency)
	if !ok {
		return Money{}, Errorf(CodeInvalid, "%q is not an ISO 4217 currency code", currency)
	}
	if len(fraction) > decimals {
		return Money{}, Errorf(CodeInvalid, "%q has too many decimals: %s has %d", s, currency, decimals)
	}
	digits := strings.TrimLeft(whole+fraction+strings.Repeat("0", decimals-len(fraction)), "0")
	amount, err := strconv.ParseInt("0"+digits, 10, 64)
	if err != nil || amount > MaxAmount {
		return Money{}, Errorf(CodeInvalid, "%q is more than Bazar can count", s)
	}
	return Money{Amount: amount, Currency: currency}, nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isLetters(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return s != ""
}

// Valid says whether the currency is known and the amount between 0 and
// [MaxAmount].
func (m Money) Valid() bool {
	_, ok := Decimals(m.Currency)
	return ok && m.Amount >= 0 && m.Amount <= MaxAmount
}

// Decimal is the amount as a decimal without its currency: "44.99".
func (m Money) Decimal() string {
	decimals, ok := Decimals(m.Currency)
	if !ok || decimals == 0 {
		return strconv.FormatInt(m.Amount, 10)
	}
	sign, amount := "", m.Amount
	if amount < 0 {
		sign, amount = "-", -amount
	}
	unit := int64(math.Pow10(decimals))
	return fmt.Sprintf("%s%d.%0*d", sign, amount/unit, decimals, amount%unit)
}

// String is the amount as people write it, code last: "44.99 USD".
func (m Money) String() string { return m.Decimal() + " " + m.Currency }
