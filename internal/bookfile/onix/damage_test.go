package onix_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
)

// numbered makes a product that says its number in all its fields, with all
// that XML has.
func numbered(n int) string {
	return fmt.Sprintf(`<Product datestamp="2024'05"><RecordReference>r%[1]d</RecordReference><!-- > no <end> -->
<NotificationType>03</NotificationType><?pi <x> ?>
<DescriptiveDetail><TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel>
<NoPrefix/><TitleWithoutPrefix textcase='01'>Title &amp; %[1]d</TitleWithoutPrefix></TitleElement></TitleDetail>
<Contributor><ContributorRole>A01</ContributorRole><PersonName><![CDATA[A<b> ]] > %[1]d]]></PersonName></Contributor></DescriptiveDetail>
<CollateralDetail><TextContent><TextType>03</TextType><Text textformat="05"><p>Text <em>%[1]d</em></p></Text></TextContent></CollateralDetail>
</Product>`, n)
}

func numberedMessage(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = numbered(i)
	}
	return message(list...)
}

// read reads a message whatever it is: an error of its beginning counts as a
// product that is bad.
func read(t *testing.T, text string) []onix.Product {
	t.Helper()
	r, err := onix.NewReader(strings.NewReader(text), onix.Options{})
	if err != nil {
		wants(t, err, err.Error())
		return []onix.Product{{Err: err}}
	}
	return readAll(t, r)
}

// whole fails if a product that is good does not say what it said before.
func whole(t *testing.T, list []onix.Product) (good map[string]bool, bad int) {
	t.Helper()
	good = map[string]bool{}
	for _, p := range list {
		if p.Err != nil {
			bad++
			continue
		}
		n := strings.TrimPrefix(p.Key, "r")
		if p.Title != "Title & "+n || len(p.Authors) != 1 || p.Authors[0] != "A ]] > "+n || p.Description != "Text "+n {
			t.Fatalf("half a book: %+v", p)
		}
		good[p.Key] = true
	}
	return good, bad
}

func TestAMessageCutShortAnywhereSaysSo(t *testing.T) {
	const products = 4
	text := numberedMessage(products)
	for cut := 0; cut < len(text)-len("\n"); cut += 3 {
		good, bad := whole(t, read(t, text[:cut]))
		if complete := strings.Count(text[:cut], "</Product>"); bad == 0 || len(good) != complete {
			t.Fatalf("cut at %d: %d good products of %d, %d errors", cut, len(good), complete, bad)
		}
	}
}

// Any "<" or ">" that is lost, or that comes too much, costs the product that it
// stood in, and no other.
func TestADamagedTagCostsOneProduct(t *testing.T) {
	const products, hit = 5, 2
	text := numberedMessage(products)
	start := strings.Index(text, numbered(hit))
	variants := 0
	for at := start; at < start+len(numbered(hit)); at++ {
		c := text[at]
		if c != '<' && c != '>' {
			continue
		}
		for _, instead := range []string{"", "<<", "<Product>", "</Product>", "<!--", "<![CDATA[", "<?", `<x y="`} {
			if c == '>' && instead == "<<" {
				instead = "<"
			}
			variants++
			list := read(t, text[:at]+instead+text[at+1:])
			good, bad := map[string]bool{}, 0
			for _, p := range list {
				if p.Err != nil {
					bad++
				} else {
					good[strings.Replace(p.Title, "Title & ", "r", 1)] = true
				}
			}
			for n := range products {
				if key := fmt.Sprintf("r%d", n); n != hit && !good[key] {
					t.Fatalf("%q at %d: %s is lost: %q", instead, at-start, key, text[at:at+20])
				}
			}
			if harmless := good["r2"]; bad == 0 && !harmless {
				t.Fatalf("%q at %d: a product is lost, and nothing says so", instead, at-start)
			}
		}
	}
	if variants < 200 {
		t.Errorf("%d variants, want 200 at least", variants)
	}
}

func TestRandomDamageIsReadToItsEnd(t *testing.T) {
	text := numberedMessage(6)
	random := rand.New(rand.NewPCG(1, 2))
	for range 800 {
		b := []byte(text)
		for range 1 + random.IntN(4) {
			at := random.IntN(len(b))
			switch random.IntN(3) {
			case 0:
				b[at] = byte(random.Uint32())
			case 1:
				b = append(b[:at], b[min(len(b), at+random.IntN(60)):]...)
			default:
				from := random.IntN(len(b))
				b = append(b[:at:at], append([]byte(string(b[from:min(len(b), from+random.IntN(90))])), b[at:]...)...)
			}
		}
		for _, p := range read(t, string(b)) {
			if p.Err == nil && p.Raw == "" {
				t.Fatalf("a product of nothing in %q", b)
			}
		}
	}
}

func TestWhatIsNoONIXIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":               {"", "no element <ONIXMessage>"},
		"spaces":              {" \n ", "no element <ONIXMessage>"},
		"text":                {"title,price", "this is no XML"},
		"another root":        {"<?xml version='1.0'?><collection/>", "its root is <collection>"},
		"an open comment":     {"<!-- <ONIXMessage>", "does not end"},
		"an open doctype":     {"<!DOCTYPE ONIXMessage [", "does not end"},
		"an open tag":         {"<ONIXMessage release=\"3.0", "does not end"},
		"an unknown encoding": {`<?xml version="1.0" encoding="klingon"?><ONIXMessage/>`, `"klingon", which is not known`},
		"a closing root":      {"</ONIXMessage>", "no XML"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := onix.NewReader(strings.NewReader(test.text), onix.Options{})
			if wants(t, err, test.want); r != nil {
				t.Error("there is a reader beside the error")
			}
		})
	}
}

func TestWhatStandsBesideProducts(t *testing.T) {
	p := product(titled, "")
	for name, test := range map[string]struct {
		text string
		want string // "." a product, "!" an error
	}{
		"none":                       {"<ONIXMessage/>", ""},
		"none, said":                 {"<ONIXMessage><NoProduct/></ONIXMessage>", ""},
		"comments":                   {"<!-- a --><ONIXMessage><!-- " + p + " -->" + p + "<!-- " + p + " --></ONIXMessage><!-- b -->", "."},
		"series of release 2.1":      {"<ONIXMessage><MainSeriesRecord><a/></MainSeriesRecord>" + p + "<SubSeriesRecord/>" + p + "</ONIXMessage>", ".."},
		"text":                       {"<ONIXMessage>" + p + "oops" + p + "</ONIXMessage>", ".!."},
		"an end too much":            {"<ONIXMessage>" + p + "</Product>" + p + "</ONIXMessage>", ".!."},
		"another element":            {"<ONIXMessage>" + p + "<Produkt><a>x</a></Produkt>" + p + "</ONIXMessage>", ".!."},
		"a first tag that is broken": {"<ONIXMessage><Prod" + strings.TrimPrefix(p, "<Prod") + strings.Replace(p, "<Product>", "<Prodct>", 1) + p + "</ONIXMessage>", ".!."},
		"nothing but a wrong tag":    {"<ONIXMessage>" + strings.Replace(p, "<Product>", "<Prodct>", 1) + "</ONIXMessage>", "!"},
		"no end":                     {"<ONIXMessage>" + p, ".!"},
		"text after the end":         {"<ONIXMessage>" + p + "</ONIXMessage>oops", ".!"},
		"another message behind":     {"<ONIXMessage>" + p + "</ONIXMessage>\n<?xml version='1.0'?><ONIXMessage>" + p + "</ONIXMessage>", ".."},
		"a product of nothing":       {"<ONIXMessage><Product/>" + p + "</ONIXMessage>", ".."},
		"a prefix":                   {"<o:ONIXMessage>" + strings.NewReplacer("</", "</o:", "<", "<o:").Replace(p) + "</o:ONIXMessage>", "."},
		"two that ran into one":      {"<ONIXMessage><Product><RecordReference>a</RecordReference><RecordReference>b</RecordReference></Product></ONIXMessage>", "!"},
		"products inside CDATA":      {"<ONIXMessage>" + strings.Replace(p, "T<", "<![CDATA["+p+"]]><", 1) + p + "</ONIXMessage>", "!.!."},
		"a header that is broken":    {"<ONIXMessage><Header><Sender></Header>" + p + "</ONIXMessage>", "!."},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, p := range read(t, test.text) {
				if p.Err != nil {
					got += "!"
				} else {
					got += "."
				}
			}
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestLinesAreThoseOfTheFile(t *testing.T) {
	for name, end := range map[string]string{"LF": "\n", "CRLF": "\r\n", "CR": "\r"} {
		text := strings.ReplaceAll("<ONIXMessage>\n<Header/>\n\n"+product(titled, "")+"\n<Product>\n<a>\n</b></Product>\n<Product>\n", "\n", end)
		list := read(t, text)
		if len(list) != 3 || list[0].Line != 4 || list[1].Line != 5 || list[2].Line != 8 {
			t.Errorf("%s: %+v, want lines 4, 5 and 8", name, list)
		} else if end != "\r" {
			wants(t, list[1].Err, "line 7: <a> is closed by </b>")
		}
	}
}

func TestEntitiesAreNeverExpanded(t *testing.T) {
	bomb := "<!DOCTYPE ONIXMessage [\n<!ENTITY a \"lol]>lol\"><!-- ]> -->"
	for c := 'b'; c < 'z'; c++ {
		bomb += fmt.Sprintf("<!ENTITY %c \"%s\">", c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	bomb += "<!ENTITY file SYSTEM 'file:///etc/passwd'>]>"
	title := func(s string) string { return strings.Replace(product(titled, ""), "T</", s+"</", 1) }
	text := bomb + "<ONIXMessage>" + title("&y;") + title("&file;") + title("ok &eacute;&#233;&#xE9;") + title("&#0;") + title("&nothing") + "</ONIXMessage>"
	list := read(t, text)
	if len(list) != 5 || list[2].Title != "ok ééé" {
		t.Fatalf("%+v", list)
	}
	for _, i := range []int{0, 1, 4} {
		wants(t, list[i].Err, "invalid character entity")
	}
	wants(t, list[3].Err, "illegal character")
	list = read(t, "<ONIXMessage>"+strings.Replace(title("x"), "<Desc", "<!DOCTYPE a><Desc", 1)+"</ONIXMessage>")
	wants(t, list[0].Err, "is damaged")
}

func TestBoundsAreKept(t *testing.T) {
	deep := strings.Repeat("<x>", 1000) + strings.Repeat("</x>", 1000)
	deepText := "<CollateralDetail><TextContent><Text>" + deep + "</Text></TextContent></CollateralDetail>"
	for name, test := range map[string]struct{ inner, want string }{
		"deep":              {deep, "nested too deep"},
		"deep in a text":    {deepText, "nested too deep"},
		"deep and unclosed": {strings.Repeat("<x>", 1<<18), "nested too deep"},
		"wide":              {strings.Repeat("<x/>", 100_000), "too many elements"},
		"long":              {strings.Repeat("x", 5<<20), "<Product> is longer than 4194304 bytes"},
		"a long tag":        {"<x y='" + strings.Repeat("x", 5<<20) + "'/>", "longer than"},
		"a long comment":    {"<!--" + strings.Repeat("x", 5<<20) + "-->", "longer than"},
		"open CDATA":        {"<![CDATA[" + strings.Repeat("x", 5<<20), "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			good := product(titled, "")
			list := read(t, message(good, product(titled, test.inner), good))
			if len(list) != 3 || list[0].Err != nil || list[2].Err != nil {
				t.Fatalf("%d products, want a bad one between two good ones", len(list))
			}
			if test.want != "damaged" && test.want != "longer than" {
				wants(t, list[1].Err, test.want)
			} else if list[1].Err == nil {
				t.Error("no error")
			}
		})
	}
}

// What is costly to look at once is not looked at again and again.
func TestDamageDoesNotCostTime(t *testing.T) {
	const size = 512 << 10
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, body := range map[string]string{
		"open CDATA":            fill("<Product><![CDATA[x"),
		"open CDATA, one end":   fill("<Product><![CDATA[x") + "]]>",
		"open comments":         fill("<Product><!-- x "),
		"open instructions":     fill("<Product><? x "),
		"open quotes":           fill(`<Product><a b="`),
		"open tags":             fill("<Product><a "),
		"ends":                  fill("</Product>"),
		"starts":                fill("<Product>"),
		"text":                  fill("x y "),
		"signs in a text":       product(titled, "<OtherText><TextTypeCode>01</TextTypeCode><Text><![CDATA["+strings.Repeat("<", 1<<20)+"]]></Text></OtherText>"),
		"comments in a text":    product(titled, "<OtherText><TextTypeCode>01</TextTypeCode><Text><![CDATA["+strings.Repeat("<!--", 200_000)+"]]></Text></OtherText>"),
		"pieces of a text":      product(titled, "<RecordReference>"+strings.Repeat("x<!---->", 100_000)+"</RecordReference>"),
		"elements of a text":    product(titled, "<OtherText><TextTypeCode>01</TextTypeCode><Text>"+strings.Repeat("<b>x</b>", 50_000)+"</Text></OtherText>"),
		"a declaration in each": fill("<Product><!DOCTYPE a [ <b"),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			read(t, "<ONIXMessage>"+body+"</ONIXMessage>")
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s for %d bytes", took, len(body))
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	declared := func(encoding string) string {
		return `<?xml version="1.0" encoding="` + encoding + `"?><ONIXMessage>` + strings.Replace(product(titled, ""), "T</", "Café – “x”</", 1) + "</ONIXMessage>"
	}
	encode := func(s string, e interface{ String(string) (string, error) }) string {
		out, err := e.String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	little, big := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	for name, text := range map[string]string{
		"UTF-8":                      declared("UTF-8"),
		"UTF-8 with a mark":          "\uFEFF" + declared("utf-8"),
		"no declaration":             declared("x")[len(`<?xml version="1.0" encoding="x"?>`):],
		"windows-1252":               encode(declared("windows-1252"), charmap.Windows1252.NewEncoder()),
		"windows-1252 as ISO-8859-1": encode(declared("ISO-8859-1"), charmap.Windows1252.NewEncoder()),
		"UTF-16 with a mark":         encode(declared("UTF-16"), little.NewEncoder()),
		"UTF-16 without a mark":      encode(declared("UTF-16"), big.NewEncoder()),
		"UTF-8 that says UTF-16":     declared("UTF-16"),
	} {
		t.Run(name, func(t *testing.T) {
			if !onix.Sniff([]byte(text)) {
				t.Error("not seen to be ONIX")
			}
			if got := one(t, text).Title; got != "Café – “x”" {
				t.Errorf("title %q", got)
			}
		})
	}
	latin := encode(declared("UTF-8"), charmap.Windows1252.NewEncoder())
	wants(t, read(t, latin)[0].Err, "not valid UTF-8")
	wants(t, read(t, strings.Replace(declared("windows-1252"), "Café – “x”", "\x81", 1))[0].Err, "bytes that are not windows-1252")
	r := open(t, declared("windows-1252"), onix.Options{Decoded: true})
	if got := readAll(t, r)[0].Title; got != "Café – “x”" {
		t.Errorf("decoded before: title %q", got)
	}
}

func TestSniff(t *testing.T) {
	for text, want := range map[string]bool{
		"<ONIXMessage": false, "<ONIXMessage>": true, " <ONIXmessage release='3.0'>": true, "<!-- <x> --><!DOCTYPE a SYSTEM 'b' [<!ENTITY c 'd'>]><o:ONIXMessage/>": true,
		"": false, "title": false, "<collection>": false, "<ONIXMessages>": false, "{}": false, "<!-- <ONIXMessage> -->": false,
	} {
		if got := onix.Sniff([]byte(text)); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

func TestAnErrorOfTheInputIsNotAnEnd(t *testing.T) {
	gone := errors.New("the disk is gone")
	text := numberedMessage(2)
	for _, cut := range []int{0, 10, 200, len(text) - 40} {
		r, err := onix.NewReader(io.MultiReader(strings.NewReader(text[:cut]), iotest.ErrReader(gone)), onix.Options{})
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, gone) {
			t.Errorf("cut at %d: %v, want the error of the disk", cut, err)
		}
	}
}

func TestHowTheInputArrivesDoesNotMatter(t *testing.T) {
	text := numberedMessage(3)
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"byte by byte": iotest.OneByteReader, "half": iotest.HalfReader, "end with data": iotest.DataErrReader,
	} {
		r, err := onix.NewReader(wrap(strings.NewReader(text)), onix.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if good, bad := whole(t, readAll(t, r)); len(good) != 3 || bad != 0 {
			t.Errorf("%s: %d good, %d bad", name, len(good), bad)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{reference30, short30, reference21, short21, numberedMessage(2), message(supplied(price("02", "1", "USD")))} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := onix.NewReader(strings.NewReader(string(data)), onix.Options{Currency: "USD"})
		if err != nil {
			wants(t, err, err.Error())
			return
		}
		line := 0
		for _, p := range readAll(t, r) {
			if p.Line < line {
				t.Fatalf("line %d comes after line %d", p.Line, line)
			}
			line = p.Line
		}
	})
}
