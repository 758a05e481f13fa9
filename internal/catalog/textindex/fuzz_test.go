package textindex

import (
	"context"
	"errors"
	"testing"
)

// ascends reads the iterator to its end or its error, which is the page's.
func ascends(t *testing.T, it Iterator) {
	t.Helper()
	for last := int64(0); ; {
		id, ok, err := it.Next()
		if err != nil {
			isCorrupt(t, err)
		}
		if err != nil || !ok {
			return
		}
		if id <= last || id > MaxID {
			t.Fatalf("%d after %d", id, last)
		}
		last = id
	}
}

func isCorrupt(t *testing.T, err error) {
	t.Helper()
	if corrupt := new(CorruptError); !errors.As(err, &corrupt) {
		t.Fatal(err)
	}
}

// FuzzPage puts any bytes between two good pages: whatever is read of them
// ascends and ends, and what Merge makes of them can be merged again.
func FuzzPage(f *testing.F) {
	b := NewBuilder()
	b.pageSize = smallPage
	for id := int64(1); id < 300; id += 3 {
		b.Add("aa", id)
		b.Add("ab", id*id)
		b.Add("b", 1000-id)
	}
	good := b.Pages()
	for _, p := range good {
		f.Add(p.Term, p.First, p.Data)
	}
	f.Add("b", int64(1), []byte{version | continued, 0, 1, 'b', 0, 1, 1})
	f.Fuzz(func(t *testing.T, term string, first int64, data []byte) {
		s := segment{good[0], {Term: term, First: first, Data: data}, good[len(good)-1]}
		ascends(t, Term(s, term))
		ascends(t, Prefix(s, ""))
		ascends(t, Intersect(Prefix(s, term), Prefix(s, "a")))
		it := Term(s, term)
		for id := int64(1); id < MaxID; id *= 3 {
			if _, ok, _ := it.SeekTo(id); !ok {
				break
			}
		}
		var out segment
		emit := func(p Page) error { out = append(out, p); return nil }
		if err := Merge(context.Background(), iterators([]segment{good, s}), emit); err != nil {
			isCorrupt(t, err)
			return
		}
		merged(t, PageSize, []segment{out, good})
	})
}
