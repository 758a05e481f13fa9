package textindex

// Union gives the ids that any of the iterators gives.
func Union(its ...Iterator) Iterator {
	if len(its) == 1 {
		return its[0]
	}
	return &union{open: func() ([]Iterator, error) { return its, nil }}
}

// Intersect gives the ids that all of the iterators give, and none when there
// are no iterators.
func Intersect(its ...Iterator) Iterator {
	if len(its) == 1 {
		return its[0]
	}
	return &intersection{its: its, done: len(its) == 0}
}

// union keeps its iterators in a heap by their current ids, without those that
// are exhausted.
type union struct {
	open  func() ([]Iterator, error) // nil once opened
	heads heap[head]
	id    int64
}

type head struct {
	id int64
	it Iterator
}

func (u *union) Next() (int64, bool, error) { return u.SeekTo(u.id + 1) }

func (u *union) SeekTo(id int64) (int64, bool, error) {
	id = max(id, u.id)
	if err := u.start(id); err != nil {
		return 0, false, err
	}
	for len(u.heads.items) > 0 && u.heads.items[0].id < id {
		if err := u.advance(id); err != nil {
			return 0, false, err
		}
	}
	if len(u.heads.items) == 0 {
		return 0, false, nil
	}
	u.id = u.heads.items[0].id
	return u.id, true, nil
}

// start opens the iterators at id, unless they are open.
func (u *union) start(id int64) error {
	if u.open == nil {
		return nil
	}
	its, err := u.open()
	u.open = nil
	if err != nil {
		return err
	}
	heads := make([]head, 0, len(its))
	for _, it := range its {
		got, ok, err := it.SeekTo(id)
		if err != nil {
			return err
		}
		if ok {
			heads = append(heads, head{got, it})
		}
	}
	u.heads = newHeap(heads, func(a, b head) bool { return a.id < b.id })
	return nil
}

// advance moves the iterator that is furthest behind to id.
func (u *union) advance(id int64) error {
	least := &u.heads.items[0]
	got, ok, err := least.it.SeekTo(id)
	switch {
	case err != nil:
		u.heads.items = nil
	case ok:
		least.id = got
		u.heads.down(0)
	default:
		u.heads.pop()
	}
	return err
}

type intersection struct {
	its  []Iterator
	id   int64
	done bool
}

func (x *intersection) Next() (int64, bool, error) { return x.SeekTo(x.id + 1) }

// SeekTo lets the iterators leap over one another until all agree.
func (x *intersection) SeekTo(id int64) (int64, bool, error) {
	if x.done {
		return 0, false, nil
	}
	id = max(id, x.id)
	for i, agreed := 0, 0; agreed < len(x.its); i = (i + 1) % len(x.its) {
		got, ok, err := x.its[i].SeekTo(id)
		if err != nil || !ok {
			x.done = true
			return 0, false, err
		}
		if got > id {
			id, agreed = got, 0
		}
		agreed++
	}
	x.id = id
	return id, true, nil
}
