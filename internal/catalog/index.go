package catalog

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/catalog/textindex"
	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// The terms of the index. A word stands for itself; what else a book can be
// found by has a mark that no word begins with. Prefixes of one and two letters
// are terms of their own, because too many words share them.
const (
	markTopic    = "#"
	markTitle    = "="
	markPrefix   = "<"
	shortPrefix  = 2
	exactWords   = 3 // titles of at most so many words are terms as a whole
	maxWordBytes = 60
)

// What a book brings into an index, about: words that no other has brought, and
// terms.
const (
	wordsOfBook = 4
	termsOfBook = 32
)

// indexer collects the terms of books for one segment. Words, and the texts
// that many books share, are taken apart once.
type indexer struct {
	*textindex.Builder

	words    map[string]wordTerms
	prefixes map[string]uint32       // the terms of short prefixes
	shared   map[sharedText][]uint32 // those of a whole publisher or topic
	all      []uint32                // the terms of all books, one after the other
}

// wordTerms are the terms of a word, by their numbers: itself and its short
// prefixes.
type wordTerms struct {
	terms [1 + shortPrefix]uint32
	n     int
}

// sharedText is a text with the mark under which it is found as a whole, if any.
type sharedText struct{ mark, text string }

// newIndexer makes room for so many books.
func newIndexer(books int) *indexer {
	return &indexer{
		Builder: textindex.NewBuilder(), words: make(map[string]wordTerms, wordsOfBook*books), all: make([]uint32, 0, termsOfBook*books),
		prefixes: map[string]uint32{}, shared: map[sharedText][]uint32{},
	}
}

// terms gives the terms that a book is found by, some of them twice; none for a
// book that is not on sale.
func (x *indexer) terms(b *bookRow) []uint32 {
	if !b.onSale() {
		return nil
	}
	start, terms := len(x.all), x.all
	title := words(b.TitleKey)
	for _, w := range title {
		terms = x.appendWord(terms, w)
	}
	if len(title) <= exactWords {
		terms = append(terms, x.Number(markTitle+strings.Join(title, " ")))
	}
	for _, a := range b.Authors {
		terms = x.appendText(terms, a)
	}
	if b.Publisher != nil {
		terms = x.appendShared(terms, sharedText{text: *b.Publisher})
	}
	for _, slug := range b.Topics {
		terms = x.appendShared(terms, sharedText{markTopic, slug})
	}
	x.all = terms
	return terms[start:len(terms):len(terms)]
}

// appendShared adds the words of a text that other books have too, and the term
// that stands for it as a whole, if any.
func (x *indexer) appendShared(terms []uint32, s sharedText) []uint32 {
	own, known := x.shared[s]
	if !known {
		own = x.appendText(nil, s.text)
		if s.mark != "" {
			own = append(own, x.Number(s.mark+s.text))
		}
		x.shared[s] = own
	}
	return append(terms, own...)
}

func (x *indexer) appendText(terms []uint32, text string) []uint32 {
	for _, w := range words(api.Fold(text)) {
		terms = x.appendWord(terms, w)
	}
	return terms
}

// appendWord adds a word and its short prefixes.
func (x *indexer) appendWord(terms []uint32, word string) []uint32 {
	own, known := x.words[word]
	if !known {
		own = x.newWord(word)
		x.words[word] = own
	}
	return append(terms, own.terms[:own.n]...)
}

func (x *indexer) newWord(word string) wordTerms {
	own := wordTerms{terms: [1 + shortPrefix]uint32{x.NumberNew(word)}, n: 1}
	for end := 0; own.n < len(own.terms) && end < len(word); own.n++ {
		_, size := utf8.DecodeRuneInString(word[end:])
		end += size
		prefix, known := x.prefixes[word[:end]]
		if !known {
			prefix = x.NumberNew(markPrefix + word[:end])
			x.prefixes[word[:end]] = prefix
		}
		own.terms[own.n] = prefix
	}
	return own
}

// words splits a folded text into its runs of letters and digits. Scripts that
// put no space between words are split by letter. A word of more than
// maxWordBytes is cut.
func words(folded string) (list []string) {
	start := -1
	end := func(at int) {
		if start >= 0 {
			list = append(list, folded[start:cut(folded, start, at)])
		}
		start = -1
	}
	for i, r := range folded {
		switch {
		case !wordRune(r):
			end(i)
		case unspaced(r):
			end(i)
			start = i
			end(i + utf8.RuneLen(r))
		case start < 0:
			start = i
		}
	}
	end(len(folded))
	return list
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9')
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer)
}

func cut(s string, start, end int) int {
	if end-start <= maxWordBytes {
		return end
	}
	end = start + maxWordBytes
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return end
}

// writeSegment stores what was gathered as a new segment.
func writeSegment(tx *gorm.DB, index *indexer, at int64) error {
	pages := index.Pages()
	if len(pages) == 0 {
		return nil
	}
	segment := segmentRow{Live: true, CreatedAt: at}
	if err := tx.Create(&segment).Error; err != nil {
		return fmt.Errorf("index segment: %w", err)
	}
	return writePages(tx, segment.ID, pages)
}

func writePages(tx *gorm.DB, segment int64, pages []textindex.Page) error {
	return database.InsertAll(tx, "index_pages", []string{"segment_id", "term", "first", "data"}, pages,
		func(args []any, p textindex.Page) []any { return append(args, segment, p.Term, p.First, p.Data) })
}

// segment reads the pages of one segment ([textindex.Source]).
type segment struct {
	tx *gorm.DB
	id int64
}

// Seek gives the last page at or before (term, id), or the first.
func (s segment) Seek(term string, id int64) (textindex.Page, bool, error) {
	page, ok, err := s.page("(term, first) <= (?, ?) ORDER BY term DESC, first DESC", term, id)
	if ok || err != nil {
		return page, ok, err
	}
	return s.page("(term, first) > (?, ?) ORDER BY term, first", term, id)
}

// Next gives the page after (term, first).
func (s segment) Next(term string, first int64) (textindex.Page, bool, error) {
	return s.page("(term, first) > (?, ?) ORDER BY term, first", term, first)
}

func (s segment) page(where, term string, first int64) (p textindex.Page, ok bool, err error) {
	ok, err = database.ScanOne(s.tx, []any{&p.Term, &p.First, &p.Data},
		"SELECT term, first, data FROM index_pages WHERE segment_id = ? AND "+where+" LIMIT 1", s.id, term, first)
	if err != nil {
		err = fmt.Errorf("index page: %w", err)
	}
	return p, ok, err
}

// liveSegments lists the segments that are searched.
func liveSegments(tx *gorm.DB) (segments []segmentRow, err error) {
	err = tx.Where("live").Order("id").Find(&segments).Error
	return segments, err
}
