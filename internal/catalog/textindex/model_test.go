package textindex

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strings"

	"pgregory.net/rapid"
)

// segment is a Source of pages in memory.
type segment []Page

func (s segment) after(term string, id int64) int {
	return sort.Search(len(s), func(i int) bool {
		return s[i].Term > term || s[i].Term == term && s[i].First > id
	})
}

func (s segment) at(i int) (Page, bool, error) {
	if i >= len(s) {
		return Page{}, false, nil
	}
	return s[i], true, nil
}

func (s segment) Seek(term string, id int64) (Page, bool, error) {
	return s.at(max(s.after(term, id)-1, 0))
}

func (s segment) Next(term string, first int64) (Page, bool, error) {
	return s.at(s.after(term, first))
}

// inOrder gives a segment's pages one by one.
type inOrder struct{ left segment }

func (p *inOrder) Next() (Page, bool, error) {
	page, ok, err := p.left.at(0)
	if ok {
		p.left = p.left[1:]
	}
	return page, ok, err
}

func iterators(segments []segment) []PageIterator {
	var its []PageIterator
	for _, s := range segments {
		its = append(its, &inOrder{s})
	}
	return its
}

func merged(t rapid.TB, size int, segments []segment) segment {
	t.Helper()
	var out segment
	err := merge(context.Background(), iterators(segments), size, func(p Page) error {
		out = append(out, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func everySegment(segments []segment, open func(Source) Iterator) Iterator {
	var its []Iterator
	for _, s := range segments {
		its = append(its, open(s))
	}
	return Union(its...)
}

// model is the naive index: a set of ids for each term.
type model map[string]map[int64]bool

func (m model) ids(match func(string) bool) []int64 {
	all := map[int64]bool{}
	for term, ids := range m {
		if match(term) {
			maps.Copy(all, ids)
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func (m model) term(term string) []int64 {
	return m.ids(func(t string) bool { return t == term })
}

func (m model) prefix(prefix string) []int64 {
	return m.ids(func(t string) bool { return strings.HasPrefix(t, prefix) })
}

// smallPage makes short lists go on over many pages.
const smallPage = 64

func terms() *rapid.Generator[string] { return rapid.StringMatching(`[ab\x{fc}]{1,4}`) }

// drawSegment draws some postings, single ones and long lists.
func drawSegment(t *rapid.T, m model) segment {
	b := NewBuilder()
	b.pageSize = rapid.SampledFrom([]int{smallPage, 200, PageSize}).Draw(t, "size")
	for range rapid.IntRange(0, 12).Draw(t, "lists") {
		term := terms().Draw(t, "term")
		id := rapid.OneOf(rapid.Int64Range(1, 300), rapid.Int64Range(1, MaxID)).Draw(t, "first")
		step := rapid.SampledFrom([]int64{-1, 1, 1, 2, 7, 1000, 1e6}).Draw(t, "step")
		for range rapid.SampledFrom([]int{1, 1, 5, 100, 400}).Draw(t, "count") {
			if id < 1 || id > MaxID {
				break
			}
			b.Add(term, id)
			if m[term] == nil {
				m[term] = map[int64]bool{}
			}
			m[term][id] = true
			id += step
		}
	}
	return b.Pages()
}

func drawIndex(t *rapid.T) ([]segment, model) {
	m := model{}
	var segments []segment
	for range rapid.IntRange(1, 5).Draw(t, "segments") {
		segments = append(segments, drawSegment(t, m))
	}
	for range rapid.IntRange(0, 2).Draw(t, "merges") {
		n := rapid.IntRange(0, len(segments)).Draw(t, "merged")
		size := rapid.SampledFrom([]int{smallPage, PageSize}).Draw(t, "size")
		segments = append(segments[n:], merged(t, size, segments[:n]))
	}
	return segments, m
}
