package onix_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
	"github.com/bazar-store/bazar/pkg/api"
)

// order lists the elements that each composite may hold, in the order that the
// specification of ONIX for Books 3.0 gives, as far as the writer could need
// them. What is marked with * may stand again.
func order() map[string]string {
	return map[string]string{
		"ONIXMessage":       "Header NoProduct Product*",
		"Header":            "Sender Addressee* MessageNumber MessageRepeat SentDateTime MessageNote* DefaultLanguageOfText DefaultPriceType DefaultCurrencyCode",
		"Sender":            "SenderIdentifier* SenderName ContactName TelephoneNumber EmailAddress",
		"Product":           "RecordReference NotificationType DeletionText* RecordSourceType RecordSourceIdentifier* RecordSourceName ProductIdentifier* Barcode* DescriptiveDetail CollateralDetail ContentDetail PublishingDetail RelatedMaterial ProductionDetail ProductSupply*",
		"ProductIdentifier": "ProductIDType IDTypeName IDValue",
		"DescriptiveDetail": "ProductComposition ProductForm ProductFormDetail* Collection* NoCollection TitleDetail* Contributor* ContributorStatement* NoContributor EditionType* EditionNumber Language* Extent* Subject* NameAsSubject* Audience*",
		"TitleDetail":       "TitleType TitleElement* TitleStatement",
		"TitleElement":      "SequenceNumber TitleElementLevel PartNumber YearOfAnnual TitlePrefix NoPrefix TitleWithoutPrefix TitleText Subtitle",
		"Contributor":       "SequenceNumber ContributorRole* NameType NameIdentifier* PersonName PersonNameInverted NamesBeforeKey KeyNames",
		"Language":          "LanguageRole LanguageCode CountryCode RegionCode ScriptCode",
		"Subject":           "MainSubject SubjectSchemeIdentifier SubjectSchemeName SubjectSchemeVersion SubjectCode SubjectHeadingText*",
		"CollateralDetail":  "TextContent* CitedContent* SupportingResource* Prize*",
		"TextContent":       "TextType ContentAudience* Territory Text* TextAuthor* TextSourceCorporate SourceTitle* ContentDate*",
		"PublishingDetail":  "Imprint* Publisher* CityOfPublication* CountryOfPublication ProductContact* PublishingStatus PublishingStatusNote* PublishingDate* LatestReprintNumber CopyrightStatement*",
		"Imprint":           "ImprintIdentifier* ImprintName",
		"ImprintIdentifier": "ImprintIDType IDTypeName IDValue",
		"Publisher":         "PublishingRole PublisherIdentifier* PublisherName Website*",
		"PublishingDate":    "PublishingDateRole DateFormat Date",
		"ProductSupply":     "Market* MarketPublishingDetail SupplyDetail*",
		"SupplyDetail":      "Supplier SupplierOwnCoding* ReturnsConditions* ProductAvailability SupplyDate* OrderTime NewSupplier Stock* PackQuantity UnpricedItemType Price* Reissue",
		"Supplier":          "SupplierRole SupplierIdentifier* SupplierName TelephoneNumber* FaxNumber* EmailAddress* Website*",
		"Stock":             "LocationIdentifier* LocationName* StockQuantityCoded* OnHand Proximity Reserved OnOrder CBO OnOrderDetail*",
		"Price":             "PriceIdentifier* PriceType PriceQualifier PriceStatus PriceAmount Tax* TaxExempt UnpricedItemType CurrencyCode Territory",
	}
}

// inOrder fails unless every composite of a message holds what it may, in order.
func inOrder(t *testing.T, text string) {
	t.Helper()
	type level struct {
		name string
		rest []string
	}
	var stack []level
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.StartElement:
			if len(stack) > 0 {
				top := &stack[len(stack)-1]
				at := slices.IndexFunc(top.rest, func(s string) bool { return strings.TrimSuffix(s, "*") == e.Name.Local })
				if at < 0 {
					t.Fatalf("<%s> may not stand here in <%s>", e.Name.Local, top.name)
				}
				if !strings.HasSuffix(top.rest[at], "*") {
					at++
				}
				top.rest = top.rest[at:]
			}
			stack = append(stack, level{e.Name.Local, strings.Fields(order()[e.Name.Local])})
		}
	}
}

func write(t testing.TB, books ...api.Book) (text string, notes []string) {
	t.Helper()
	var b strings.Builder
	w := onix.NewWriter(&b, time.Date(2024, 5, 1, 12, 30, 15, 0, time.FixedZone("", 7200)))
	for i := range books {
		if err := w.Write(&books[i]); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // closing again does nothing
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String(), w.Notes()
}

func some[T any](v T) *T { return &v }

// full is a book that says everything, with all that XML trips over.
func full() api.Book {
	return api.Book{
		ID: 7, ISBN13: some("9780306406157"), Title: " <x> & \"B\" ]]> C ", Authors: []string{"X  Y", "Z <z>"}, Topics: []string{"a-b", "c"},
		Publisher: some("P & Q"), Year: some(-750), Language: some("zh-Hant"), Description: some(" one\r\n\ttwo &amp; <p>three</p>\r "),
		Price: api.Money{Amount: 12345, Currency: "KWD"}, Stock: 3, State: api.Retired,
	}
}

func TestAWrittenMessageIsInTheSchemasOrder(t *testing.T) {
	bare := api.Book{ID: 1, Title: "T", Price: api.Money{Currency: "JPY"}, State: api.OnSale}
	year, publisher, described, spoken := bare, bare, bare, bare
	year.Year, publisher.Publisher, described.Description, spoken.Language = some(1999), some("P"), some("D"), some("en")
	text, notes := write(t, full(), bare, year, publisher, described, spoken)
	inOrder(t, text)
	if notes != nil {
		t.Errorf("notes %q, want none", notes)
	}
	for _, want := range []string{
		`<ONIXMessage release="3.0" xmlns="http://ns.editeur.org/onix/3.0/reference">`,
		"<SenderName>Bazar</SenderName>", "<SentDateTime>20240501T103015Z</SentDateTime>",
		"<RecordReference>bazar.7</RecordReference>", "<ProductAvailability>46</ProductAvailability>", "<LanguageCode>chi</LanguageCode>",
		`<Date dateformat="12">-750</Date>`, `<Date dateformat="05">1999</Date>`, "<PriceAmount>12.345</PriceAmount>", "<UnpricedItemType>01</UnpricedItemType>",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %s", want)
		}
	}
	empty, _ := write(t)
	if inOrder(t, empty); !strings.Contains(empty, "<NoProduct/>") {
		t.Errorf("an empty message is %s", empty)
	}
}

func TestWhatIsWrittenIsReadAsItWas(t *testing.T) {
	text, _ := write(t, full())
	p := one(t, text)
	same(t, p, onix.Product{
		ID: "7", ISBN: "9780306406157", Title: " <x> & \"B\" ]]> C ", Authors: []string{"X  Y", "Z <z>"}, Topics: []string{"a-b", " c"},
		Publisher: "P & Q", Year: "-750", Language: "zh-Hant", Description: " one\r\n\ttwo &amp; <p>three</p>\r ",
		Price: "12.345", Currency: "KWD", Stock: "3", State: "retired",
	})
	// To anybody else it is what it says.
	p = one(t, strings.Replace(text, "<SenderName>Bazar<", "<SenderName>Acme<", 1))
	same(t, p, onix.Product{
		Key: "bazar.7", ISBN: "9780306406157", Title: "<x> & \"B\" ]]> C", Authors: []string{"X Y", "Z <z>"}, Topics: []string{"a-b", " c"},
		Publisher: "P & Q", Year: "-750", Language: "zh", Description: "one two &\n\nthree",
		Price: "12.345", Currency: "KWD", Stock: "3", State: "retired",
	})
}

func TestYearsAndLanguagesAreKept(t *testing.T) {
	for _, year := range []int{-5000, -1, 0, 1, 750, 1999, 9999} {
		text, _ := write(t, api.Book{ID: 1, Title: "T", Year: &year})
		if got := one(t, text).Year; strings.TrimLeft(got, "0") != strings.TrimLeft(fmt.Sprint(year), "0") || got == "" {
			t.Errorf("%d is read as %q", year, got)
		}
	}
	for _, l := range []string{"en", "eng", "de", "en-GB", "-", "Klingon", "xx", "EN"} {
		text, _ := write(t, api.Book{ID: 1, Title: "T", Language: &l})
		if got := one(t, text).Language; got != l {
			t.Errorf("%s is read as %q", l, got)
		}
	}
}

func TestCharactersThatXMLLacksAreReplacedAndSaid(t *testing.T) {
	text, notes := write(t, api.Book{ID: 1, Title: "a\x01b\uFFFEc\x1b[31m\xff\x00"}, api.Book{ID: 2, Title: "b"})
	if got := readAll(t, open(t, text, onix.Options{}))[0].Title; got != "a\uFFFDb\uFFFDc\uFFFD[31m\uFFFD\uFFFD" {
		t.Errorf("title %q", got)
	}
	if want := []string{"1 book has characters that XML does not have; U+FFFD stands for them"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
}

// The codes are those of the library that knows all languages.
func TestEveryLanguageOfTwoLettersHasACode(t *testing.T) {
	found := 0
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			two := string([]rune{a, b})
			base, err := language.ParseBase(two)
			if err != nil || base.String() != two || strings.Contains("in iw ji jw mo sh", two) {
				continue
			}
			text, _ := write(t, api.Book{ID: 1, Title: "T", Language: &two})
			if strings.Contains(text, "language: "+two) {
				t.Errorf("%s has no code", two)
				continue
			}
			found++
			l := "<Language><LanguageRole>01</LanguageRole><LanguageCode>" + base.ISO3() + "</LanguageCode></Language>"
			if got := one(t, message(product(titled+l, ""))).Language; got != two {
				t.Errorf("%s is %q, want %s", base.ISO3(), got, two)
			}
		}
	}
	if found != 184 {
		t.Errorf("%d languages, want 184", found)
	}
}

type fullDisk struct{ error }

func (d fullDisk) Write([]byte) (int, error) { return 0, d.error }

func TestAFullDiskIsTold(t *testing.T) {
	gone := errors.New("no space left")
	b := full()
	w := onix.NewWriter(fullDisk{gone}, time.Time{})
	var err error
	for range 100 {
		err = errors.Join(err, w.Write(&b))
	}
	if !errors.Is(err, gone) || !errors.Is(w.Close(), gone) {
		t.Errorf("writer: %v, want %v", err, gone)
	}
	r := open(t, message(product("", "")), onix.Options{}).Rejects(fullDisk{gone})
	if err := errors.Join(r.Add("x", "y"), r.Close()); !errors.Is(err, gone) {
		t.Errorf("rejects: %v, want %v", err, gone)
	}
}
