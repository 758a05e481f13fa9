package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// rankedBlock is how many books that the index suggests are ranked against each
// other. Ranking them all would cost more the larger the catalogue is, for pages
// that nobody reads: a query with more is ranked block by block. Where a block
// ends depends on the index alone, never on what was sold or changed meanwhile:
// the next page must find the same blocks.
const rankedBlock = 100

// hit is a book with how well it fits, higher is better.
type hit struct {
	bookRow

	score int
	block int64 // the last item number before its block
}

// ranked gives a page by relevance: first the books whose whole title is what
// was typed, then the others in blocks.
func (f *finder) ranked() (api.BookList, error) {
	var found []hit
	if len(f.words) <= exactWords && f.cursor.Phase == exactPhase {
		var err error
		if found, err = f.exactTitles(); err != nil {
			return api.BookList{}, err
		}
	}
	c := f.cursor
	if c.Phase == exactPhase {
		c = cursor{Phase: blockPhase}
	}
	s, err := f.source("")
	if err != nil {
		return api.BookList{}, err
	}
	blocks := 0
	for s.skipTo(c.After); !s.ended && len(found) <= f.query.Limit && blocks*rankedBlock < patience; c = (cursor{}) {
		blocks++
		block, err := f.block(s)
		if err != nil {
			return api.BookList{}, err
		}
		for i := range block {
			if h := &block[i]; c.ID == 0 || h.score < c.Score || (h.score == c.Score && h.ID > c.ID) {
				found = append(found, *h)
			}
		}
	}
	page := f.listHits(found)
	if page.NextCursor == nil && !s.ended {
		page.NextCursor = f.goOn(cursor{Phase: blockPhase, After: s.after})
	}
	return page, nil
}

// exactTitles gives the books with this very title, by item number.
func (f *finder) exactTitles() (found []hit, err error) {
	s, err := f.source(strings.Join(f.words, " "))
	if err != nil {
		return nil, err
	}
	s.skipTo(f.cursor.ID)
	for len(found) <= f.query.Limit {
		books, err := s.next(f.query.Limit + 1)
		if err != nil || len(books) == 0 {
			return found, err
		}
		for i := range books {
			if f.wants(&books[i]) && f.exactly(&books[i]) {
				found = append(found, hit{bookRow: books[i], block: -1})
			}
		}
	}
	return found, nil
}

func (f *finder) exactly(b *bookRow) bool {
	return len(f.words) <= exactWords && slices.Equal(words(b.TitleKey), f.words)
}

// block ranks the next matches of s.
func (f *finder) block(s *source) (block []hit, err error) {
	after := s.after
	books, err := s.next(rankedBlock)
	if err != nil {
		return nil, err
	}
	for i := range books {
		if f.wants(&books[i]) && !f.exactly(&books[i]) {
			block = append(block, hit{bookRow: books[i], score: f.score(&books[i]), block: after})
		}
	}
	slices.SortFunc(block, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.ID, b.ID))
	})
	return block, nil
}

// score adds up, over the words, where each stands: a title says more about a
// book than its publisher. Whole words are worth more than prefixes, and a
// title that begins with what was typed more than one that has it further on.
func (f *finder) score(b *bookRow) (score int) {
	title := words(b.TitleKey)
	fields := [...]struct {
		weight int
		words  []string
	}{
		{16, title},
		{12, wordsOf(b.Authors...)},
		{8, wordsOf(b.Topics...)},
	}
	for i, w := range f.words {
		best := 2 // what is nowhere else is in the publisher
		for _, field := range fields {
			if slices.Contains(field.words, w) {
				best = max(best, field.weight+1)
			} else if i == len(f.words)-1 && slices.ContainsFunc(field.words, func(h string) bool { return strings.HasPrefix(h, w) }) {
				best = max(best, field.weight)
			}
		}
		score += best
	}
	if len(title) >= len(f.words) && hasWords(title[:len(f.words)], f.words) {
		score += 8
	}
	return score
}

func (f *finder) listHits(found []hit) api.BookList {
	page := api.BookList{Books: []api.Book{}}
	for i := range found[:min(len(found), f.query.Limit)] {
		page.Books = append(page.Books, found[i].book())
	}
	if len(found) > f.query.Limit {
		last := &found[f.query.Limit-1]
		c := cursor{Phase: blockPhase, After: last.block, Score: last.score, ID: last.ID}
		if last.block < 0 {
			c = cursor{Phase: exactPhase, ID: last.ID}
		}
		page.NextCursor = f.goOn(c)
	}
	return page
}
