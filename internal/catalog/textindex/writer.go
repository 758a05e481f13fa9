package textindex

import (
	"bytes"
	"encoding/binary"
)

// pageWriter turns postings in order into pages.
type pageWriter struct {
	size int // bound of a page's Data, in bytes
	emit func(Page) error

	page Page   // the page at hand; its key is of its first finished run
	prev []byte // the term of the last finished run in the page

	term        []byte // of the open run
	ids         []byte // its encoded ids; empty before its first id
	first, last int64
	room        int // bytes that ids may take in this page
}

func newPageWriter(size int, emit func(Page) error) *pageWriter {
	w := &pageWriter{size: size, emit: emit}
	w.turn()
	return w
}

// add adds a term's ids; terms ascend from call to call, as do one term's ids,
// where what is not greater than the last is folded.
func (w *pageWriter) add(term []byte, ids []uint32) error {
	if !bytes.Equal(term, w.term) {
		w.begin(term)
	}
	for _, id := range ids {
		if int64(id) <= w.last {
			continue
		}
		if len(w.ids)+binary.MaxVarintLen32 > w.room {
			if err := w.cut(); err != nil {
				return err
			}
		}
		w.put(int64(id))
	}
	return nil
}

func (w *pageWriter) put(id int64) {
	delta := id - w.last
	if len(w.ids) == 0 {
		w.first, delta = id, id
	}
	w.ids = binary.AppendUvarint(w.ids, uint64(delta))
	w.last = id
}

func (w *pageWriter) begin(term []byte) {
	w.finish()
	w.term, w.last = append(w.term[:0], term...), 0
	w.measure()
}

// measure finds the room for ids, when the lengths before them are longest.
func (w *pageWriter) measure() {
	const lengths = 2 + 2 + binary.MaxVarintLen32 + 3
	w.room = w.size - len(w.page.Data) - lengths - len(w.term)
}

// cut makes room when the page is full. A short run moves to the next page as
// a whole, so that most terms need one page only; a long one is split.
func (w *pageWriter) cut() error {
	if len(w.ids) > w.size/4 || len(w.page.Data) == 1 {
		w.finish()
		w.page.Data[0] |= continued
	}
	return w.flush()
}

// finish puts the open run into the page.
func (w *pageWriter) finish() {
	if len(w.ids) == 0 {
		return
	}
	if len(w.page.Data) == 1 {
		w.page.Term, w.page.First = string(w.term), w.first
	}
	shared := common(w.prev, w.term)
	b := binary.AppendUvarint(w.page.Data, uint64(shared))
	b = binary.AppendUvarint(b, uint64(len(w.term)-shared))
	b = append(b, w.term[shared:]...)
	b = binary.AppendUvarint(b, uint64(w.last-w.first))
	b = binary.AppendUvarint(b, uint64(len(w.ids)))
	w.page.Data = append(b, w.ids...)
	w.prev = append(w.prev[:0], w.term...)
	w.ids = w.ids[:0]
}

func (w *pageWriter) flush() error {
	page := w.page
	w.turn()
	return w.emit(page)
}

func (w *pageWriter) turn() {
	w.page = Page{Data: append(make([]byte, 0, w.size), version)}
	w.prev = w.prev[:0]
	w.measure()
}

// close emits what is left.
func (w *pageWriter) close() error {
	w.finish()
	if len(w.page.Data) == 1 {
		return nil
	}
	return w.flush()
}

func common(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
