package marc_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile/marc"
)

// only gives the book's fields that are set, as JSON.
func only(t *testing.T, b marc.Book) string {
	t.Helper()
	all, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(all, &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		if value == nil || value == "" || value == false {
			delete(fields, name)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fixed is a field 008 with a type of date, a date and a language.
func fixed(kind, date, language string) string {
	return "008850101" + kind + date + "    xxu           000 0 " + language + "  "
}

func TestWhatARecordSaysOfABook(t *testing.T) {
	tests := map[string]struct {
		fields []string
		want   string
	}{
		"a whole book": {
			[]string{
				"001ocm12345", "003OCoLC", fixed("s", "1954", "eng"), "020  $a0-04-823188-6 (pbk.) :$c£3.95",
				"1001 $aTolkien, J. R. R.$q(John Ronald Reuel),$d1892-1973.", "24514$aThe fellowship of the ring :$bbeing the first part /$cby J. R. R. Tolkien.",
				"260  $aLondon :$bAllen & Unwin,$cc1954.", "520  $aA hobbit sets out.", "650 0$aMiddle Earth (Imaginary place)$vFiction.", "655 7$aFantasy fiction.$2lcgft",
			},
			`{"Authors":["J. R. R. Tolkien"],"Currency":"GBP","Description":"A hobbit sets out.","ISBN13":"9780048231888","Key":"(OCoLC)ocm12345","Language":"en","Price":"3.95",` +
				`"Publisher":"Allen \u0026 Unwin","Title":"The fellowship of the ring: being the first part","Topics":["Middle Earth (Imaginary place)","Fantasy fiction"],"Year":"1954"}`,
		},
		"nothing":                       {nil, `{}`},
		"a key of nobody":               {[]string{"001  n 42 "}, `{"Key":"n 42"}`},
		"title alone":                   {[]string{"24510$aEmma."}, `{"Title":"Emma"}`},
		"an ellipsis":                   {[]string{"24510$aAnd then..."}, `{"Title":"And then..."}`},
		"an abbreviation":               {[]string{"24510$aMade in the U.S.A. /$cx"}, `{"Title":"Made in the U.S.A."}`},
		"parts":                         {[]string{"24514$aThe lord of the rings.$nPart 1,$pThe fellowship /$cx"}, `{"Title":"The lord of the rings. Part 1, The fellowship"}`},
		"a part with a subtitle":        {[]string{"24510$aWar.$pPeace :$bno more"}, `{"Title":"War. Peace: no more"}`},
		"a second title":                {[]string{"24500$aEmma ;$band, Persuasion /"}, `{"Title":"Emma; and, Persuasion"}`},
		"a parallel title":              {[]string{"24500$aKrieg =$bGuerre"}, `{"Title":"Krieg = Guerre"}`},
		"or":                            {[]string{"24500$aThe hobbit, or,$bThere and back"}, `{"Title":"The hobbit, or, There and back"}`},
		"the medium":                    {[]string{"24500$aEmma$h[electronic resource] :$ba novel /"}, `{"Title":"Emma: a novel"}`},
		"a question":                    {[]string{"24500$aWho?$bNobody."}, `{"Title":"Who? Nobody"}`},
		"marks of sorting":              {[]string{"24504$a\u0098The\u009c end"}, `{"Title":"The end"}`},
		"a forename":                    {[]string{"1000 $aJohn Paul$bII,$cPope,$d1920-2005"}, `{"Authors":["John Paul II, Pope"]}`},
		"a suffix":                      {[]string{"1001 $aKing, Martin Luther,$cJr."}, `{"Authors":["Martin Luther King, Jr."]}`},
		"a suffix inside":               {[]string{"1001 $aKing, Martin Luther, Jr.,$d1929"}, `{"Authors":["Martin Luther King, Jr."]}`},
		"a surname alone":               {[]string{"1001 $aMolière,$d1622-1673."}, `{"Authors":["Molière"]}`},
		"a forename with a comma":       {[]string{"1000 $aJesus, son of Sirach."}, `{"Authors":["Jesus, son of Sirach"]}`},
		"a family":                      {[]string{"1003 $aMedici, House of."}, `{"Authors":["Medici, House of."]}`},
		"several authors":               {[]string{"1001 $aWoolf, Virginia.", "7001 $aWoolf, Leonard,$eauthor.", "7001 $aWoolf, Virginia."}, `{"Authors":["Virginia Woolf","Leonard Woolf"]}`},
		"helpers are left out":          {[]string{"1001 $aMann, Thomas,$eauthor.", "7001 $aLowe-Porter, H. T.,$etranslator.", "7001 $aX, Y$4http://id.loc.gov/vocabulary/relators/ill"}, `{"Authors":["Thomas Mann"]}`},
		"author and illustrator":        {[]string{"1001 $aCarle, Eric,$eauthor,$eillustrator."}, `{"Authors":["Eric Carle"]}`},
		"editors if there is no author": {[]string{"7001 $aSmith, Ann,$eeditor.", "7001 $aLee, Bo,$4edt", "7102 $aInstitute."}, `{"Authors":["Ann Smith","Bo Lee"]}`},
		"a body if there is nobody":     {[]string{"1101 $aUnited States.$bCongress.", "7102 $aA. Institute,$epublisher."}, `{"Authors":["United States. Congress","A. Institute"]}`},
		"works are no authors":          {[]string{"1001 $aMann, Thomas.", "70012$aGoethe, Johann Wolfgang von.$tFaust."}, `{"Authors":["Thomas Mann"]}`},
		"the original script": {
			[]string{"1001 $6880-01$aMurakami, Haruki,$d1949-", "24510$6880-02$aNoruwei no mori /$cx", "8801 $6100-01/$1$a村上, 春樹,$d1949-", "88010$6245-02/$1$aノルウェイの森 /$cx"},
			`{"Authors":["村上春樹"],"Title":"ノルウェイの森"}`,
		},
		"in Cyrillic":             {[]string{"1001 $6880-01$aTolstoĭ, Lev", "8801 $6100-01/(N$aТолстой, Лев"}, `{"Authors":["Лев Толстой"]}`},
		"a link to nowhere":       {[]string{"24510$6880-07$aEmma", "88010$6245-01$aЭмма"}, `{"Title":"Emma"}`},
		"no romanised title":      {[]string{"88010$6245-00/(N$aЭмма", "8801 $6100-00$aОстин, Джейн"}, `{"Authors":["Джейн Остин"],"Title":"Эмма"}`},
		"the first valid ISBN":    {[]string{"020  $z9780140449136", "020  $a9780140449130", "020  $a9780140449136 (hbk.)", "020  $a0140447938"}, `{"ISBN13":"9780140449136"}`},
		"no valid ISBN":           {[]string{"020  $a9780140449130"}, `{"WrongISBN":true}`},
		"a cancelled ISBN":        {[]string{"020  $z9780140449136"}, `{}`},
		"an ISBN-10":              {[]string{"020  $a014044793X :$c$12.50"}, `{"WrongISBN":true}`},
		"a price in euros":        {[]string{"020  $cEUR 49.90 (DE)"}, `{"Currency":"EUR","Price":"49.90"}`},
		"a price after":           {[]string{"020  $c1200 JPY"}, `{"Currency":"JPY","Price":"1200"}`},
		"no price":                {[]string{"020  $cDM 34.00", "020  $cgratis", "020  $c12.50"}, `{}`},
		"publication before copy": {[]string{"264 0$bMaker", "264 4$c©1999", "264 1$aX :$bPenguin Books,$c[1998]"}, `{"Publisher":"Penguin Books","Year":"1998"}`},
		"copyright at last":       {[]string{"264 4$c©1999"}, `{"Year":"1999"}`},
		"nobody published it":     {[]string{"260  $a[S.l. :$bs.n.],$c[1987?]"}, `{"Year":"1987"}`},
		"a company":               {[]string{"260  $bJohn Wiley & Sons, Inc.,"}, `{"Publisher":"John Wiley \u0026 Sons, Inc."}`},
		"the Jewish calendar":     {[]string{"260  $c5748 [1987 or 1988]"}, `{"Year":"1987"}`},
		"a doubtful date":         {[]string{fixed("q", "19uu", "   "), "260  $cca. 1950"}, `{"Year":"1950"}`},
		"a reprint":               {[]string{fixed("r", "2001", "|||")}, `{"Year":"2001"}`},
		"no date":                 {[]string{fixed("n", "uuuu", "und")}, `{}`},
		"a short 008":             {[]string{"008850101s19"}, `{}`},
		"a language without two":  {[]string{fixed("n", "    ", "grc")}, `{"Language":"grc"}`},
		"a language of before":    {[]string{fixed("n", "    ", "scr")}, `{"Language":"hr"}`},
		"a language of 041":       {[]string{"0411 $agerfre$heng"}, `{"Language":"de"}`},
		"topics, each once":       {[]string{"650 0$aGo (Computer program language)", "650 7$aGo (computer program language).$2fast", "651 0$aParis (France)$xHistory.", "653  $alove$adeath", "650 4$a--"}, `{"Topics":["Go (Computer program language)","Paris (France)","love","death"]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fields := make([]string, len(test.fields))
			for i, f := range test.fields {
				// "$" of a price, not of a subfield
				fields[i] = strings.ReplaceAll(f, "$c$", "$cUS")
			}
			for _, item := range append(readISO(t, iso(utf8Leader, fields...)), readXML(t, collection(xmlRecord(utf8Leader, fields...)))...) {
				if item.Err != nil {
					t.Fatal(item.Err)
				}
				b, err := item.Record.Book()
				if err != nil {
					t.Fatal(err)
				}
				if got := only(t, b); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
			}
		})
	}
}

func TestPricesOf020(t *testing.T) {
	record := xmlRecord(utf8Leader, "020  $cPRICE")
	for text, want := range map[string]string{
		"$12.50": "12.50 USD", "$12.50 :": "12.50 USD", "US$ 3 (pbk.)": "3.00 USD", "C$ 3": "3.00 CAD", "€2.50": "2.50 EUR",
		"$2,50": " ", "$99999999999999": " ", "$12.50 per volume": " ", "$1.00; $2.00": "1.00 USD",
	} {
		b, err := readXML(t, collection(strings.Replace(record, "PRICE", text, 1)))[0].Record.Book()
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Price + " " + b.Currency; got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestRecordsThatAreNoBooks(t *testing.T) {
	leader := func(at int, c string) string { return utf8Leader[:at] + c + utf8Leader[at+1:] }
	text := iso(leader(6, "z"), "24510$aA") + iso(leader(6, "x"), "24510$aB") + iso(leader(5, "d"), "24510$aC") + iso(utf8Leader, "2451", "24510$aD")
	same(t, summary(readISO(t, text)), []string{"1! authority record", "2! holdings", "3! deleted", "4! field 245 has no indicators"})
	same(t, summary(readISO(t, iso(marc8Leader, "24510$aCaf\xe2", "500  $a\xe2"))), []string{"1! field 245: it is not MARC-8"})
}
