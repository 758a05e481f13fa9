package marc_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/bazar-store/bazar/internal/bookfile/marc"
	"github.com/bazar-store/bazar/pkg/api"
)

func xmlEmma() string { return xmlRecord(utf8Leader, "001n1", "24510$aEmma /$cJane Austen.") }

func xmlWar() string { return xmlRecord(utf8Leader, "24510$aWar & peace.") }

func TestRecordsOfMARCXML(t *testing.T) {
	const slim = `xmlns="http://www.loc.gov/MARC21/slim"`
	whole := collection(xmlEmma(), xmlWar())
	both := []string{"1: Emma", "2: War & peace"}
	prefixed := strings.NewReplacer("</", "</marc:", "<", "<marc:").Replace(xmlEmma())
	with := func(old, instead string) string { return strings.Replace(whole, old, instead, 1) }
	huge := strings.Replace(xmlEmma(), "<record>", "<record>"+strings.Repeat("<x/>", 300_000), 1)
	tests := map[string]struct {
		text string
		want []string
	}{
		"a collection":               {whole, both},
		"in one line":                {strings.ReplaceAll(whole, "\n", ""), both},
		"a record alone":             {strings.Replace(xmlEmma(), "<record", "<record "+slim, 1), []string{"1: Emma"}},
		"no declaration":             {whole[strings.Index(whole, "<coll"):], both},
		"a byte order mark":          {"\uFEFF" + whole, both},
		"a prefix":                   {`<marc:collection xmlns:marc='http://www.loc.gov/MARC21/slim'>` + prefixed + `</marc:collection>`, []string{"1: Emma"}},
		"an empty collection":        {"<collection " + slim + "/>", nil},
		"no records":                 {collection(), nil},
		"two files in one":           {whole + whole, []string{"1: Emma", "2: War & peace", "3: Emma", "4: War & peace"}},
		"what a server wraps":        {`<zs:searchRetrieveResponse xmlns:zs="http://www.loc.gov/zing/srw/"><zs:records><zs:record><zs:recordData>` + strings.Replace(xmlEmma(), "<record>", "<record "+slim+">", 1) + `</zs:recordData></zs:record></zs:records></zs:searchRetrieveResponse>`, []string{"1: Emma"}},
		"what a harvest wraps":       {`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><record><header/><metadata><marc:x xmlns:marc="http://www.loc.gov/MARC21/slim"/>` + prefixed + `</metadata></record></OAI-PMH>`, []string{"1: Emma"}},
		"other elements in records":  {with("<leader>", "<foreign><leader>x</leader></foreign><leader>"), both},
		"comments":                   {with("<record>", "<!-- <record>not this</record> --><record><!-- </record> -->"), both},
		"a CDATA section":            {with("Emma /", "<![CDATA[Emma <i></record> ]]>&amp; I /"), []string{"1: Emma <i></record> & I", "2: War & peace"}},
		"instructions":               {with("<record>", "<?x </record> ?><record>"), both},
		"an internal subset":         {strings.Replace(whole, "<collection", `<!DOCTYPE collection [ <!-- ' ]> --> <!ENTITY a "]><record>"> <?p ]> ?> <!ELEMENT b (c)> ]>`+"\n<collection", 1), both},
		"an entity is not known":     {strings.Replace(with("Emma /", "&a;"), "<collection", `<!DOCTYPE x [<!ENTITY a "Emma"><!ENTITY b SYSTEM "file:///etc/passwd">]><collection`, 1), []string{"1! invalid character entity &a;", "2: War & peace"}},
		"an end tag is missing":      {with("</record>", ""), []string{"1! line 3: the record is not closed", "2: War & peace"}},
		"the last end tag":           {collection(xmlEmma(), strings.Replace(xmlWar(), "</record>", "", 1)), []string{"1: Emma", "2! line 4: the record is not closed"}},
		"a start tag is missing":     {with("<record>", ""), []string{"1! line 3: parts of a record stand outside", "2: War & peace"}},
		"a start tag is damaged":     {with("<record>", "record>"), []string{"1! parts of a record stand outside", "2: War & peace"}},
		"text between":               {with("<record>", "text<record>"), []string{"1! parts of a record stand outside", "2: Emma", "3: War & peace"}},
		"a damaged tag inside":       {with("</subfield>", "</subfeld>"), []string{"1! line 3: it is not well-formed XML", "2: War & peace"}},
		"a bracket lost":             {with("</subfield>", "/subfield>"), []string{"1! not well-formed", "2: War & peace"}},
		"a quote lost":               {with(`code="a"`, `code="a`), []string{"1! not well-formed", "2: War & peace"}},
		"a comment left open inside": {with("Emma /", "<!-- Emma /"), []string{"1! not well-formed", "2: War & peace"}},
		"a comment left open":        {with("<record>", "<!-- <record>"), []string{"1! line 3: a comment or declaration"}},
		"a doctype left open":        {strings.Replace(whole, "<collection", "<!DOCTYPE x [ <collection", 1), []string{"1! line 2: a comment or declaration"}},
		"cut short in a record":      {whole[:strings.Index(whole, "Austen")], []string{"1! line 3: the file is cut short inside"}},
		"cut short between":          {whole[:strings.Index(whole, "</collection")], []string{"1: Emma", "2: War & peace", "3! cut short: the element collection is not closed"}},
		"cut short in a tag":         {whole[:strings.Index(whole, "</collection")+5], []string{"1: Emma", "2: War & peace", "3! parts of a record", "4! cut short"}},
		"not UTF-8":                  {with("Emma", "Emm\xe9"), []string{"1! invalid UTF-8", "2: War & peace"}},
		"no leader":                  {with("<leader>"+utf8Leader+"</leader>", ""), []string{"1! it has no leader", "2: War & peace"}},
		"a leader that lost blanks":  {with("a 4500</leader>", "a</leader>"), both},
		"an empty record":            {with("<record>", "<record/><record>"), []string{"1! it has no leader", "2: Emma", "3: War & peace"}},
		"a field without a tag":      {with(`tag="245"`, ""), []string{`1! a field's tag is ""`, "2: War & peace"}},
		"a subfield without a code":  {with(`code="a"`, `code="ab"`), []string{`1! a subfield of 245 has the code "ab"`, "2: War & peace"}},
		"no indicators":              {with(` ind1="1" ind2="0"`, ""), both},
		"a deep nest":                {with("<leader>", strings.Repeat("<a>", 50)+"<leader>"), []string{"1! nested too deep", "2: War & peace"}},
		"too long":                   {collection(huge, xmlWar()), []string{"1! longer than 1048576 bytes", "2: War & peace"}},
		"too long and open":          {collection(strings.Replace(huge, "</record>", "", 1), xmlWar()), []string{"1! longer than 1048576 bytes", "2: War & peace"}},
		"too long and cut":           {huge[:1_100_000], []string{"1! longer than 1048576 bytes"}},
		"nothing":                    {" \n", []string{"1! the file has no element"}},
		"no XML":                     {"title,year\nEmma,1815\n", []string{"1! the file has no element"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			same(t, summary(readXML(t, test.text)), test.want)
			if len(test.text) > 100_000 {
				return
			}
			r, err := marc.NewXMLReader(iotest.OneByteReader(strings.NewReader(test.text)), false)
			if err != nil {
				t.Fatal(err)
			}
			same(t, summary(items(t, r.Next)), test.want)
		})
	}
}

func TestMARCXMLInOtherEncodings(t *testing.T) {
	text := strings.Replace(collection(xmlEmma()), "Emma", "Ěmma Łódź", 1)
	declared := func(name string) string { return strings.Replace(text, "UTF-8", name, 1) }
	latin2, err := charmap.ISO8859_2.NewEncoder().String(declared("iso-8859-2"))
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(declared("UTF-16"))
	if err != nil {
		t.Fatal(err)
	}
	unmarked, err := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String(declared("UTF-16"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"ISO 8859-2": latin2, "UTF-16": wide, "UTF-16 without a mark": unmarked, "UTF-16 that was decoded": declared("UTF-16")} {
		same(t, summary(readXML(t, text)), []string{"1: Ěmma Łódź"})
		if !marc.IsXML([]byte(text)) {
			t.Errorf("%s is not told", name)
		}
	}
	same(t, summary(readXML(t, strings.Replace(declared("windows-1253"), "Ě", "\xff", 1))), []string{"1! not of the encoding that the file declares"})
	before, err := marc.NewXMLReader(strings.NewReader(declared("iso-8859-2")), true)
	if err != nil {
		t.Fatal(err)
	}
	same(t, summary(items(t, before.Next)), []string{"1: Ěmma Łódź"})
	_, err = marc.NewXMLReader(strings.NewReader(declared("x-nonsense")), false)
	if api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), `"x-nonsense"`) {
		t.Errorf("%v, want an error that names the encoding", err)
	}
}

func TestMARCXMLIsTold(t *testing.T) {
	const slim = `xmlns="http://www.loc.gov/MARC21/slim"`
	for text, want := range map[string]bool{
		collection(): true, "<record " + slim + ">": true, `<m:record xmlns:m="http://www.loc.gov/MARC21/slim">`: true,
		"<!-- c --><!DOCTYPE collection>\n <collection " + slim + ">": true,
		"<collection>": false, `<collection xmlns="urn:x">`: false, "<ONIXMessage " + slim + ">": false, "": false, "<": false, "title\n<a>": false, "<!--": false,
		`<?xml version="1.0" encoding="x-nonsense"?><collection ` + slim + ">": false,
	} {
		if got := marc.IsXML([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestAnErrorOfTheInputIsGivenInXML(t *testing.T) {
	broken := errors.New("the disk is gone")
	text := collection(xmlEmma())
	for _, n := range []int{0, 30, 60, 150, len(text)} {
		r, err := marc.NewXMLReader(&failing{strings.NewReader(text[:n]), broken}, false)
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v, want %v", n, err, broken)
		}
	}
}

func TestRejectedRecordsAreReadAgain(t *testing.T) {
	head := `<m:collection xmlns:m="http://www.loc.gov/MARC21/slim">`
	text := head + "<m:record>--</m:record><m:record><m:leader>&amp;<m:record/><!-- </m:collection>"
	r, err := marc.NewXMLReader(strings.NewReader(text), false)
	if err != nil {
		t.Fatal(err)
	}
	first := items(t, r.Next)
	want := []string{"1! no leader", "2! not closed", "3! no leader", "4! a comment"}
	same(t, summary(first), want)
	again := r.Head()
	for _, item := range first {
		again += marc.Rejected(item.Raw, "--- "+item.Err.Error()+" <record>")
	}
	again += r.Tail()
	same(t, summary(readXML(t, again)), []string{"1! no leader", "2! no leader", "3! no leader", "4! no leader"})
	if !strings.Contains(again, "<m:record>--</m:record>") || !strings.Contains(again, "<record>&lt;m:record&gt;&lt;m:leader&gt;&amp;amp;</record>") {
		t.Errorf("the records do not stand there as they were:\n%s", again)
	}
}
