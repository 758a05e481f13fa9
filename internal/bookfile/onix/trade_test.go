package onix_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
)

// price is a price of a type in a currency; parts that are empty are not there.
func price(kind, amount, currency string) string {
	b := "<Price>"
	for name, text := range map[string]string{"PriceType": kind, "PriceAmount": amount, "CurrencyCode": currency} {
		if text != "" {
			b += "<" + name + ">" + text + "</" + name + ">"
		}
	}
	return b + "</Price>"
}

func TestPrices(t *testing.T) {
	tests := map[string]struct {
		supply string
		want   string
	}{
		"one":                        {price("02", "7.99", "GBP"), "7.99 GBP"},
		"the store's currency":       {price("02", "7.99", "GBP") + price("02", "9.99", "USD"), "9.99 USD"},
		"the first, without":         {price("02", "7.99", "GBP") + price("02", "8.99", "EUR"), "7.99 GBP"},
		"no supplier's price":        {price("05", "5.00", "USD") + price("02", "9.99", "USD"), "9.99 USD"},
		"unless it is the only one":  {price("05", "5.00", "USD") + price("02", "9.99", "EUR"), "5 USD"},
		"no currency: the store's":   {price("02", "7.99", ""), "7.99 "},
		"zeros say nothing":          {price("02", "900.00", "JPY"), "900 JPY"},
		"more decimals than it has":  {price("02", "9.995", "USD"), "9.995 USD"},
		"free of charge":             {"<UnpricedItemType>01</UnpricedItemType>", "0 "},
		"free, as a price":           {"<Price><UnpricedItemType>01</UnpricedItemType><CurrencyCode>GBP</CurrencyCode></Price>", "0 GBP"},
		"to be announced":            {"<UnpricedItemType>02</UnpricedItemType>", " "},
		"currencies in small print":  {price("02", "7.99", "usd"), "7.99 USD"},
		"a currency in the message":  {"", ""},
		"another supplier's":         {price("02", "7.99", "GBP") + "</SupplyDetail><SupplyDetail>" + price("02", "9.99", "USD"), "9.99 USD"},
		"a supplier that has none":   {"</SupplyDetail><SupplyDetail>" + price("02", "9.99", "USD"), "9.99 USD"},
		"what is no amount is given": {price("02", "9,99", "USD"), "9,99 USD"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.supply == "" {
				head := "<Header><DefaultCurrencyCode>CHF</DefaultCurrencyCode></Header>"
				test.supply, test.want = head, "7.99 CHF"
				p := one(t, "<ONIXMessage>"+head+supplied(price("", "7.99", ""))+"</ONIXMessage>")
				if got := p.Price + " " + p.Currency; got != test.want {
					t.Errorf("price %q, want %q", got, test.want)
				}
				return
			}
			p := one(t, message(supplied(test.supply)))
			if got := p.Price + " " + p.Currency; got != test.want {
				t.Errorf("price %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhatWasChosenIsSaid(t *testing.T) {
	two := supplied(price("02", "7.99", "GBP") + price("02", "9.99", "USD"))
	text := message(supplied(price("02", "1", "USD")), two, two, supplied(price("02", "7.99", "GBP")+price("02", "9", "EUR")))
	for currency, want := range map[string]string{
		"USD": "3 books have several prices: the one in USD was taken, or the first where there was none: 1",
		"EUR": "3 books have several prices: the one in EUR was taken, or the first where there was none: 2",
		"GBP": "3 books have several prices: the one in GBP was taken",
		"":    "3 books have several prices: the first was taken",
	} {
		r := open(t, text, onix.Options{Currency: currency})
		readAll(t, r)
		if got := r.Notes(); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", currency, got, want)
		}
	}
	r := open(t, message(supplied(price("02", "1", "USD"))), onix.Options{})
	if readAll(t, r); r.Notes() != nil {
		t.Errorf("notes %q, want none", r.Notes())
	}
}

func TestStock(t *testing.T) {
	on := func(n string) string { return "<Stock><OnHand>" + n + "</OnHand></Stock>" }
	tests := map[string]struct {
		suppliers []string
		want      string
	}{
		"none said":                           {[]string{price("02", "1", "USD")}, ""},
		"places are added up":                 {[]string{on("3") + on("4")}, "7"},
		"owed copies are none":                {[]string{on("-5")}, "0"},
		"that of the supplier whose price is": {[]string{on("5") + price("02", "1", "GBP"), on("6") + price("02", "1", "USD")}, "6"},
		"another's where that says none":      {[]string{on("5") + price("02", "1", "GBP"), price("02", "1", "USD")}, "5"},
		"what is no number is given":          {[]string{on("plenty")}, "plenty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := one(t, message(supplied(test.suppliers...))).Stock; got != test.want {
				t.Errorf("stock %q, want %q", got, test.want)
			}
		})
	}
}

func TestOnlyWhatIsClearRetiresABook(t *testing.T) {
	available := func(code string) string { return "<ProductAvailability>" + code + "</ProductAvailability>" }
	for code, want := range map[string]string{"20": "", "31": "", "40": "", "43": "", "47": "", "51": "", "01": "retired", "46": "retired", "49": "retired"} {
		if got := one(t, message(supplied(available(code)))).State; got != want {
			t.Errorf("availability %s: state %q, want %q", code, got, want)
		}
	}
	if got := one(t, message(supplied(available("46"), available("21")))).State; got != "" {
		t.Errorf("one supplier still has it: state %q, want none", got)
	}
	for code, want := range map[string]string{"02": "", "04": "", "07": "", "16": "", "01": "retired", "11": "retired", "17": "retired"} {
		status := "<PublishingDetail><PublishingStatus>" + code + "</PublishingStatus></PublishingDetail>"
		if got := one(t, message(product(titled, status))).State; got != want {
			t.Errorf("publishing status %s: state %q, want %q", code, got, want)
		}
	}
}

func TestNotices(t *testing.T) {
	notice := func(kind, rest string) string {
		return message("<Product><RecordReference>k</RecordReference><NotificationType>" + kind + "</NotificationType>" + rest + "</Product>")
	}
	id := "<ProductIdentifier><ProductIDType>15</ProductIDType><IDValue>9780306406157</IDValue></ProductIdentifier>"
	same(t, one(t, notice("05", id+"<DescriptiveDetail>"+titled+"</DescriptiveDetail>")),
		onix.Product{Partial: true, Key: "k", ISBN: "9780306406157", State: "retired"})
	same(t, one(t, notice("04", "<ProductSupply><SupplyDetail>"+price("02", "9.99", "USD")+"</SupplyDetail></ProductSupply>")),
		onix.Product{Partial: true, Key: "k", Price: "9.99", Currency: "USD"})
	for kind, why := range map[string]string{"88": "record for tests", "89": "record for tests"} {
		wants(t, readAll(t, open(t, notice(kind, id), onix.Options{}))[0].Err, why)
	}
	nameless := strings.Replace(notice("05", ""), "<RecordReference>k</RecordReference>", "", 1)
	wants(t, readAll(t, open(t, nameless, onix.Options{}))[0].Err, "no telling which book")
}
