package audit

import "context"

// page is some items of a list, and whether there are more.
type page[T any] struct {
	items []T
	more  bool
	err   error
}

// stream reads a list page by page, one page ahead of who takes its items.
type stream[T any] struct {
	// fetch reads the page behind a position: that of an item, or "".
	fetch    func(ctx context.Context, after string) ([]T, *string, error)
	position func(*T) string

	items []T
	last  string
	ahead chan page[T] // nil: the end has been seen
	pages int          // that had items
}

func newStream[T any](
	ctx context.Context, position func(*T) string, fetch func(ctx context.Context, after string) ([]T, *string, error),
) *stream[T] {
	s := &stream[T]{fetch: fetch, position: position}
	s.readAhead(ctx)
	return s
}

func (s *stream[T]) readAhead(ctx context.Context) {
	ahead, after := make(chan page[T], 1), s.last
	s.ahead = ahead
	go func() {
		items, next, err := s.fetch(ctx, after)
		ahead <- page[T]{items, next != nil, err}
	}()
}

// head is the next item, which stays; nil at the end.
func (s *stream[T]) head(ctx context.Context) (*T, error) {
	for len(s.items) == 0 {
		if s.ahead == nil {
			return nil, nil
		}
		p := <-s.ahead
		if s.ahead = nil; p.err != nil {
			return nil, p.err
		}
		if s.items = p.items; len(p.items) > 0 {
			s.pages++
			s.last = s.position(&p.items[len(p.items)-1])
		}
		if p.more {
			s.readAhead(ctx)
		}
	}
	return &s.items[0], nil
}

// take is the next item, which is then over.
func (s *stream[T]) take() *T {
	item := &s.items[0]
	s.items = s.items[1:]
	return item
}

// ended says whether the list's end has been seen, and all items taken.
func (s *stream[T]) ended() bool { return len(s.items) == 0 && s.ahead == nil }

// again looks for what has come behind the end meanwhile.
func (s *stream[T]) again(ctx context.Context) {
	if s.ended() {
		s.readAhead(ctx)
	}
}
