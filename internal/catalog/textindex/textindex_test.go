package textindex

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sameWalk holds the iterator against the sorted ids it should give, by Next
// and SeekTo at random and past the end.
func sameWalk(t *rapid.T, it Iterator, want []int64) {
	t.Helper()
	next := rapid.IntRange(0, 9).Draw(t, "seeks of ten")
	at := -1 // the place of the current id in want
	for over := 0; over < 3; {
		var got int64
		var ok bool
		var err error
		if rapid.IntRange(0, 9).Draw(t, "kind") < next {
			jump := rapid.SampledFrom([]int64{-5, 0, 1, 9, 60, 1000, 1e6}).Draw(t, "jump")
			id := jump
			if 0 <= at && at < len(want) {
				id += want[at]
			}
			for at = max(at, 0); at < len(want) && want[at] < id; at++ {
			}
			got, ok, err = it.SeekTo(id)
		} else {
			at = min(at+1, len(want))
			got, ok, err = it.Next()
		}
		switch {
		case err != nil:
			t.Fatal(err)
		case ok != (at < len(want)), ok && got != want[at]:
			t.Fatalf("got %d, %v at %d of %d ids", got, ok, at, len(want))
		case !ok:
			over++
		}
	}
}

func TestFindsWhatTheModelFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segments, m := drawIndex(t)
		term := func(term string) Iterator {
			return everySegment(segments, func(s Source) Iterator { return Term(s, term) })
		}
		a, b := terms().Draw(t, "a"), terms().Draw(t, "b")
		sameWalk(t, term(a), m.term(a))

		prefix := rapid.StringMatching(`[abü]{0,3}`).Draw(t, "prefix")
		prefixed := func() Iterator {
			return everySegment(segments, func(s Source) Iterator { return Prefix(s, prefix) })
		}
		sameWalk(t, prefixed(), m.prefix(prefix))

		sameWalk(t, Union(term(a), term(b)), m.ids(func(t string) bool { return t == a || t == b }))

		both := slices.DeleteFunc(m.term(a), func(id int64) bool { return !m[b][id] })
		sameWalk(t, Intersect(term(a), term(b)), both)
		both = slices.DeleteFunc(both, func(id int64) bool { return !slices.Contains(m.prefix(prefix), id) })
		sameWalk(t, Intersect(term(a), prefixed(), term(b)), both)
	})
}

func TestMergeGivesTheSegmentOfAllPostings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segments, m := drawIndex(t)
		all := NewBuilder()
		all.pageSize = smallPage
		for term, ids := range m {
			for id := range ids {
				all.Add(term, id)
			}
		}
		got, want := merged(t, smallPage, segments), segment(all.Pages())
		if !slices.EqualFunc(got, want, func(a, b Page) bool {
			return a.Term == b.Term && a.First == b.First && string(a.Data) == string(b.Data)
		}) {
			t.Fatalf("merged %v, built %v", got, want)
		}
		for _, p := range got {
			if len(p.Data) > smallPage {
				t.Fatalf("a page of %d bytes", len(p.Data))
			}
		}
	})
}

func TestLongTermsAreCutAndFound(t *testing.T) {
	long := strings.Repeat("x", MaxTerm)
	b := NewBuilder()
	b.Add(long+"y", 7)
	for id := range int64(3 * PageSize) {
		b.Add(long, 2*id+1)
	}
	s := segment(b.Pages())
	for _, it := range []Iterator{Term(s, long), Term(s, long+"z"), Prefix(s, long+"z"), Prefix(s, "x")} {
		if id, ok, err := it.SeekTo(9000); id != 9001 || !ok || err != nil {
			t.Fatal(id, ok, err)
		}
	}
	for _, p := range s {
		if len(p.Data) > PageSize {
			t.Fatalf("a page of %d bytes", len(p.Data))
		}
	}
}

func TestNothingIsFoundInNothing(t *testing.T) {
	if pages := NewBuilder().Pages(); len(pages) != 0 {
		t.Fatal(pages)
	}
	for _, it := range []Iterator{Term(segment{}, "a"), Prefix(segment{}, ""), Union(), Intersect()} {
		if id, ok, err := it.Next(); id != 0 || ok || err != nil {
			t.Fatal(id, ok, err)
		}
	}
}

// counted counts the pages read from a segment.
type counted struct {
	segment
	reads int
}

func (c *counted) Seek(term string, id int64) (Page, bool, error) {
	c.reads++
	return c.segment.Seek(term, id)
}

func (c *counted) Next(term string, first int64) (Page, bool, error) {
	c.reads++
	return c.segment.Next(term, first)
}

func TestLongListsAreReadInPart(t *testing.T) {
	b := NewBuilder()
	for id := int64(1); id < 200_000; id++ {
		b.Add("aa", id)
		b.Add("ab", id)
	}
	b.Add("ac", 5)
	for name, c := range map[string]struct {
		open  func(Source) Iterator
		reads int
	}{
		"term":   {func(s Source) Iterator { return Term(s, "ab") }, 3},
		"prefix": {func(s Source) Iterator { return Prefix(s, "a") }, 8},
	} {
		source := &counted{segment: b.Pages()}
		it := c.open(source)
		for _, want := range []int64{1, 150_000} {
			if id, ok, err := it.SeekTo(want); id != want || !ok || err != nil {
				t.Fatal(name, id, ok, err)
			}
		}
		if source.reads > c.reads {
			t.Errorf("%s: %d of %d pages read", name, source.reads, len(source.segment))
		}
	}
}

func TestMergeEndsWithItsContext(t *testing.T) {
	b := NewBuilder()
	for id := int64(1); id < 50_000; id++ {
		b.Add("a", id)
	}
	ctx, cancel := context.WithCancel(context.Background())
	emitted := 0
	err := Merge(ctx, []PageIterator{&inOrder{b.Pages()}}, func(Page) error {
		emitted++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || emitted != 1 {
		t.Fatal(err, emitted)
	}
}

func TestChooseGivesTheLowestFullLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SliceOf(rapid.IntRange(0, 3)).Draw(t, "levels")
		fanout := rapid.IntRange(2, 8).Draw(t, "fanout")
		var segments []Segment
		counts := make([]int, 4)
		for id, level := range levels {
			segments = append(segments, Segment{ID: int64(id), Level: level})
			counts[level]++
		}
		full := slices.IndexFunc(counts, func(n int) bool { return n >= fanout })
		want := slices.DeleteFunc(slices.Clone(segments), func(s Segment) bool { return s.Level != full })
		slices.Reverse(segments)
		if got := Choose(segments, fanout); !slices.Equal(got, want) {
			t.Fatalf("Choose(%v, %d) = %v", segments, fanout, got)
		}
	})
}
