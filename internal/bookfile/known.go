package bookfile

import (
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// known is a layout that many people have files of: it needs no --map.
type known struct {
	name    string            // with its article, for the note
	header  []string          // columns that tell it, beside those of columns
	columns map[string]string // by field, as of --map
	spares  map[string]string // columns for fields that say nothing; more authors
	key     string            // the column of the row's key
	source  string            // where that key comes from
	// separator stands between authors.
	separator string
	// anyID: what stands for the ISBN need be none.
	anyID bool
	// noYear is the year that says nothing.
	noYear string
	// latin: rows that are not UTF-8 are windows-1252.
	latin bool
}

// knownLayouts lists the layouts, as their makers have them. Keys of Goodreads
// are one book in all of its files.
func knownLayouts() []known {
	return []known{
		{
			name: "a Goodreads library export", header: []string{"Author l-f", "Exclusive Shelf"},
			columns: map[string]string{"title": "Title", "authors": "Author", "isbn13": "ISBN13", "publisher": "Publisher", "year": "Year Published"},
			spares:  map[string]string{"authors": "Additional Authors", "isbn13": "ISBN", "year": "Original Publication Year"},
			key:     "Book Id", source: "goodreads", separator: ",",
		},
		{
			name: "a StoryGraph library export", header: []string{"Read Status", "Star Rating"},
			columns: map[string]string{"title": "Title", "authors": "Authors", "isbn13": "ISBN/UID"},
			key:     "ISBN/UID", source: "storygraph", separator: ",", anyID: true,
		},
		{
			name: "goodbooks-10k", header: []string{"isbn13", "best_book_id", "work_id"},
			columns: map[string]string{
				"title": "title", "authors": "authors", "isbn13": "isbn", "year": "original_publication_year", "language": "language_code",
			},
			key: "goodreads_book_id", source: "goodreads", separator: ",",
		},
		{
			name: "the books of Book-Crossing", header: []string{"Image-URL-S"},
			columns: map[string]string{
				"title": "Book-Title", "authors": "Book-Author", "isbn13": "ISBN", "year": "Year-Of-Publication", "publisher": "Publisher",
			},
			key: "ISBN", source: "book-crossing", anyID: true, noYear: "0", latin: true,
		},
	}
}

// findKnown gives the layout that a header is of, nil for none.
func findKnown(names []string) *known {
	for _, k := range knownLayouts() {
		wanted := append(slices.Clone(k.header), k.key)
		for _, column := range k.columns {
			wanted = append(wanted, column)
		}
		if hasAll(names, wanted) {
			return &k
		}
	}
	return nil
}

// adopt has the plan read what the layout knows. Other fields keep their names,
// so that a price may have been added; the user's key wins.
func (p *plan) adopt(k *known) {
	for name, column := range k.columns {
		f, _ := fieldNamed(name)
		p.names[f] = []string{column}
	}
	for name, column := range k.spares {
		f, _ := fieldNamed(name)
		p.spares[f] = column
	}
	if p.key == "" {
		p.key, p.names[keyField] = k.key, []string{k.key}
	}
}

// fillIn takes from a record of a known layout what the plain reading of columns
// leaves: spare columns in, and out what says nothing there.
func (s *csvSource) fillIn(rec *record, raw string) {
	for _, spare := range s.layout.spares {
		text := s.text(&s.cells[spare.at], raw)
		own := strings.TrimSpace(rec.text[spare.field])
		switch {
		case spare.field == authorsField:
			rec.list[authorsField] = append([]string{own}, strings.Split(text, s.known.separator)...)
		case own == "" || own == `=""`:
			rec.text[spare.field] = text
		}
	}
	if id := strings.TrimSpace(rec.text[isbnField]); s.known.anyID && !looksLikeISBN(id) {
		rec.text[isbnField] = ""
	}
	if year := strings.TrimSpace(rec.text[yearField]); year == s.known.noYear {
		rec.text[yearField] = ""
	}
}

// decodeLatin decodes a record from windows-1252; bad if it has bytes that are
// not of it.
func (rec *record) decodeLatin(bad error) error {
	for f, s := range rec.text {
		text, err := charmap.Windows1252.NewDecoder().String(s)
		if err != nil || strings.ContainsAny(text, "\uFFFD\x00") {
			return bad
		}
		rec.text[f] = text
	}
	return nil
}

// looksLikeISBN says whether s has the 10 or 13 digits of an ISBN, right or
// wrong.
func looksLikeISBN(s string) bool {
	s = strings.NewReplacer("-", "", " ", "", "‐", "", "‑", "").Replace(s)
	if len(s) == 10 {
		s = strings.TrimRight(s, "xX")
	}
	return isDigits(s) && (len(s) == 9 || len(s) == 10 || len(s) == 13)
}
