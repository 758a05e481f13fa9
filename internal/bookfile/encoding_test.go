package bookfile_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/bazar-store/bazar/internal/bookfile"
)

// encoded gives text in another encoding.
func encoded(t testing.TB, name, text string) string {
	t.Helper()
	e, err := htmlindex.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEncodingsThatAreSaid(t *testing.T) {
	for name, title := range map[string]string{
		"windows-1252": "Curaçao “œuvre” – 5€", "iso-8859-1": "Größe", "latin1": "Größe", "windows-1251": "Мастер и Маргарита",
		"utf-16le": "Ünïcode 𝄞 書", "utf-16be": "Ünïcode 𝄞 書", "gb18030": "红楼梦 𠀀", "gbk": "红楼梦", "big5": "紅樓夢",
		"shift_jis": "吾輩は猫である", "euc-jp": "吾輩は猫である", "iso-2022-jp": "吾輩は猫である", "euc-kr": "토지", "utf-8": "Größe", "UTF8": "Größe",
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{"title,year\n" + title + ",1999\n", `{"title":"` + title + `"}`} {
				b := goodRow(t, encoded(t, name, text), bookfile.Options{Encoding: name})
				if *b.Title != title {
					t.Errorf("title %q, want %q", *b.Title, title)
				}
			}
		})
	}
	t.Run("by a name that IANA alone has", func(t *testing.T) {
		if b := goodRow(t, "title\nCaf\x82\n", bookfile.Options{Encoding: "cp437"}); *b.Title != "Café" {
			t.Errorf("title %q, want Café", *b.Title)
		}
	})
}

func TestAByteOrderMarkTellsTheEncoding(t *testing.T) {
	const text = "title,publisher\r\nÜber 𝄞,\"書\r\nb\"\r\nc,\r\n"
	want := []string{"2: Über 𝄞/書\r\nb", "4: c/"}
	for name, marked := range map[string]string{
		"UTF-8":    "\xef\xbb\xbf" + text,
		"UTF-16LE": "\xff\xfe" + encoded(t, "utf-16le", text),
		"UTF-16BE": "\xfe\xff" + encoded(t, "utf-16be", text),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := bookfile.NewReader(iotest.OneByteReader(strings.NewReader(marked)), bookfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			sameRows(t, readAll(t, r), want)
			if notes := r.Notes(); notes != nil {
				t.Errorf("notes %q, want none", notes)
			}
		})
		t.Run(name+" over what is said", func(t *testing.T) {
			r := open(t, marked, bookfile.Options{Encoding: "windows-1251"})
			sameRows(t, readAll(t, r), want)
			note := "the file says by its byte order mark that it is " + name + ", so --encoding windows-1251 is not used"
			if notes := r.Notes(); !slices.Equal(notes, []string{note}) {
				t.Errorf("notes %q, want %q", notes, note)
			}
		})
	}
}

func TestBytesThatCannotBeDecodedAreReported(t *testing.T) {
	tests := map[string]struct {
		text, encoding string
		want           []string
	}{
		"a byte without a letter": {"title,publisher\na\x81,b\nc,d", "windows-1252", []string{"2! it has bytes that are not windows-1252", "3: c/d"}},
		"half a character":        {"title,publisher\n\x82\xa0\x82,b\nc,d", "shift_jis", []string{"2! it has bytes that are not shift_jis", "3: c/d"}},
		"half a pair":             {encoded(t, "utf-16le", "title,publisher\na") + "\x00\xd8" + encoded(t, "utf-16le", ",b\nc,d"), "utf-16le", []string{"2! not utf-16le", "3: c/d"}},
		"an odd end":              {encoded(t, "utf-16le", "title,publisher\na,b\nc,d") + "x", "utf-16le", []string{"2: a/b", "3! not utf-16le"}},
		"not the UTF-8 it says":   {"\uFEFFtitle,publisher\ncaf\xe9,b\nc,d", "", []string{"2! it has bytes that are not UTF-8", "3: c/d"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sameRows(t, parse(t, test.text, bookfile.Options{Encoding: test.encoding}), test.want)
		})
	}
}

func TestTheLikelyEncodingIsHinted(t *testing.T) {
	for name, title := range map[string]string{
		"windows-1252": "Les Misérables, tome I – Naïveté", "windows-1251": "Мастер и Маргарита, Булгаков", "shift_jis": "吾輩は猫である",
		"euc-jp": "ノルウェイの森", "gb18030": "红楼梦，曹雪芹著", "euc-kr": "채식주의자",
	} {
		rows := parse(t, "title\n\""+encoded(t, name, title)+"\"\n", bookfile.Options{})
		if len(rows) != 1 {
			t.Fatalf("%s: %d rows, want 1", name, len(rows))
		}
		wants(t, rows[0].Err, "not valid UTF-8; if it is "+name+", say so with --encoding "+name)
	}
	wants(t, parse(t, "title\n\x81\xff\x81\xff\n", bookfile.Options{})[0].Err, "say what it is, as with --encoding windows-1252")
}

func TestFormatsThatTellTheirEncodingGetTheBytesAsTheyStand(t *testing.T) {
	xml := "<?xml encoding=\"iso-8859-1\"?><a>\xe9" + strings.Repeat("\xe8", 1<<17) + "</a>"
	read := strings.NewReplacer("\xe9", "é", "\xe8", "è")
	tests := map[string]struct{ data, encoding, want, from string }{
		"packed":        {gzipped(t, xml), "", xml, ""},
		"said":          {xml, "windows-1252", read.Replace(xml), "windows-1252"},
		"a mark":        {"\xef\xbb\xbf" + xml, "", xml, "UTF-8"},
		"a wide mark":   {"\xff\xfe" + encoded(t, "utf-16le", read.Replace(xml)), "", read.Replace(xml), "UTF-16LE"},
		"nothing of it": {xml, "", xml, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			content, from, err := bookfile.Content(strings.NewReader(test.data), test.encoding)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(content)
			if err != nil || string(got) != test.want || from != test.from {
				t.Errorf("%.40q from %q, %v; want %.40q from %q", got, from, err, test.want, test.from)
			}
		})
	}
}
