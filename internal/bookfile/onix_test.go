package bookfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

const onixMessage = `<?xml version="1.0"?>
<ONIXMessage release="3.0" xmlns="http://ns.editeur.org/onix/3.0/reference">
<Header><Sender><SenderName>Acme</SenderName></Sender><SentDateTime>20240501</SentDateTime></Header>
<Product><RecordReference>a</RecordReference><NotificationType>03</NotificationType>
<ProductIdentifier><ProductIDType>15</ProductIDType><IDValue>9780306406157</IDValue></ProductIdentifier>
<DescriptiveDetail><TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel><TitleText>A</TitleText></TitleElement></TitleDetail></DescriptiveDetail>
<ProductSupply><SupplyDetail><Price><PriceAmount>5</PriceAmount></Price></SupplyDetail></ProductSupply></Product>
<Product><RecordReference>b</RecordReference><NotificationType>05</NotificationType></Product>
<Product><RecordReference>c</RecordReference><NotificationType>03</NotificationType></Product>
<Product><RecordReference>a</RecordReference><NotificationType>04</NotificationType>
<ProductSupply><SupplyDetail><Stock><OnHand>4</OnHand></Stock><Price><PriceAmount>4.999</PriceAmount><CurrencyCode>EUR</CurrencyCode></Price></SupplyDetail></ProductSupply></Product>
</ONIXMessage>
`

func TestONIXRows(t *testing.T) {
	o := bookfile.Options{Currency: "EUR", Set: map[string]string{"stock": "7", "publisher": "P"}}
	r := open(t, onixMessage, o)
	rows := readAll(t, r)
	if len(rows) != 4 {
		t.Fatalf("%d rows, want 4", len(rows))
	}
	sameBook(t, rows[0].Book, `{"line":4,"key":"a","isbn13":"9780306406157","title":"A","publisher":"P","price":{"amount":500,"currency":"EUR"},"stock":7}`)
	// What a file does not say of a part stays as it is, whatever is set for all.
	sameBook(t, rows[1].Book, `{"line":8,"key":"b","state":"retired"}`)
	wants(t, rows[2].Err, "it has no title")
	wants(t, rows[3].Err, "too many decimals")
	if r.Sender() != "Acme" || !r.LaterWins() || r.IsLines() {
		t.Errorf("sender %q, later wins %t, lines %t", r.Sender(), r.LaterWins(), r.IsLines())
	}
	other := open(t, "title\na", bookfile.Options{})
	if other.Sender() != "" || other.LaterWins() {
		t.Errorf("CSV: sender %q, later wins %t", other.Sender(), other.LaterWins())
	}
}

func TestKeysOfNobodyAreLeftOut(t *testing.T) {
	for text, want := range map[string]string{
		onixMessage: `{"line":4,"key":"a","isbn13":"9780306406157","title":"A","price":{"amount":500,"currency":"EUR"}}`,
		strings.Replace(onixMessage, "<SenderName>Acme</SenderName>", "", 1): `{"line":4,"isbn13":"9780306406157","title":"A","price":{"amount":500,"currency":"EUR"}}`,
	} {
		rows := parse(t, text, bookfile.Options{Currency: "EUR", NoKeys: true})
		sameBook(t, rows[0].Book, want)
		if !strings.Contains(want, "key") {
			wants(t, rows[1].Err, "say so with --source NAME")
		}
	}
}

func TestTheCurrencyThatIsSetChoosesThePrice(t *testing.T) {
	const prices = "<Price><PriceAmount>5</PriceAmount><CurrencyCode>USD</CurrencyCode></Price><Price><PriceAmount>600.00</PriceAmount><CurrencyCode>JPY</CurrencyCode></Price>"
	text := strings.Replace(onixMessage, "<Price><PriceAmount>5</PriceAmount></Price>", prices, 1)
	o := bookfile.Options{Currency: "USD", Set: map[string]string{"currency": "jpy"}}
	if p := parse(t, text, o)[0].Book.Price; *p != (api.Money{Amount: 600, Currency: "JPY"}) {
		t.Errorf("price %s, want 600 JPY", p)
	}
}

func TestRejectedProductsCanBeMended(t *testing.T) {
	turned := rejects(t, open(t, onixMessage, bookfile.Options{}), ownErrors)
	if n := strings.Count(turned, "<Product>"); n != 3 || !strings.Contains(turned, "<!-- it has no title -->\n<Product><RecordReference>c<") {
		t.Errorf("%d rejects, want 3, in %s", n, turned)
	}
	mended := strings.NewReplacer("4.999", "4.99", "<PriceAmount>5</PriceAmount>", "<PriceAmount>5</PriceAmount><CurrencyCode>EUR</CurrencyCode>").Replace(turned)
	rows := parse(t, mended, bookfile.Options{})
	if len(rows) != 3 || rows[0].Err != nil || rows[1].Err == nil || rows[2].Err != nil {
		t.Errorf("mended: %+v", rows)
	}
}

func TestRealPublishersMessage(t *testing.T) {
	for currency, price := range map[string]int64{"AUD": 999, "NZD": 1299} {
		r, err := bookfile.NewReader(sharedData(t, "onix/onix3-multiple.xml"), bookfile.Options{Currency: currency})
		if err != nil {
			t.Fatal(err)
		}
		rows := readAll(t, r)
		if len(rows) != 21 {
			t.Fatalf("%d products, want 21", len(rows))
		}
		titles, own := map[string]bool{}, 0
		for _, row := range rows {
			b := row.Book
			if row.Err != nil || *b.Key != *b.ISBN13 || b.Language == nil || *b.Language != "en" || len(b.Authors) == 0 || len(b.Topics) == 0 || b.Year == nil || b.Stock == nil {
				t.Fatalf("line %d: %v, %s", row.Line, row.Err, toJSON(t, b))
			}
			titles[*b.Title] = true
			if b.Price.Currency == currency {
				own++
			}
		}
		// One book stands twice; the first has a price for Australia alone.
		if want := map[string]int{"AUD": 21, "NZD": 20}[currency]; len(titles) != 20 || own != want {
			t.Errorf("%d titles, %d prices in %s; want 20 and %d", len(titles), own, currency, want)
		}
		second := rows[1].Book
		sameBook(t, api.ImportRow{Line: second.Line, Title: second.Title, Authors: second.Authors, Publisher: second.Publisher, Year: second.Year},
			`{"line":194,"title":"Runaway Robot","authors":["Frank Cottrell Boyce","Steven Lenton"],"publisher":"Pan Macmillan UK","year":2019}`)
		if toy := rows[10].Book; toy.Price.Amount != price || *toy.Title != "Prince Not-So Charming: Her Royal Slyness" {
			t.Errorf("%s for %s, want %d %s", toy.Price, *toy.Title, price, currency)
		}
		if want := []string{"20 books have several prices: the one in " + currency + " was taken"}; !slices.Equal(r.Notes(), want) {
			t.Errorf("notes %q, want %q", r.Notes(), want)
		}
	}
}

func FuzzONIX(f *testing.F) {
	for _, s := range []string{
		onixMessage, "<ONIXmessage><product><a001>x</a001><b028>T</b028></product>", "<ONIXMessage><Product>&b;</Product><Product/>", "<ONIXMessage/>",
		"<ONIXMessage><Product><RecordReference>a--b</RecordReference><Title><TitleText>x<i>y</i></TitleText></Title></Product>\xff</ONIXMessage>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o := bookfile.Options{Format: bookfile.ONIX, Currency: "USD"}
		r, err := bookfile.NewReader(strings.NewReader(s), o)
		if err != nil {
			return
		}
		bad := 0
		written := rejects(t, r, func(row bookfile.Row) string {
			if row.Err != nil {
				bad++
			} else if row.Book.Title == nil && row.Book.Key == nil && row.Book.ISBN13 == nil && row.Book.ID == nil {
				t.Fatalf("line %d is a book of nothing", row.Line)
			}
			return ""
		})
		if bad == 0 {
			return
		}
		// What is no XML stands in a comment; the rest is as bad as before.
		again := parse(t, written, o)
		for _, row := range again {
			if row.Err == nil {
				t.Fatalf("line %d of the rejects is good: %q", row.Line, written)
			}
		}
		if len(again) > bad {
			t.Fatalf("%d bad rows, %d of them again in %q", bad, len(again), written)
		}
	})
}
