package api_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bazar-store/bazar/pkg/api"
)

func TestMoneyIsReadAsPeopleWriteIt(t *testing.T) {
	for _, c := range []struct {
		text, store string
		amount      int64
		currency    string
	}{
		{"44.99", "USD", 4499, "USD"},
		{"44.99EUR", "USD", 4499, "EUR"},
		{"44.99 eur", "USD", 4499, "EUR"},
		{" 44.9 ", "usd", 4490, "USD"},
		{"44", "USD", 4400, "USD"},
		{"0", "USD", 0, "USD"},
		{"0.01", "USD", 1, "USD"},
		{"007.50", "USD", 750, "USD"},
		{"900", "JPY", 900, "JPY"},
		{"900JPY", "USD", 900, "JPY"},
		{"1.234", "KWD", 1234, "KWD"},
		{"1.2", "KWD", 1200, "KWD"},
		{"1.2345CLF", "USD", 12345, "CLF"},
		{"10000000000.00", "USD", api.MaxAmount, "USD"},
		{"1000000000000", "JPY", api.MaxAmount, "JPY"},
		{"000000000000000000000000000001", "USD", 100, "USD"},
	} {
		got, err := api.ParseMoney(c.text, c.store)
		if err != nil || got != (api.Money{Amount: c.amount, Currency: c.currency}) {
			t.Errorf("%q in %s: %v, %v", c.text, c.store, got, err)
		}
	}
}

func TestWhatIsNoMoneyIsRefused(t *testing.T) {
	for text, reason := range map[string]string{
		"":                                    "not an amount",
		"EUR":                                 "not an amount",
		"-1":                                  "not an amount",
		"+1":                                  "not an amount",
		"1,50":                                "not an amount",
		"1e3":                                 "not an amount",
		"1.":                                  "not an amount",
		".5":                                  "not an amount",
		"1.2.3":                               "not an amount",
		"0x10":                                "not an amount",
		"１２":                                  "not an amount",
		"NaN":                                 "not an amount",
		"1 000":                               "not an amount",
		"12USDUSD":                            "not an amount",
		"1.234":                               "too many decimals",
		"1.000":                               "too many decimals",
		"1.5JPY":                              "too many decimals",
		"1.0JPY":                              "too many decimals",
		"1.2345KWD":                           "too many decimals",
		"10000000000.01":                      "more than",
		"99999999999999999999":                "more than",
		strings.Repeat("9", 1000) + "EUR":     "more than",
		"5XXX":                                "not an ISO 4217",
		"5ABC":                                "not an ISO 4217",
		"1" + strings.Repeat("0", 30) + "EUR": "more than",
	} {
		got, err := api.ParseMoney(text, "USD")
		if api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v, %v, want %q", text, got, err, reason)
		}
	}
	if _, err := api.ParseMoney("5", "dollars"); api.CodeOf(err) != api.CodeInvalid {
		t.Errorf("in dollars: %v", err)
	}
}

func TestMoneyIsWrittenWithItsDecimals(t *testing.T) {
	for want, m := range map[string]api.Money{
		"44.99 USD":  {Amount: 4499, Currency: "USD"},
		"0.05 EUR":   {Amount: 5, Currency: "EUR"},
		"-0.05 EUR":  {Amount: -5, Currency: "EUR"},
		"900 JPY":    {Amount: 900, Currency: "JPY"},
		"1.234 KWD":  {Amount: 1234, Currency: "KWD"},
		"0.0001 CLF": {Amount: 1, Currency: "CLF"},
		"7 ???":      {Amount: 7, Currency: "???"},
	} {
		if got := m.String(); got != want {
			t.Errorf("%v is written %q, want %q", m.Amount, got, want)
		}
	}
}

func TestWrittenMoneyIsReadAsTheSame(t *testing.T) {
	currencies := []string{"USD", "EUR", "JPY", "KRW", "KWD", "TND", "CLF", "UYW", "ZWG", "AED"}
	rapid.Check(t, func(t *rapid.T) {
		m := api.Money{Amount: rapid.Int64Range(0, api.MaxAmount).Draw(t, "amount"), Currency: rapid.SampledFrom(currencies).Draw(t, "currency")}
		for _, text := range []string{m.String(), m.Decimal() + m.Currency} {
			if got, err := api.ParseMoney(text, "CHF"); err != nil || got != m {
				t.Fatalf("%v, written %q, is read as %v, %v", m, text, got, err)
			}
		}
		if got, err := api.ParseMoney(m.Decimal(), m.Currency); err != nil || got != m || !m.Valid() {
			t.Fatalf("%v is read as %v, %v", m, got, err)
		}
	})
}

func TestCurrencyCodesAreThoseInUse(t *testing.T) {
	for code, want := range map[string]int{"USD": 2, "JPY": 0, "KWD": 3, "CLF": 4, "ISK": 0, "MRU": 2, "XAF": 0} {
		if got, ok := api.Decimals(code); !ok || got != want {
			t.Errorf("%s has %d decimals, %t", code, got, ok)
		}
	}
	for _, code := range []string{"", "US", "USDE", "usd", "   ", " US", "US ", "D E", "DEM", "XXX", "XAU"} {
		if _, ok := api.Decimals(code); ok {
			t.Errorf("%q is a currency", code)
		}
	}
	for _, m := range []api.Money{{Amount: -1, Currency: "USD"}, {Amount: api.MaxAmount + 1, Currency: "USD"}, {Amount: 1}, {Amount: 1, Currency: "usd"}} {
		if m.Valid() {
			t.Errorf("%v is valid", m)
		}
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"44.99", "44.99EUR", "900 JPY", "", "1e3", "000.000"} {
		f.Add(s, "USD")
	}
	f.Fuzz(func(t *testing.T, s, currency string) {
		m, err := api.ParseMoney(s, currency)
		if err != nil {
			if api.CodeOf(err) != api.CodeInvalid {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if again, err := api.ParseMoney(m.String(), currency); !m.Valid() || err != nil || again != m {
			t.Errorf("%q is %v, then %v, %v", s, m, again, err)
		}
	})
}
