package textindex

// heap is a binary heap with the least item first. It differs from
// container/heap in that its items are not boxed, and in rival.
type heap[T any] struct {
	items []T
	less  func(a, b T) bool
}

func newHeap[T any](items []T, less func(a, b T) bool) heap[T] {
	h := heap[T]{items, less}
	for i := len(items)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
	return h
}

// down moves the item at i to its place after it has grown.
func (h *heap[T]) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			return
		}
		if child+1 < len(h.items) && h.less(h.items[child+1], h.items[child]) {
			child++
		}
		if !h.less(h.items[child], h.items[i]) {
			return
		}
		h.items[i], h.items[child] = h.items[child], h.items[i]
		i = child
	}
}

// pop drops the least item.
func (h *heap[T]) pop() {
	last := len(h.items) - 1
	h.items[0] = h.items[last]
	h.items = h.items[:last]
	h.down(0)
}

// rival gives the least item but the first; false when there is no other.
func (h *heap[T]) rival() (item T, ok bool) {
	switch {
	case len(h.items) < 2:
		return item, false
	case len(h.items) > 2 && h.less(h.items[2], h.items[1]):
		return h.items[2], true
	}
	return h.items[1], true
}
