package onix_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
)

const reference30 = `<?xml version="1.0" encoding="UTF-8"?>
<ONIXMessage release="3.0" xmlns="http://ns.editeur.org/onix/3.0/reference">
<Header><Sender><SenderName>Global Bookinfo</SenderName></Sender><SentDateTime>20100510T1115-0400</SentDateTime></Header>
<Product datestamp="20240501">
 <RecordReference>com.globalbookinfo.onix.01734529</RecordReference>
 <NotificationType>03</NotificationType>
 <ProductIdentifier><ProductIDType>03</ProductIDType><IDValue>9780007232833</IDValue></ProductIdentifier>
 <ProductIdentifier><ProductIDType>15</ProductIDType><IDValue>9780007232833</IDValue></ProductIdentifier>
 <DescriptiveDetail>
  <ProductComposition>00</ProductComposition><ProductForm>BC</ProductForm>
  <Collection><CollectionType>10</CollectionType><TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>02</TitleElementLevel>
   <TitleText>The Martin Beck series</TitleText></TitleElement></TitleDetail></Collection>
  <TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel>
   <TitlePrefix>The</TitlePrefix><TitleWithoutPrefix textcase="01">Laughing
     Policeman</TitleWithoutPrefix><Subtitle>A Martin Beck mystery</Subtitle></TitleElement></TitleDetail>
  <Contributor><SequenceNumber>2</SequenceNumber><ContributorRole>A01</ContributorRole><NamesBeforeKey>Per</NamesBeforeKey><KeyNames>Wahlöö</KeyNames></Contributor>
  <Contributor><SequenceNumber>1</SequenceNumber><ContributorRole>A01</ContributorRole><PersonName>Maj Sjöwall</PersonName></Contributor>
  <Contributor><SequenceNumber>3</SequenceNumber><ContributorRole>B06</ContributorRole><PersonName>Lois Roth</PersonName></Contributor>
  <Language><LanguageRole>02</LanguageRole><LanguageCode>swe</LanguageCode></Language>
  <Language><LanguageRole>01</LanguageRole><LanguageCode>eng</LanguageCode></Language>
  <Subject><SubjectSchemeIdentifier>12</SubjectSchemeIdentifier><SubjectCode>FF</SubjectCode></Subject>
  <Subject><SubjectSchemeIdentifier>10</SubjectSchemeIdentifier><SubjectHeadingText>FICTION / Mystery</SubjectHeadingText></Subject>
  <Subject><SubjectSchemeIdentifier>20</SubjectSchemeIdentifier><SubjectHeadingText>Stockholm; murder;; Murder</SubjectHeadingText></Subject>
 </DescriptiveDetail>
 <CollateralDetail>
  <TextContent><TextType>02</TextType><ContentAudience>00</ContentAudience><Text>Short.</Text></TextContent>
  <TextContent><TextType>03</TextType><ContentAudience>00</ContentAudience><Text textformat="05"><p>On a <em>cold</em>
    night&hellip;</p><p>Eight people die &amp; nobody knows.</p></Text></TextContent>
 </CollateralDetail>
 <PublishingDetail>
  <Imprint><ImprintName>Harper Perennial</ImprintName></Imprint>
  <Publisher><PublishingRole>01</PublishingRole><PublisherName>HarperCollins</PublisherName></Publisher>
  <PublishingDate><PublishingDateRole>11</PublishingDateRole><Date dateformat="05">1968</Date></PublishingDate>
  <PublishingDate><PublishingDateRole>01</PublishingDateRole><Date dateformat="00">20090604</Date></PublishingDate>
 </PublishingDetail>
 <ProductSupply><SupplyDetail>
  <Supplier><SupplierRole>01</SupplierRole><SupplierName>HarperCollins Distribution</SupplierName></Supplier>
  <ProductAvailability>21</ProductAvailability>
  <Stock><OnHand>1250</OnHand></Stock>
  <Price><PriceType>02</PriceType><PriceAmount>7.99</PriceAmount><CurrencyCode>GBP</CurrencyCode></Price>
  <Price><PriceType>01</PriceType><PriceAmount>14.5</PriceAmount><CurrencyCode>USD</CurrencyCode></Price>
 </SupplyDetail></ProductSupply>
</Product>
</ONIXMessage>`

const short30 = `<?xml version="1.0" encoding="UTF-8"?>
<ONIXmessage release="3.1" xmlns="http://ns.editeur.org/onix/3.1/short">
<header><sender><x298>Global Bookinfo</x298></sender><x307>20100510T1115-0400</x307></header>
<product datestamp="20240501">
 <a001>com.globalbookinfo.onix.01734529</a001>
 <a002>03</a002>
 <productidentifier><b221>15</b221><b244>9780007232833</b244></productidentifier>
 <descriptivedetail>
  <x314>00</x314><b012>BC</b012>
  <collection><x329>10</x329><titledetail><b202>01</b202><titleelement><x409>02</x409><b203>The Martin Beck series</b203></titleelement></titledetail></collection>
  <titledetail><b202>01</b202><titleelement><x409>01</x409><b030>The</b030><b031 textcase="01">Laughing
     Policeman</b031><b029>A Martin Beck mystery</b029></titleelement></titledetail>
  <contributor><b034>2</b034><b035>A01</b035><b039>Per</b039><b040>Wahlöö</b040></contributor>
  <contributor><b034>1</b034><b035>A01</b035><b036>Maj Sjöwall</b036></contributor>
  <contributor><b034>3</b034><b035>B06</b035><b036>Lois Roth</b036></contributor>
  <language><b253>02</b253><b252>swe</b252></language>
  <language><b253>01</b253><b252>eng</b252></language>
  <subject><b067>12</b067><b069>FF</b069></subject>
  <subject><b067>10</b067><b070>FICTION / Mystery</b070></subject>
  <subject><b067>20</b067><b070>Stockholm; murder;; Murder</b070></subject>
 </descriptivedetail>
 <collateraldetail>
  <textcontent><x426>02</x426><x427>00</x427><d104>Short.</d104></textcontent>
  <textcontent><x426>03</x426><x427>00</x427><d104 textformat="05"><p>On a <em>cold</em>
    night&hellip;</p><p>Eight people die &amp; nobody knows.</p></d104></textcontent>
 </collateraldetail>
 <publishingdetail>
  <imprint><b079>Harper Perennial</b079></imprint>
  <publisher><b291>01</b291><b081>HarperCollins</b081></publisher>
  <publishingdate><x448>11</x448><b306 dateformat="05">1968</b306></publishingdate>
  <publishingdate><x448>01</x448><b306 dateformat="00">20090604</b306></publishingdate>
 </publishingdetail>
 <productsupply><supplydetail>
  <supplier><j292>01</j292><j137>HarperCollins Distribution</j137></supplier>
  <j396>21</j396>
  <stock><j350>1250</j350></stock>
  <price><x462>02</x462><j151>7.99</j151><j152>GBP</j152></price>
  <price><x462>01</x462><j151>14.5</j151><j152>USD</j152></price>
 </supplydetail></productsupply>
</product>
</ONIXmessage>`

const reference21 = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE ONIXMessage SYSTEM "http://www.editeur.org/onix/2.1/reference/onix-international.dtd">
<ONIXMessage>
<Header><FromCompany>Global Bookinfo</FromCompany><SentDate>20100510</SentDate><DefaultCurrencyCode>USD</DefaultCurrencyCode></Header>
<Product>
 <RecordReference>com.globalbookinfo.onix.01734529</RecordReference>
 <NotificationType>03</NotificationType>
 <ISBN>0007232837</ISBN>
 <ProductForm>BC</ProductForm>
 <Series><TitleOfSeries>The Martin Beck series</TitleOfSeries></Series>
 <Title><TitleType>01</TitleType><TitlePrefix>The</TitlePrefix><TitleWithoutPrefix>Laughing Policeman</TitleWithoutPrefix><Subtitle>A Martin Beck mystery</Subtitle></Title>
 <Contributor><SequenceNumber>2</SequenceNumber><ContributorRole>A01</ContributorRole><PersonNameInverted>Wahl&ouml;&ouml;, Per</PersonNameInverted></Contributor>
 <Contributor><SequenceNumber>1</SequenceNumber><ContributorRole>A01</ContributorRole><PersonName>Maj Sj&#246;wall</PersonName></Contributor>
 <Language><LanguageRole>01</LanguageRole><LanguageCode>eng</LanguageCode></Language>
 <BASICMainSubject>FIC022000</BASICMainSubject>
 <MainSubject><MainSubjectSchemeIdentifier>10</MainSubjectSchemeIdentifier><SubjectHeadingText>FICTION / Mystery</SubjectHeadingText></MainSubject>
 <Subject><SubjectSchemeIdentifier>20</SubjectSchemeIdentifier><SubjectHeadingText>Stockholm; murder</SubjectHeadingText></Subject>
 <OtherText><TextTypeCode>02</TextTypeCode><Text>Short.</Text></OtherText>
 <OtherText><TextTypeCode>01</TextTypeCode><TextFormat>02</TextFormat><Text><![CDATA[<P>On a <EM>cold</EM> night&hellip;<P>Eight people die &amp; nobody knows.]]></Text></OtherText>
 <Imprint><ImprintName>Harper Perennial</ImprintName></Imprint>
 <Publisher><PublishingRole>01</PublishingRole><PublisherName>HarperCollins</PublisherName></Publisher>
 <PublicationDate>20090604</PublicationDate>
 <SupplyDetail>
  <SupplierName>HarperCollins Distribution</SupplierName>
  <ProductAvailability>21</ProductAvailability>
  <Stock><OnHand>1250</OnHand></Stock>
  <Price><PriceTypeCode>01</PriceTypeCode><PriceAmount>14.50</PriceAmount></Price>
 </SupplyDetail>
</Product>
</ONIXMessage>`

const short21 = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE ONIXmessage SYSTEM "http://www.editeur.org/onix/2.1/short/onix-international.dtd">
<ONIXmessage>
<m174>Global Bookinfo</m174><m182>20100510</m182><m186>USD</m186>
<product>
 <a001>com.globalbookinfo.onix.01734529</a001>
 <a002>03</a002>
 <b005>9780007232833</b005>
 <b012>BC</b012>
 <series><b018>The Martin Beck series</b018></series>
 <b028>The Laughing Policeman</b028><b029>A Martin Beck mystery</b029>
 <contributor><b034>2</b034><b035>A01</b035><b037>Wahl&ouml;&ouml;, Per</b037></contributor>
 <contributor><b034>1</b034><b035>A01</b035><b036>Maj Sj&#246;wall</b036></contributor>
 <b059>eng</b059>
 <mainsubject><b191>10</b191><b070>FICTION / Mystery</b070></mainsubject>
 <subject><b067>20</b067><b070>Stockholm; murder</b070></subject>
 <d101>&lt;p>On a cold night&hellip;&lt;/p>&lt;p>Eight people die &amp;amp; nobody knows.&lt;/p></d101>
 <imprint><b079>Harper Perennial</b079></imprint>
 <b081>HarperCollins</b081>
 <b003>200906</b003>
 <supplydetail>
  <j137>HarperCollins Distribution</j137>
  <j141>IP</j141>
  <stock><j350>1250</j350></stock>
  <j151>14.50</j151>
 </supplydetail>
</product>
</ONIXmessage>`

func TestReleasesAndTagStylesSayTheSame(t *testing.T) {
	want := onix.Product{
		Key: "com.globalbookinfo.onix.01734529", ISBN: "9780007232833", Title: "The Laughing Policeman: A Martin Beck mystery",
		Authors: []string{"Maj Sjöwall", "Per Wahlöö"}, Publisher: "HarperCollins", Year: "2009", Language: "en",
		Description: "On a cold night…\n\nEight people die & nobody knows.",
		Price:       "14.5", Currency: "USD", Stock: "1250",
	}
	topics := []string{"FICTION / Mystery", "Stockholm", "murder"}
	for name, text := range map[string]string{
		"3.0 reference": reference30, "3.1 short": short30, "2.1 reference": reference21, "2.1 short": short21,
	} {
		t.Run(name, func(t *testing.T) {
			got := one(t, text)
			trimmed := make([]string, len(got.Topics))
			for i, topic := range got.Topics {
				trimmed[i] = strings.TrimSpace(topic)
			}
			slices.Sort(trimmed)
			if !slices.Equal(trimmed, topics) {
				t.Errorf("topics %q, want %q", trimmed, topics)
			}
			got.Topics = nil
			same(t, got, want)
		})
	}
	for _, text := range []string{reference30, short21} {
		if s := open(t, text, onix.Options{}).Sender(); s != "Global Bookinfo" {
			t.Errorf("sender %q", s)
		}
	}
}

func TestTitles(t *testing.T) {
	level := func(n, inner string) string {
		return "<TitleElement><TitleElementLevel>" + n + "</TitleElementLevel>" + inner + "</TitleElement>"
	}
	of := func(kind, inner string) string {
		return "<TitleDetail><TitleType>" + kind + "</TitleType>" + inner + "</TitleDetail>"
	}
	text := func(s string) string { return "<TitleText>" + s + "</TitleText>" }
	tests := map[string]struct{ detail, want string }{
		"the distinctive one":          {of("10", level("01", text("ROSEANNA"))) + of("01", level("01", text("Roseanna"))), "Roseanna"},
		"another where there is none":  {of("00", level("01", text("Roseanna"))), "Roseanna"},
		"the product's":                {of("01", level("02", text("Beck"))+level("01", text("Roseanna"))), "Roseanna"},
		"a part of a collection":       {of("01", level("02", text("Works"))+level("01", "<PartNumber>Volume 3</PartNumber>")), "Works, Volume 3"},
		"as the sender puts it":        {of("01", level("02", text("Works"))+level("01", "<PartNumber>3</PartNumber>")+"<TitleStatement>Works III</TitleStatement>"), "Works III"},
		"not a collection's":           {of("01", level("02", text("Beck"))), ""},
		"no level":                     {of("01", "<TitleElement>"+text("T")+"</TitleElement>"), "T"},
		"without a prefix":             {of("01", level("01", "<NoPrefix/><TitleWithoutPrefix>T</TitleWithoutPrefix>")), "T"},
		"an elided article":            {of("01", level("01", "<TitlePrefix>L’</TitlePrefix><TitleWithoutPrefix>Étranger</TitleWithoutPrefix>")), "L’Étranger"},
		"a subtitle that is in it":     {of("01", level("01", text("A: B")+"<Subtitle>B</Subtitle>")), "A: B"},
		"spread over lines":            {of("01", level("01", text("\n  A\t B\n "))), "A B"},
		"with markup":                  {of("01", level("01", text("On <em>Hamlet</em>"))), "On Hamlet"},
		"with escaped markup":          {of("01", level("01", text("On &lt;i>Hamlet&lt;/i> &amp; 1 &lt; 2"))), "On Hamlet & 1 < 2"},
		"a less-than that is no tag":   {of("01", level("01", text("a &lt;b c"))), "a <b c"},
		"a comment between":            {of("01", level("01", text("A<!-- x -->B"))), "AB"},
		"a title of release 2.1":       {"<Title><TitleType>01</TitleType><TitleText>T</TitleText></Title>", "T"},
		"another title of release 2.1": {"<Title><TitleType>05</TitleType><TitleText>T</TitleText></Title><DistinctiveTitle>D</DistinctiveTitle>", "T"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := one(t, message(product(test.detail, ""))).Title; got != test.want {
				t.Errorf("title %q, want %q", got, test.want)
			}
		})
	}
}

func TestAuthors(t *testing.T) {
	by := func(role, name string) string {
		return "<Contributor><ContributorRole>" + role + "</ContributorRole>" + name + "</Contributor>"
	}
	person := func(name string) string { return "<PersonName>" + name + "</PersonName>" }
	tests := map[string]struct{ contributors, want string }{
		"makers after authors":          {by("A12", person("Scheffler")) + by("A01", person("Donaldson")), "Donaldson|Scheffler"},
		"a maker alone":                 {by("A12", person("Scheffler")), "Scheffler"},
		"no editors beside authors":     {by("B01", person("E")) + by("A01", person("A")), "A"},
		"editors":                       {by("B01", person("E")) + by("B06", person("T")), "E"},
		"others where there is nobody":  {by("B06", person("T")) + by("A23", person("F")) + by("E07", person("R")), "T|F"},
		"no readers":                    {by("E07", person("R")), ""},
		"the better of two roles":       {by("B06</ContributorRole><ContributorRole>A01", person("A")) + by("B06", person("T")), "A"},
		"a name in parts":               {by("A01", "<TitlesBeforeNames>Dr</TitlesBeforeNames><NamesBeforeKey>Ludwig</NamesBeforeKey><PrefixToKey>van</PrefixToKey><KeyNames>Beethoven</KeyNames><SuffixToKey>Jr</SuffixToKey>"), "Ludwig van Beethoven Jr"},
		"inverted":                      {by("A01", "<PersonNameInverted>King, Martin Luther, Jr.</PersonNameInverted>"), "Martin Luther King, Jr."},
		"inverted of one part":          {by("A01", "<PersonNameInverted>Homer</PersonNameInverted>"), "Homer"},
		"a body":                        {by("A01", "<CorporateName>ISO</CorporateName>"), "ISO"},
		"anonymous":                     {by("A01", "<UnnamedPersons>02</UnnamedPersons>"), "Anonymous"},
		"unknown":                       {by("A01", "<UnnamedPersons>01</UnnamedPersons>"), ""},
		"another name is not the name":  {by("A01", "<AlternativeName><PersonName>X</PersonName></AlternativeName>"+person("A")), "A"},
		"two in one":                    {by("A01", person("A; B")), "A|B"},
		"those without a number at end": {by("A01", person("B")) + by("A01", "<SequenceNumber>1</SequenceNumber>"+person("A")), "A|B"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(one(t, message(product(titled+test.contributors, ""))).Authors, "|")
			if got != test.want {
				t.Errorf("authors %q, want %q", got, test.want)
			}
		})
	}
}

func TestISBNs(t *testing.T) {
	id := func(kind, value string) string {
		return "<ProductIdentifier><ProductIDType>" + kind + "</ProductIDType><IDValue>" + value + "</IDValue></ProductIdentifier>"
	}
	tests := map[string]struct{ ids, want string }{
		"an ISBN-13":                 {id("02", "0306406152") + id("15", "978-0-00-723283-3"), "9780007232833"},
		"a GTIN that is one":         {id("03", "9780306406157"), "9780306406157"},
		"a GTIN that is none":        {id("03", "5012345678900"), ""},
		"an ISBN-10":                 {id("02", "0306406152"), "9780306406157"},
		"the right one of two":       {id("15", "9780306406158") + id("02", "0306406152"), "9780306406157"},
		"a proprietary number":       {id("01", "9780306406157"), ""},
		"a wrong one":                {id("15", "9780306406158"), "! wrong check digit"},
		"a product of another book":  {"<RelatedMaterial><RelatedProduct>" + id("15", "9780306406157") + "</RelatedProduct></RelatedMaterial>", ""},
		"elements of release 2.1":    {"<ISBN>0-306-40615-2</ISBN>", "9780306406157"},
		"EAN elements of release 21": {"<EAN13>9780306406157</EAN13>", "9780306406157"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			list := readAll(t, open(t, message(product(titled, test.ids)), onix.Options{}))
			if why, bad := strings.CutPrefix(test.want, "! "); bad {
				wants(t, list[0].Err, why)
			} else if wants(t, list[0].Err, ""); list[0].ISBN != test.want {
				t.Errorf("ISBN %q, want %q", list[0].ISBN, test.want)
			}
		})
	}
}

func TestYears(t *testing.T) {
	date := func(role, format, text string) string {
		return "<PublishingDate><PublishingDateRole>" + role + "</PublishingDateRole><Date dateformat=\"" + format + "\">" + text + "</Date></PublishingDate>"
	}
	tests := map[string]struct{ dates, want string }{
		"a day":                       {date("01", "00", "20190601"), "2019"},
		"a month":                     {date("01", "01", "201906"), "2019"},
		"a year":                      {date("01", "05", "2019"), "2019"},
		"a second":                    {date("01", "14", "20190601T101500Z"), "2019"},
		"a span of years":             {date("01", "11", "20192021"), "2019"},
		"no format":                   {date("01", "", "20190601"), "2019"},
		"a format in its own element": {"<PublishingDate><PublishingDateRole>01</PublishingDateRole><DateFormat>05</DateFormat><Date>2019</Date></PublishingDate>", "2019"},
		"a text":                      {date("01", "12", "Spring 2019"), "2019"},
		"a text before Christ":        {date("01", "12", "-750"), "-750"},
		"a text without a year":       {date("01", "12", "soon"), ""},
		"another calendar":            {date("01", "20", "14400101"), ""},
		"the first publication":       {date("02", "00", "20200101") + date("11", "05", "1968"), "1968"},
		"an embargo is none":          {date("02", "00", "20200101"), ""},
		"no date":                     {date("01", "00", "00000000"), ""},
		"the copyright":               {"<CopyrightStatement><CopyrightYear>1999</CopyrightYear></CopyrightStatement>", "1999"},
		"no copyright":                {"<CopyrightStatement><CopyrightYear>0</CopyrightYear></CopyrightStatement>", ""},
		"a text as copyright":         {"<CopyrightStatement><CopyrightYear>n.d.</CopyrightYear></CopyrightStatement>", ""},
		"no year":                     {date("01", "00", "June"), "! \"June\" does not begin with a year"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := readAll(t, open(t, message(product(titled, "<PublishingDetail>"+test.dates+"</PublishingDetail>")), onix.Options{}))[0]
			if why, bad := strings.CutPrefix(test.want, "! "); bad {
				wants(t, p.Err, why)
			} else if wants(t, p.Err, ""); p.Year != test.want {
				t.Errorf("year %q, want %q", p.Year, test.want)
			}
		})
	}
}

func TestLanguages(t *testing.T) {
	for code, want := range map[string]string{"eng": "en", "ENG": "en", "fre": "fr", "fra": "fr", "ger": "de", "grc": "grc", "en": "en", "und": "und"} {
		l := "<Language><LanguageRole>01</LanguageRole><LanguageCode>" + code + "</LanguageCode></Language>"
		if got := one(t, message(product(titled+l, ""))).Language; got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	head := "<Header><DefaultLanguageOfText>ger</DefaultLanguageOfText></Header>"
	if got := one(t, "<ONIXMessage>"+head+product(titled, "")+"</ONIXMessage>").Language; got != "de" {
		t.Errorf("the message's own: %q, want de", got)
	}
}

func TestTopicsAreBounded(t *testing.T) {
	words := make([]string, 80)
	for i := range words {
		words[i] = fmt.Sprintf("word %d", i)
	}
	keywords := func(s string) string {
		return "<Subject><SubjectSchemeIdentifier>20</SubjectSchemeIdentifier><SubjectHeadingText>" + s + "</SubjectHeadingText></Subject>"
	}
	p := one(t, message(product(titled+keywords("!!;"+strings.Join(words, ";")), "")))
	if len(p.Topics) != 50 || p.Topics[0] != "word 0" {
		t.Errorf("%d topics, first %q; want 50 from word 0 on", len(p.Topics), p.Topics[0])
	}
	if p := one(t, message(product(titled+keywords("love, war"), ""))); len(p.Topics) != 2 {
		t.Errorf("topics %q, want two", p.Topics)
	}
	hidden := "<Subject><SubjectSchemeIdentifier>B2</SubjectSchemeIdentifier><SubjectHeadingText>spam</SubjectHeadingText></Subject>"
	if p := one(t, message(product(titled+hidden, ""))); p.Topics != nil {
		t.Errorf("topics %q, want none", p.Topics)
	}
}

func TestDescriptions(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"XHTML":             {"<p>A <b>b</b>,<br/>c.</p>\n  <ul><li>d</li><li>e</li></ul><p>f &lt; g</p>", "A b,\nc.\n\n• d\n• e\n\nf < g"},
		"escaped HTML":      {"&lt;div>A&amp;nbsp;b&lt;!-- c -->&lt;/div>&lt;script>x&lt;/script>d", "A b\n\nd"},
		"CDATA":             {"<![CDATA[<p>A &eacute; &amp; b</p>]]>", "A é & b"},
		"plain lines":       {"A\n   b\n\n\n\n c ", "A\nb\n\nc"},
		"signs are no tags": {"1 &lt; 2 > 0 &amp; &lt;x>", "1 < 2 > 0 & <x>"},
		"named entities":    {"caf&eacute; &mdash; &lsquo;x&rsquo;", "café — ‘x’"},
		"an open comment":   {"a &lt;p>b&lt;!-- c", "a\n\nb"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := "<CollateralDetail><TextContent><TextType>03</TextType><Text>" + test.text + "</Text></TextContent></CollateralDetail>"
			if got := one(t, message(product(titled, text))).Description; got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
