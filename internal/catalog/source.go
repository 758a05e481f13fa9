package catalog

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/catalog/textindex"
)

// source gives the books that may match, in the order of item numbers: from the
// index, or all there are when nothing is looked for.
type source struct {
	tx    *gorm.DB
	ids   textindex.Iterator // nil: all books
	after int64
	ended bool
}

// source gives what the query may match; with an exact title only books that
// have it.
func (f *finder) source(exact string) (*source, error) {
	s := &source{tx: f.tx}
	if exact == "" && f.topic == "" && len(f.words) == 0 && len(f.authors) == 0 {
		return s, nil
	}
	its := make([]textindex.Iterator, len(f.segments))
	for i, row := range f.segments {
		its[i] = f.match(segment{tx: f.tx, id: row.ID}, exact)
	}
	s.ids = textindex.Union(its...)
	return s, nil
}

// match gives the books in one segment that have all that is looked for. A
// book's words are always in one segment together.
func (f *finder) match(in segment, exact string) textindex.Iterator {
	var its []textindex.Iterator
	if exact != "" {
		its = append(its, textindex.Term(in, markTitle+exact))
	}
	if f.topic != "" {
		its = append(its, textindex.Term(in, markTopic+f.topic))
	}
	for _, list := range [...][]string{f.words, f.authors} {
		for i, w := range list {
			its = append(its, wordIn(in, w, i == len(list)-1))
		}
	}
	return textindex.Intersect(its...)
}

func wordIn(in segment, word string, prefix bool) textindex.Iterator {
	switch {
	case !prefix:
		return textindex.Term(in, word)
	case utf8.RuneCountInString(word) <= shortPrefix:
		return textindex.Term(in, markPrefix+word)
	default:
		return textindex.Prefix(in, word)
	}
}

// skipTo goes on behind an item number.
func (s *source) skipTo(id int64) { s.after = id }

// next gives at most n books more; none at the end. Numbers that the index
// knows but that have no book any more are passed over.
func (s *source) next(n int) ([]bookRow, error) {
	for !s.ended {
		books, err := s.fetch(n)
		if err != nil || len(books) > 0 {
			return books, err
		}
	}
	return nil, nil
}

func (s *source) fetch(n int) (books []bookRow, err error) {
	if s.ids == nil {
		books, err = selectBooks(s.tx, "id > ? ORDER BY id LIMIT ?", s.after, n)
		s.ended = len(books) < n
		if len(books) > 0 {
			s.after = books[len(books)-1].ID
		}
		return books, err
	}
	ids := make([]int64, 0, n)
	for len(ids) < n {
		id, ok, err := s.ids.SeekTo(s.after + 1)
		if err != nil {
			return nil, err
		}
		if !ok {
			s.ended = true
			break
		}
		s.after = id
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("books by id: %w", err)
	}
	return selectBooks(s.tx, "id IN (SELECT value FROM json_each(?)) ORDER BY id", string(list))
}
