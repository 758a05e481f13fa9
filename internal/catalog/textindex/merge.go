package textindex

import (
	"bytes"
	"cmp"
	"context"
	"slices"
)

// Merge makes one segment of several and gives its pages to emit in order. It
// holds one page of each segment and one to be emitted. An error of a segment,
// of emit or of ctx, which is looked at with every page, ends it; what was
// emitted till then is to be thrown away.
func Merge(ctx context.Context, segments []PageIterator, emit func(Page) error) error {
	return merge(ctx, segments, PageSize, emit)
}

func merge(ctx context.Context, segments []PageIterator, pageSize int, emit func(Page) error) error {
	inputs, err := openInputs(ctx, segments)
	if err != nil {
		return err
	}
	w := newPageWriter(pageSize, func(p Page) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return emit(p)
	})
	for len(inputs.items) > 0 {
		if err := mergeStep(&inputs, w); err != nil {
			return err
		}
	}
	return w.close()
}

// input is one of the segments; left are the ids of its run that are not yet
// merged, never empty while it is in the heap.
type input struct {
	cursor
	left, buffer []uint32
}

func openInputs(ctx context.Context, segments []PageIterator) (heap[*input], error) {
	var inputs []*input
	for _, segment := range segments {
		in := &input{}
		in.pages = func() (Page, bool, error) {
			if err := ctx.Err(); err != nil {
				return Page{}, false, err
			}
			return segment.Next()
		}
		ok, err := in.load()
		if err != nil {
			return heap[*input]{}, err
		}
		if ok {
			inputs = append(inputs, in)
		}
	}
	return newHeap(inputs, inputLess), nil
}

// load decodes the next run; false when there is none.
func (in *input) load() (bool, error) {
	ok, err := in.next()
	if err != nil || !ok {
		return false, err
	}
	in.buffer, ok = in.ids.decode(in.buffer[:0])
	if !ok {
		return false, in.corrupt("ids are out of order")
	}
	in.left = in.buffer
	return true, nil
}

func inputLess(a, b *input) bool {
	order := bytes.Compare(a.term, b.term)
	return order < 0 || order == 0 && a.left[0] < b.left[0]
}

// mergeStep moves from the input with the least posting all ids up to the
// rival's: a whole run at once where the segments do not overlap.
func mergeStep(inputs *heap[*input], w *pageWriter) error {
	in, n := inputs.items[0], 0
	if rival, ok := inputs.rival(); ok && bytes.Equal(rival.term, in.term) {
		n = upTo(in.left, rival.left[0])
	} else {
		n = len(in.left)
	}
	if err := w.add(in.term, in.left[:n]); err != nil {
		return err
	}
	if in.left = in.left[n:]; len(in.left) == 0 {
		ok, err := in.load()
		if err != nil {
			return err
		}
		if !ok {
			inputs.pop()
			return nil
		}
	}
	inputs.down(0)
	return nil
}

// upTo counts the ids that are at most limit.
func upTo(ids []uint32, limit uint32) int {
	if ids[len(ids)-1] <= limit {
		return len(ids)
	}
	n, found := slices.BinarySearch(ids, limit)
	if found {
		n++
	}
	return n
}

// Segment is what Choose has to know of one.
type Segment struct {
	ID    int64
	Level int // 0 when built, one more with each merge
}

// Choose gives the segments to merge next, by ascending id: those of the
// lowest level that has at least fanout of them (2 or more), to become one of
// the level above. It gives none when there is nothing to do.
func Choose(segments []Segment, fanout int) []Segment {
	levels := map[int][]Segment{}
	for _, s := range segments {
		levels[s.Level] = append(levels[s.Level], s)
	}
	var chosen []Segment
	for level, all := range levels {
		if len(all) >= max(fanout, 2) && (chosen == nil || level < chosen[0].Level) {
			chosen = all
		}
	}
	slices.SortFunc(chosen, func(a, b Segment) int { return cmp.Compare(a.ID, b.ID) })
	return chosen
}
