package catalog

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/pkg/api"
)

// patience is how many books a page looks at before it ends early.
const patience = 2_000

// Search finds books on sale. What it costs is bounded by the page it gives,
// not by the catalogue; only sorts other than by relevance and item number look
// at every match. A page may have fewer books than its limit, or none, and yet
// a cursor to go on from.
func (s *Service) Search(ctx context.Context, q api.BookQuery) (page api.BookList, err error) {
	if err := checkQuery(&q); err != nil {
		return page, err
	}
	err = s.db.Snapshot(ctx, func(tx *gorm.DB) error {
		f, err := newFinder(tx, &q)
		if err != nil {
			return err
		}
		page, err = f.page()
		return err
	})
	return page, err
}

func checkQuery(q *api.BookQuery) error {
	for _, text := range [...]string{q.Q, q.Words, q.Author, q.Topic} {
		if err := api.CheckText("the query", text, api.MaxQuery); err != nil {
			return err
		}
	}
	if q.Sort == "" {
		q.Sort = api.SortRelevance
	}
	if !slices.Contains(api.Sorts(), q.Sort) {
		return api.Errorf(api.CodeInvalid, "sort is one of %s, not %q", strings.Join(api.Sorts(), ", "), q.Sort)
	}
	if q.All && (q.Sort != api.SortID || q.Q+q.Words+q.Author+q.Topic != "") {
		return api.Errorf(api.CodeInvalid, "retired books are listed with sort=id alone")
	}
	if _, ok := api.Decimals(q.Currency); q.Currency != "" && !ok {
		return api.Errorf(api.CodeInvalid, "%q is not an ISO 4217 currency code", q.Currency)
	}
	return nil
}

// finder answers one query from one snapshot.
type finder struct {
	tx       *gorm.DB
	query    *api.BookQuery
	segments []segmentRow
	// words must all be in the book, the last of them as a prefix; authors
	// likewise among its authors.
	words   []string
	authors []string
	topic   string
	isbn    string
	cursor  cursor
}

func newFinder(tx *gorm.DB, q *api.BookQuery) (*finder, error) {
	f := &finder{tx: tx, query: q}
	var err error
	if f.cursor, err = parseCursor(q); err != nil {
		return nil, err
	}
	if f.segments, err = liveSegments(tx); err != nil {
		return nil, err
	}
	f.authors = limited(words(api.Fold(q.Author)))
	if q.Topic != "" {
		if f.topic = api.Slug(q.Topic); f.topic == "" {
			return nil, api.Errorf(api.CodeInvalid, "topic %q has no letter or digit", q.Topic)
		}
	}
	text := q.Words
	if q.Q != "" && f.topic == "" {
		named, err := isTopic(tx, api.Slug(q.Q))
		if err != nil {
			return nil, err
		}
		if named {
			f.topic = api.Slug(q.Q)
			return f, f.readWords(text)
		}
	}
	return f, f.readWords(strings.TrimSpace(q.Q + " " + text))
}

// readWords reads the text as an ISBN, if it is one, or else as words.
func (f *finder) readWords(text string) error {
	if isbn, err := api.ParseISBN(text); err == nil {
		f.isbn = isbn
		return nil
	}
	f.words = limited(words(api.Fold(text)))
	if text != "" && len(f.words) == 0 {
		return api.Errorf(api.CodeInvalid, "%q has no letter or digit to look for", text)
	}
	return nil
}

// limited keeps what a query costs within bounds; nobody types more words.
func limited(list []string) []string { return list[:min(len(list), 16)] }

func isTopic(tx *gorm.DB, slug string) (bool, error) {
	if slug == "" {
		return false, nil
	}
	var topics []topicRow
	err := tx.Where("slug = ? AND books > 0", slug).Find(&topics).Error
	return len(topics) > 0, err
}

func (f *finder) page() (api.BookList, error) {
	switch {
	case f.isbn != "":
		return f.oneISBN()
	case f.query.Sort == api.SortID || (f.query.Sort == api.SortRelevance && len(f.words) == 0):
		return f.listed()
	case f.query.Sort == api.SortRelevance:
		return f.ranked()
	default:
		return f.sorted()
	}
}

func (f *finder) oneISBN() (api.BookList, error) {
	books, err := selectBooks(f.tx, hasISBN, isbnNumber(f.isbn))
	return f.list(slices.DeleteFunc(books, func(b bookRow) bool { return !f.wants(&b) }), nil), err
}

// listed gives a page in the order of item numbers. A page whose filters let
// little through ends early, and its cursor goes on: no request looks at more
// than patience books.
func (f *finder) listed() (api.BookList, error) {
	source, err := f.source("")
	if err != nil {
		return api.BookList{}, err
	}
	source.skipTo(f.cursor.ID)
	var found []bookRow
	looked := 0
	for len(found) <= f.query.Limit && looked < patience {
		books, err := source.next(f.query.Limit + 1)
		if err != nil {
			return api.BookList{}, err
		}
		if len(books) == 0 {
			break
		}
		looked += len(books)
		found = append(found, f.wanted(books)...)
	}
	page := f.list(found, func(b *bookRow) cursor { return cursor{ID: b.ID} })
	if page.NextCursor == nil && !source.ended {
		page.NextCursor = f.goOn(cursor{ID: source.after})
	}
	return page, nil
}

// goOn gives a place in the result to go on from.
func (f *finder) goOn(c cursor) *string {
	next := c.encode(f.query)
	return &next
}

func (f *finder) wanted(books []bookRow) []bookRow {
	return slices.DeleteFunc(books, func(b bookRow) bool { return !f.wants(&b) })
}

// wants says whether a book is what the query asks for. The index only
// suggests: a book may have changed since it was indexed.
func (f *finder) wants(b *bookRow) bool {
	q := f.query
	switch {
	case !b.onSale() && !q.All,
		q.InStock && b.Stock == 0,
		q.Currency != "" && q.Currency != b.PriceCurrency,
		q.MinPrice != nil && b.PriceAmount < *q.MinPrice,
		q.MaxPrice != nil && b.PriceAmount > *q.MaxPrice,
		f.topic != "" && !slices.Contains(b.Topics, f.topic):
		return false
	}
	return (len(f.authors) == 0 || hasWords(wordsOf(b.Authors...), f.authors)) &&
		(len(f.words) == 0 || hasWords(allWords(b), f.words))
}

func allWords(b *bookRow) []string {
	list := append(words(b.TitleKey), wordsOf(b.Authors...)...)
	list = append(list, wordsOf(b.Topics...)...)
	if b.Publisher != nil {
		list = append(list, wordsOf(*b.Publisher)...)
	}
	return list
}

func wordsOf(texts ...string) (list []string) {
	for _, t := range texts {
		list = append(list, words(api.Fold(t))...)
	}
	return list
}

// hasWords says whether have has every wanted word, the last as a prefix.
func hasWords(have, wanted []string) bool {
	last := wanted[len(wanted)-1]
	for _, w := range wanted[:len(wanted)-1] {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return slices.ContainsFunc(have, func(w string) bool { return strings.HasPrefix(w, last) })
}

// list makes a page of at most Limit books; next gives the cursor behind a book.
func (f *finder) list(found []bookRow, next func(*bookRow) cursor) api.BookList {
	page := api.BookList{Books: []api.Book{}}
	for i := range found[:min(len(found), f.query.Limit)] {
		page.Books = append(page.Books, found[i].book())
	}
	if len(found) > f.query.Limit {
		page.NextCursor = f.goOn(next(&found[f.query.Limit-1]))
	}
	return page
}
