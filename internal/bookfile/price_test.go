package bookfile_test

import (
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

// What is wanted is the money as text, or a part of the error.
func TestPrices(t *testing.T) {
	const notMoney = "is not an amount of money; write it like 44.99"
	tests := []struct{ price, column, store, want string }{
		{"44.99", "", "EUR", "44.99 EUR"},
		{"$12.50", "", "EUR", "12.50 USD"},
		{"39,80 €", "", "USD", "39.80 EUR"},
		{"€39,80", "", "USD", "39.80 EUR"},
		{"NT$ 250", "", "USD", "250.00 TWD"},
		{"£7", "", "USD", "7.00 GBP"},
		{"¥1,200", "", "USD", "1200 JPY"},
		{"¥1,200.00", "", "USD", "1200 JPY"},
		{"1,200円", "", "USD", "1200 JPY"},
		{"1.234,50", "", "EUR", "1234.50 EUR"},
		{"1,234.50", "", "EUR", "1234.50 EUR"},
		{"12.50 USD", "", "EUR", "12.50 USD"},
		{"USD 12.50", "", "EUR", "12.50 USD"},
		{"usd12.5", "", "EUR", "12.50 USD"},
		{"R$ 30,00", "", "USD", "30.00 BRL"},
		{"Rp 85.000", "", "USD", "85000.00 IDR"},
		{"Rs. 250", "", "INR", "250.00 INR"},
		{"Rs.250", "", "PKR", "250.00 PKR"},
		{"₹1,25,000.50", "", "USD", "125000.50 INR"},
		{"CHF 1'200.-", "", "USD", "1200.00 CHF"},
		{"12,- €", "", "USD", "12.00 EUR"},
		{"1 234 567,89", "", "EUR", "1234567.89 EUR"},
		{"1\u202f234,5\u00a0€", "", "USD", "1234.50 EUR"},
		{"1.234.567", "", "EUR", "1234567.00 EUR"},
		{"0", "", "EUR", "0.00 EUR"},

		// Three digits after one sign are thousands, unless the currency has as
		// many decimals.
		{"1.234", "", "EUR", "1234.00 EUR"},
		{"1,234", "", "EUR", "1234.00 EUR"},
		{"1.234", "", "JPY", "1234 JPY"},
		{"1.234", "", "KWD", "1.234 KWD"},
		{"1,234", "", "KWD", "1.234 KWD"},
		{"1,234.5", "", "KWD", "1234.500 KWD"},
		{"0.500", "", "EUR", "0.50 EUR"},
		{"0.555", "", "EUR", "too many decimals: EUR has 2"},
		{"1.2345", "", "EUR", "too many decimals"},
		{"12.50", "", "JPY", "too many decimals: JPY has 0"},
		{"1 234.567", "", "EUR", "too many decimals"},

		// What several currencies share is the row's or the store's, if it is
		// one of them.
		{"$12.50", "", "CAD", "12.50 CAD"},
		{"$12.50", "AUD", "CAD", "12.50 AUD"},
		{"$12.50", "EUR", "MXN", "12.50 MXN"},
		{"$12.50 CAD", "", "EUR", "12.50 CAD"},
		{"¥12", "", "CNY", "12.00 CNY"},
		{"99 kr", "", "SEK", "99.00 SEK"},
		{"99 kr.", "NOK", "SEK", "99.00 NOK"},
		{"99 kr", "", "EUR", `"kr" may be any of DKK ISK NOK SEK; say which with --set currency=`},

		// A column of currencies.
		{"12.50", "eur", "USD", "12.50 EUR"},
		{"12.50", "€", "USD", "12.50 EUR"},
		{"12.50", "Euros", "USD", "12.50 EUR"},
		{"12.50", "US Dollar", "EUR", "12.50 USD"},
		{"12.50", "Canadian dollars", "EUR", "12.50 CAD"},
		{"12.50", "$", "NZD", "12.50 NZD"},
		{"1200", "Yen", "USD", "1200 JPY"},
		{"12.50", "", "USD", "12.50 USD"},
		{"12.50 GBP", "EUR", "USD", "12.50 GBP"},
		{"12.50", "galleons", "USD", `"galleons" is not a currency`},
		{"12.50", "", "", `price "12.50" has no currency; give one for all with --set currency=USD`},

		{"cheap", "", "EUR", notMoney},
		{"-1", "", "EUR", notMoney},
		{"(1)", "", "EUR", notMoney},
		{".99", "", "EUR", notMoney},
		{"$.99", "", "EUR", notMoney},
		{"USD.99", "", "EUR", notMoney},
		{"1.", "", "EUR", notMoney},
		{"12 50", "", "EUR", notMoney},
		{"12.34.56", "", "EUR", notMoney},
		{"1,2,3", "", "EUR", notMoney},
		{"1,234,56", "", "EUR", notMoney},
		{"1.234,567,890", "", "EUR", notMoney},
		{"10-20", "", "EUR", notMoney},
		{"1e3", "", "EUR", notMoney},
		{"€5 USD", "", "EUR", notMoney},
		{"5 galleons", "", "EUR", notMoney},
		{"1000000000001", "", "JPY", "more than Bazar can count"},
		{"99999999999999999999", "", "EUR", "more than Bazar can count"},
	}
	for _, test := range tests {
		t.Run(test.price+" "+test.column+" "+test.store, func(t *testing.T) {
			o := bookfile.Options{Currency: test.store, Delimiter: '\t', CurrencyFrom: "Währung", Format: bookfile.CSV}
			rows := parse(t, "title\tprice\tWährung\nT\t"+test.price+"\t"+test.column+"\n", o)
			if len(rows) != 1 {
				t.Fatalf("%d rows, want 1", len(rows))
			}
			if err := rows[0].Err; err != nil {
				wants(t, err, test.want)
				return
			}
			if got := rows[0].Book.Price.String(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestNumbersOfJSONHaveADecimalPoint(t *testing.T) {
	o := bookfile.Options{Currency: "EUR"}
	wants(t, parse(t, `{"title":"a","price":1.234}`, o)[0].Err, "too many decimals")
	if b := goodRow(t, `{"title":"a","price":1234.5}`, o); b.Price.Amount != 123450 {
		t.Errorf("price %s, want 1234.50", b.Price)
	}
	if b := goodRow(t, `{"title":"a","price":"1.234"}`, o); b.Price.Amount != 123400 {
		t.Errorf("price %s, want 1234.00: it is a text", b.Price)
	}
	o.Set = map[string]string{"price": "1.234"}
	if b := goodRow(t, `{"title":"a","price":null}`, o); b.Price.Amount != 123400 {
		t.Errorf("price %s, want the 1234.00 of all rows", b.Price)
	}
}

func TestWhereTheCurrencyComesFrom(t *testing.T) {
	_, err := bookfile.NewReader(strings.NewReader("title,price\na,1\n"), bookfile.Options{CurrencyFrom: "Currency Code"})
	wants(t, err, `there is no column "Currency Code"; the header has title, price`)
	_, err = bookfile.NewReader(strings.NewReader("title,a\n"), bookfile.Options{CurrencyFrom: "a", Map: map[string]string{"currency": "a"}})
	wants(t, err, "--currency-from and --map both say where the currency is")
	mapped := bookfile.Options{CurrencyFrom: "c", Map: map[string]string{"title": "t", "price": "p"}}
	if b := goodRow(t, "t,p,c\na,1,¥\n", mapped); *b.Price != (api.Money{Amount: 1, Currency: "JPY"}) {
		t.Errorf("price %s, want 1 JPY", b.Price)
	}
}
