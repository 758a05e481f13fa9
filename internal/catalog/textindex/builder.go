package textindex

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Builder collects the postings of one segment in memory.
type Builder struct {
	pageSize int
	numbers  map[string]uint32 // a term's place in terms
	terms    []string
	postings []posting
}

type posting struct{ term, id uint32 }

// NewBuilder gives an empty Builder.
func NewBuilder() *Builder {
	return &Builder{pageSize: PageSize, numbers: map[string]uint32{}}
}

// Add notes that id has term. Ids come in any order, fastest ascending; the
// same posting twice is folded. An id outside 1..MaxID is a mistake of the
// caller and panics.
func (b *Builder) Add(term string, id int64) { b.Post(id, b.Number(term)) }

// Number gives the number by which [Builder.Post] knows a term: who notes a
// term again and again looks it up once.
func (b *Builder) Number(term string) uint32 {
	term = clip(term)
	n, ok := b.numbers[term]
	if !ok {
		n = b.NumberNew(term)
		b.numbers[term] = n
	}
	return n
}

// NumberNew is [Builder.Number] for a term that the caller has not asked for
// before, and will not: it keeps the number itself.
func (b *Builder) NumberNew(term string) uint32 {
	b.terms = append(b.terms, clip(term))
	return uint32(len(b.terms) - 1)
}

// Grow makes room for n more postings.
func (b *Builder) Grow(n int) { b.postings = slices.Grow(b.postings, n) }

// Post is [Builder.Add] for terms by their numbers.
func (b *Builder) Post(id int64, terms ...uint32) {
	if id < 1 || id > MaxID {
		panic(fmt.Sprintf("textindex: id %d outside 1..%d", id, MaxID))
	}
	for _, n := range terms {
		b.postings = append(b.postings, posting{n, uint32(id)})
	}
}

// Pages gives the segment's pages in order, none when nothing was added.
func (b *Builder) Pages() []Page {
	var pages []Page
	w := newPageWriter(b.pageSize, func(p Page) error {
		pages = append(pages, p)
		return nil
	})
	ids, ends := b.lists()
	var term []byte
	for _, k := range b.order() {
		list := ids[ends[k.term]:ends[k.term+1]]
		if !slices.IsSorted(list) {
			slices.Sort(list)
		}
		term = append(term[:0], b.terms[k.term]...)
		_ = w.add(term, list) // only emit can fail, and this one does not
	}
	_ = w.close()
	return pages
}

// sortKey is a term by number, with its first bytes as a number that mostly
// settles the order without a look at the term.
type sortKey struct {
	head uint64
	term uint32
}

// order gives the terms in their order.
func (b *Builder) order() []sortKey {
	keys := make([]sortKey, len(b.terms))
	for n, term := range b.terms {
		var head [8]byte
		copy(head[:], term)
		keys[n] = sortKey{binary.BigEndian.Uint64(head[:]), uint32(n)}
	}
	slices.SortFunc(keys, func(x, y sortKey) int {
		if x.head != y.head {
			return cmp.Compare(x.head, y.head)
		}
		return strings.Compare(b.terms[x.term], b.terms[y.term])
	})
	return keys
}

// lists gives the ids of all terms, as they were added; those of term n are
// ids[ends[n]:ends[n+1]].
func (b *Builder) lists() (ids, ends []uint32) {
	ids, ends = make([]uint32, len(b.postings)), make([]uint32, len(b.terms)+2)
	for _, p := range b.postings {
		ends[p.term+2]++
	}
	for n := range b.terms {
		ends[n+1] += ends[n]
	}
	// ends[n+1] is where term n's list begins, and moves to its end.
	for _, p := range b.postings {
		ids[ends[p.term+1]] = p.id
		ends[p.term+1]++
	}
	return ids, ends
}
