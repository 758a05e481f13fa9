package textindex

import "encoding/binary"

// A page's Data is one header byte and then runs until the end. The header is
// the format's version, with the bit continued when the last run's term goes
// on in the next page. A run is one term and some of its ids:
//
//	shared  uvarint  bytes of the term that are the previous term's (0 in the first run)
//	suffix  uvarint length, then the term's other bytes
//	span    uvarint  last id minus first id
//	ids     uvarint length in bytes, then uvarints: the first id, then increments
//
// The lengths let a reader pass over a run, and the span lets it tell whether
// an id may be in a run, without decoding the ids.
const (
	version   = 1
	continued = 0x80
)

// pageReader reads the runs of a page; term, ids and goesOn are of the run at
// hand, term only until the next one.
type pageReader struct {
	page   Page
	rest   []byte
	bad    bool
	term   []byte
	ids    list
	goesOn bool // the term has more ids in the next page
}

func (r *pageReader) open(p Page) error {
	*r = pageReader{page: p, term: r.term[:0]}
	if len(p.Data) < 2 || p.Data[0]&^continued != version {
		return r.corrupt("it has no run, or an unknown version")
	}
	r.rest = p.Data[1:]
	if err := r.next(); err != nil {
		return err
	}
	if string(r.term) != p.Term || r.ids.first != p.First {
		return r.corrupt("its key is not its first posting")
	}
	return nil
}

// next moves to the next run; there must be one.
func (r *pageReader) next() error {
	shared := r.number(len(r.term))
	suffix := r.bytes(MaxTerm - shared)
	span := r.number(MaxID)
	ids := r.bytes(len(r.rest))
	first, size := binary.Uvarint(ids)
	switch {
	case r.bad || size <= 0 || first < 1 || first > uint64(MaxID-span):
		return r.corrupt("a run is cut short or out of range")
	case !r.ascends(shared, suffix):
		return r.corrupt("terms are out of order")
	}
	r.term = append(r.term[:shared], suffix...)
	r.ids = list{first: int64(first), last: int64(first) + int64(span), rest: ids}
	r.goesOn = len(r.rest) == 0 && r.page.Data[0]&continued != 0
	return nil
}

// ascends tells whether the coming term is after the one at hand.
func (r *pageReader) ascends(shared int, suffix []byte) bool {
	if r.ids.last == 0 {
		return true
	}
	return len(suffix) > 0 && (shared == len(r.term) || suffix[0] > r.term[shared])
}

// number reads a number of at most limit. What it cannot read it notes in bad
// and takes for 0, so that a run is checked once, not field by field.
func (r *pageReader) number(limit int) int {
	// Nearly all numbers are one byte long, and searches read many of them.
	if len(r.rest) > 0 && r.rest[0] < 0x80 && int(r.rest[0]) <= limit {
		n := int(r.rest[0])
		r.rest = r.rest[1:]
		return n
	}
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(limit) {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *pageReader) bytes(limit int) []byte {
	n := r.number(limit)
	if n > len(r.rest) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *pageReader) corrupt(reason string) error {
	return &CorruptError{Term: r.page.Term, First: r.page.First, Reason: reason}
}

// list reads the ids of a run; id is the current one, 0 before the first.
type list struct {
	id, first, last int64
	rest            []byte
}

// step moves to the next id; false says that the list is corrupt.
func (l *list) step() bool {
	delta, size := binary.Uvarint(l.rest)
	if size <= 0 || delta == 0 || delta > uint64(l.last-l.id) {
		return false
	}
	l.id += int64(delta)
	l.rest = l.rest[size:]
	return true
}

// seek moves to the first id that is at least want, which is at most last.
func (l *list) seek(want int64) bool {
	for l.id < want {
		if want-l.id > 8 {
			l.skip(want)
		}
		if !l.step() {
			return false
		}
	}
	return true
}

// skip passes over ids below want, eight at a time as far as their increments
// are single bytes. Ids given pass through step, so they are still checked.
func (l *list) skip(want int64) {
	const pairs, high = 0x00ff00ff00ff00ff, 0x8080808080808080
	for len(l.rest) >= 8 {
		x := binary.LittleEndian.Uint64(l.rest)
		// The product gathers the four sums of pairs in its top 16 bits.
		sum := int64(((x & pairs) + (x >> 8 & pairs)) * 0x0001000100010001 >> 48)
		if x&high != 0 || l.id+sum >= want {
			return
		}
		l.id += sum
		l.rest = l.rest[8:]
	}
}

// decode appends all the ids to dst; false says that the list is corrupt.
func (l list) decode(dst []uint32) ([]uint32, bool) {
	for len(l.rest) > 0 {
		if !l.step() {
			return dst, false
		}
		dst = append(dst, uint32(l.id))
	}
	return dst, l.id == l.last
}
