package textindex

import (
	"fmt"
	"slices"
)

// Builder collects the postings of one segment in memory.
type Builder struct {
	pageSize int
	numbers  map[string]uint32 // a term's place in terms
	terms    []string
	postings []posting
	docs     map[uint32]struct{}
}

type posting struct{ term, id uint32 }

// NewBuilder gives an empty Builder.
func NewBuilder() *Builder {
	return &Builder{pageSize: PageSize, numbers: map[string]uint32{}, docs: map[uint32]struct{}{}}
}

// Add notes that id has term. Ids come in any order, fastest ascending; the
// same posting twice is folded. An id outside 1..MaxID is a mistake of the
// caller and panics.
func (b *Builder) Add(term string, id int64) {
	if id < 1 || id > MaxID {
		panic(fmt.Sprintf("textindex: id %d outside 1..%d", id, MaxID))
	}
	term = clip(term)
	n, ok := b.numbers[term]
	if !ok {
		n = uint32(len(b.terms))
		b.numbers[term] = n
		b.terms = append(b.terms, term)
	}
	// A document's terms come together, so most of them need no look-up here.
	if last := len(b.postings) - 1; last < 0 || b.postings[last].id != uint32(id) {
		b.docs[uint32(id)] = struct{}{}
	}
	b.postings = append(b.postings, posting{n, uint32(id)})
}

// Docs counts the distinct ids added.
func (b *Builder) Docs() int { return len(b.docs) }

// Pages gives the segment's pages in order, none when nothing was added.
func (b *Builder) Pages() []Page {
	var pages []Page
	w := newPageWriter(b.pageSize, func(p Page) error {
		pages = append(pages, p)
		return nil
	})
	lists := b.lists()
	var term []byte
	for _, n := range b.order() {
		term = append(term[:0], b.terms[n]...)
		_ = w.add(term, lists[n]) // only emit can fail, and this one does not
	}
	_ = w.close()
	return pages
}

// order gives the numbers of the terms in the terms' order.
func (b *Builder) order() []uint32 {
	sorted := slices.Clone(b.terms)
	slices.Sort(sorted)
	order := make([]uint32, len(sorted))
	for i, term := range sorted {
		order[i] = b.numbers[term]
	}
	return order
}

// lists gives the sorted ids of each term by number. All lists are parts of
// one slice, for most are too short to be worth an allocation each.
func (b *Builder) lists() [][]uint32 {
	counts := make([]int, len(b.terms))
	for _, p := range b.postings {
		counts[p.term]++
	}
	lists, all := make([][]uint32, len(b.terms)), make([]uint32, len(b.postings))
	for n, count := range counts {
		lists[n], all = all[:0:count], all[count:]
	}
	for _, p := range b.postings {
		lists[p.term] = append(lists[p.term], p.id)
	}
	for _, ids := range lists {
		if !slices.IsSorted(ids) {
			slices.Sort(ids)
		}
	}
	return lists
}
