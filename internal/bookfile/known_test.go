package bookfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

const (
	goodreadsHeader = "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding," +
		"Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,Bookshelves with positions," +
		"Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies\n"
	storyGraphHeader = "Title,Authors,Contributors,ISBN/UID,Format,Read Status,Date Added,Last Date Read,Dates Read,Read Count," +
		"Moods,Pace,Character- or Plot-Driven?,Strong Character Development?,Loveable Characters?,Diverse Characters?," +
		"Flawed Characters?,Star Rating,Review,Content Warnings,Content Warning Description,Tags,Owned?\n"
	goodbooksHeader = "book_id,goodreads_book_id,best_book_id,work_id,books_count,isbn,isbn13,authors,original_publication_year," +
		"original_title,title,language_code,average_rating\n"
	crossingHeader = `"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher";"Image-URL-S";"Image-URL-M";"Image-URL-L"` + "\n"
)

func TestKnownLayoutsNeedNoMap(t *testing.T) {
	tests := map[string]struct{ text, source, note, want string }{
		"Goodreads": {
			goodreadsHeader + `2767052,"The Hunger Games (The Hunger Games, #1)",Suzanne Collins,"Collins, Suzanne","Jane Doe, Luís Rodrigues","=""0439023483""","=""9780439023481""",0,4.34,Scholastic Press,Hardcover,374,2008,2007,,2019/05/01,to-read,to-read (#3),to-read,,,,0,0` + "\n",
			"goodreads", "recognised as a Goodreads library export: no --map is needed",
			`{"key":"2767052","isbn13":"9780439023481","title":"The Hunger Games (The Hunger Games, #1)","authors":["Suzanne Collins","Jane Doe","Luís Rodrigues"],"publisher":"Scholastic Press","year":2008}`,
		},
		"Goodreads, what it lacks is elsewhere": {
			goodreadsHeader + `3,Why,"Martin Luther King, Jr.",,,"=""0439023483""","=""""",0,4.34,,,,,1964,,,,,read,,,,1,0` + "\n",
			"goodreads", "recognised as a Goodreads library export: no --map is needed",
			`{"key":"3","isbn13":"9780439023481","title":"Why","authors":["Martin Luther King, Jr."],"year":1964}`,
		},
		"StoryGraph": {
			storyGraphHeader + `Emma,"Jane Austen, A. Reader",,9780141439587,paperback,read,2021/01/01,,,1,,,,,,,,4.5,,,,,No` + "\n",
			"storygraph", "recognised as a StoryGraph library export: no --map is needed",
			`{"key":"9780141439587","isbn13":"9780141439587","title":"Emma","authors":["Jane Austen","A. Reader"]}`,
		},
		"StoryGraph, no ISBN": {
			storyGraphHeader + `Emma,Jane Austen,,B00ABCDEFG,digital,read,2021/01/01,,,1,,,,,,,,4.5,,,,,No` + "\n",
			"storygraph", "recognised as a StoryGraph library export: no --map is needed",
			`{"key":"B00ABCDEFG","title":"Emma","authors":["Jane Austen"]}`,
		},
		"goodbooks-10k": {
			goodbooksHeader + `2,3,3,4640799,491,439554934,9.78043955493e+12,"J.K. Rowling, Mary GrandPré",1997.0,Harry Potter and the Philosopher's Stone,"Harry Potter and the Sorcerer's Stone (Harry Potter, #1)",eng,4.44` + "\n",
			"goodreads", "recognised as goodbooks-10k: no --map is needed",
			`{"key":"3","isbn13":"9780439554930","title":"Harry Potter and the Sorcerer's Stone (Harry Potter, #1)","authors":["J.K. Rowling","Mary GrandPré"],"year":1997,"language":"eng"}`,
		},
		"Book-Crossing": {
			crossingHeader + `"0195153448";"Classical \"Mythology\"; & more";"Mark P. O. Morford";"2002";"Oxford";"s";"m";"l"` + "\n",
			"book-crossing", "recognised as the books of Book-Crossing: no --map is needed",
			`{"key":"0195153448","isbn13":"9780195153446","title":"Classical \"Mythology\"; & more","authors":["Mark P. O. Morford"],"year":2002,"publisher":"Oxford"}`,
		},
		"Book-Crossing, its letters": {
			crossingHeader + "\"B0000AAAAA\";\"Caf\xe9 \x93\xd1\x94\";\"J\xfcrgen\";\"0\";\"\";\"s\";\"m\";\"l\"\n",
			"book-crossing", "recognised as the books of Book-Crossing: no --map is needed",
			`{"key":"B0000AAAAA","title":"Café “Ñ”","authors":["Jürgen"]}`,
		},
		"Book-Crossing, made UTF-8": {
			crossingHeader + `"0195153448";"Café";"Jürgen";"0";"";"s";"m";"l"` + "\n",
			"book-crossing", "recognised as the books of Book-Crossing: no --map is needed",
			`{"key":"0195153448","isbn13":"9780195153446","title":"Café","authors":["Jürgen"]}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := open(t, test.text, bookfile.Options{})
			rows := readAll(t, r)
			if len(rows) != 1 || rows[0].Err != nil {
				t.Fatalf("%+v, want a good row", rows)
			}
			sameBook(t, rows[0].Book, strings.Replace(test.want, "{", `{"line":2,`, 1))
			if r.Source() != test.source || !slices.Contains(r.Notes(), test.note) {
				t.Errorf("keys from %q and notes %q, want %q and %q", r.Source(), r.Notes(), test.source, test.note)
			}
		})
	}
}

func TestOptionsWinOverAKnownLayout(t *testing.T) {
	const row = `2,Emma,"A, B",,,,,0,4.34,P,,,2008,,,,,,read,,,,0,0`
	header := strings.TrimSuffix(goodreadsHeader, "\n")
	tests := map[string]struct {
		text, source, want string
		o                  bookfile.Options
	}{
		"a map":       {goodreadsHeader + row, "", `{"line":2,"title":"A, B"}`, bookfile.Options{Map: map[string]string{"title": "Author"}}},
		"a key":       {goodreadsHeader + row, "", `{"line":2,"key":"read","title":"Emma","authors":["A, B"],"publisher":"P","year":2008}`, bookfile.Options{Key: "Exclusive Shelf"}},
		"more fields": {header + ",price,stock\n" + row + ",$7,3", "goodreads", `{"line":2,"key":"2","title":"Emma","authors":["A, B"],"publisher":"P","year":2008,"price":{"amount":700,"currency":"USD"},"stock":3}`, bookfile.Options{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := open(t, test.text, test.o)
			rows := readAll(t, r)
			if len(rows) != 1 || rows[0].Err != nil || r.Source() != test.source {
				t.Fatalf("%+v with keys from %q, want a good row and %q", rows, r.Source(), test.source)
			}
			sameBook(t, rows[0].Book, test.want)
		})
	}
}

func TestBytesThatAreNotOfBookCrossingEither(t *testing.T) {
	for _, text := range []string{"\"1\";\"a\x81\";\"\xe9\";\"0\";\"\";\"\";\"\";\"\"\n", "\"1\";\"a\xe9\x00\";\"\";\"0\";\"\";\"\";\"\";\"\"\n"} {
		rows := parse(t, crossingHeader+text+"\"2\";\"b\";\"\";\"0\";\"\";\"\";\"\";\"\"\n", bookfile.Options{})
		if len(rows) != 2 || rows[0].Err == nil || rows[1].Err != nil {
			t.Errorf("%+v, want a bad row and a good one", rows)
		}
	}
}

func TestAListOfISBNs(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string // ISBNs, or parts of errors
	}{
		"13 digits":           {"9780439023481\n9780141439587\n", []string{"9780439023481", "9780141439587"}},
		"10 digits, hyphens":  {"0-439-02348-3\r\n978-0-14-143958-7", []string{"9780439023481", "9780141439587"}},
		"a header":            {"ISBN\n0439023483\n", []string{"9780439023481"}},
		"a header of another": {"isbn-13\n9780439023481\n", []string{"9780439023481"}},
		"errors of before":    {"isbn,error\n9780439023481,\"no such book\"\n", []string{"9780439023481"}},
		"an X, and no line":   {"\n080442957X\n\n", []string{"9780804429573"}},
		"bad ones":            {"9780439023482\nnone\n9780439023481", []string{"wrong check digit", "is not an ISBN", "9780439023481"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := open(t, test.text, bookfile.Options{})
			rows := readAll(t, r)
			if len(rows) != len(test.want) || !slices.Contains(r.Notes(), "recognised as a list of ISBNs") {
				t.Fatalf("%d rows and notes %q, want %d rows", len(rows), r.Notes(), len(test.want))
			}
			for i, row := range rows {
				if row.Err != nil {
					wants(t, row.Err, test.want[i])
				} else {
					sameBook(t, row.Book, toJSON(t, api.ImportRow{Line: row.Line, ISBN13: &test.want[i]}))
				}
			}
		})
	}
	t.Run("the title of all", func(t *testing.T) {
		o := bookfile.Options{Set: map[string]string{"title": "New", "price": "5USD"}}
		sameBook(t, goodRow(t, "9780439023481\n", o), `{"line":1,"isbn13":"9780439023481","title":"New","price":{"amount":500,"currency":"USD"}}`)
	})
	t.Run("rejects", func(t *testing.T) {
		turned := rejects(t, open(t, "9780439023482\n9780439023481\n", bookfile.Options{}), ownErrors)
		if want := "isbn13,error\n9780439023482,\"ISBN \"\"9780439023482\"\" has a wrong check digit\"\n"; turned != want {
			t.Errorf("got %q, want %q", turned, want)
		}
		wants(t, parse(t, turned, bookfile.Options{})[0].Err, "wrong check digit")
	})
	t.Run("no list", func(t *testing.T) {
		for _, text := range []string{"isbn,price\n9780439023481,5\n", "97804390234810\n"} {
			_, err := bookfile.NewReader(strings.NewReader(text), bookfile.Options{})
			wants(t, err, "no column is the title")
		}
	})
}

func TestHTMLEntitiesAreDecodedWhereAsked(t *testing.T) {
	for cell, want := range map[string]string{
		"Tom &amp; Jerry&#39;s caf&eacute;": "Tom & Jerry's café", "&#xE9;&#233;": "éé", "&amp;amp;": "&amp;", "&lt;b&gt;": "<b>",
		"AT&T; black&white&copy": "AT&T; black&white&copy", "&copy it;": "&copy it;", "&#0;": "&#0;", "&semi;&": ";&", "a & b; c": "a & b; c", "&&amp;": "&&",
	} {
		text := "title\tauthor\tdescription\n" + cell + "\tB&ouml;ll;M&auml;r\t" + cell + "\n"
		b := goodRow(t, text, bookfile.Options{UnescapeHTML: true})
		if *b.Title != want || *b.Description != want || !slices.Equal(b.Authors, []string{"Böll", "Mär"}) {
			t.Errorf("%q: %s, want %q", cell, toJSON(t, b), want)
		}
		if b := goodRow(t, "title\n"+cell+"\n", bookfile.Options{Delimiter: '\t'}); *b.Title != cell {
			t.Errorf("title %q, want %q: nobody asked", *b.Title, cell)
		}
	}
	b := goodRow(t, `{"title":"a&amp;b","authors":["c&amp;d"]}`, bookfile.Options{UnescapeHTML: true})
	sameBook(t, b, `{"line":1,"title":"a&b","authors":["c&d"]}`)
}

func TestATitleIsStoredAsItStands(t *testing.T) {
	title := "a\r\nb\x1b[31m\u202e &amp; \u200b " + strings.Repeat("ä", 900)
	if b := goodRow(t, "title,year\n\""+title+"\",\n", bookfile.Options{}); *b.Title != title {
		t.Errorf("title %q, want %q", *b.Title, title)
	}
}
