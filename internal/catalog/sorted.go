package catalog

import (
	"cmp"
	"math"
	"slices"

	"github.com/bazar-store/bazar/pkg/api"
)

// sortedRead is how many books a sort reads at a time.
const sortedRead = 1_000

// sorted gives a page by title, price or year. It looks at every match and
// keeps only the page: memory does not grow with the catalogue.
func (f *finder) sorted() (api.BookList, error) {
	s, err := f.source("")
	if err != nil {
		return api.BookList{}, err
	}
	var best []bookRow
	for {
		books, err := s.next(sortedRead)
		if err != nil {
			return api.BookList{}, err
		}
		if len(books) == 0 {
			break
		}
		for _, b := range books {
			if f.wants(&b) && f.behindCursor(&b) {
				best = append(best, b)
			}
		}
		slices.SortFunc(best, func(a, b bookRow) int { return f.compare(f.position(&a), f.position(&b)) })
		best = best[:min(len(best), f.query.Limit+1)]
	}
	return f.list(best, f.position), nil
}

func (f *finder) behindCursor(b *bookRow) bool {
	return f.cursor == (cursor{}) || f.compare(f.position(b), f.cursor) > 0
}

// position is where a book stands in the query's order. Titles go from A to Z,
// prices from the lowest, years from the latest with unknown ones last.
func (f *finder) position(b *bookRow) cursor {
	c := cursor{Phase: sortPhase, ID: b.ID}
	switch f.query.Sort {
	case api.SortTitle:
		c.Text = b.TitleKey
	case api.SortPrice:
		c.Text, c.Key = b.PriceCurrency, b.PriceAmount
	default:
		c.Key = math.MaxInt64
		if b.Year != nil {
			c.Key = -int64(*b.Year)
		}
	}
	return c
}

func (f *finder) compare(a, b cursor) int {
	return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID))
}
