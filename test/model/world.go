package model

import (
	"bytes"
	"slices"
)

// world is what does not change: what is wanted, what is there at first, and
// what may happen besides the purchases.
type world struct {
	name string
	// wants are the lines of each id; orders that are alike stand together.
	wants [orders]wants
	stock [books]int8
	// restock and reprice say which books may get another copy, or a higher price.
	restock, reprice [books]bool
}

// wants is what the customer of an id asks for.
type wants struct {
	lines lines
	// other, unless empty, is what else is asked for with the same id.
	other lines
	// maxPrice is the most a copy may cost; 0 is no limit.
	maxPrice uint8
	// keeps says that the customer never cancels.
	keeps bool
}

const (
	lowPrice  = 1
	highPrice = 2
)

// start is the state in which nothing has been asked.
func (w *world) start() (s state) {
	for b := range s.books {
		s.books[b] = book{stock: w.stock[b], price: lowPrice}
	}
	return s
}

// body gives the lines that id i asks for.
func (w *world) body(i int, body uint8) lines {
	if body == 0 {
		return w.wants[i].lines
	}
	return w.wants[i].other
}

// canonical gives the one state that stands for all which differ only in which
// of several alike orders is which.
func (w *world) canonical(s state) state {
	for from := 0; from < orders; {
		to := from + 1
		for to < orders && w.wants[to] == w.wants[from] {
			to++
		}
		slices.SortFunc(s.orders[from:to], compare)
		from = to
	}
	return s
}

// compare puts orders in some fixed order.
func compare(a, b order) int {
	if a == b {
		return 0
	}
	x, y := a.bytes(), b.bytes()
	return bytes.Compare(x[:], y[:])
}

// bytes is everything about an order, for comparison.
func (o *order) bytes() [19]byte {
	waiting := byte(0)
	if o.waiting {
		waiting = 1
	}
	return [...]byte{
		byte(o.row), byte(o.reservation), byte(o.sent), waiting, o.lease, byte(o.told), byte(o.breach), o.wish, o.body, o.total, o.memory,
		o.lines[0], o.lines[1], o.price[0], o.price[1], o.sold[0], o.sold[1], o.returned[0], o.returned[1],
	}
}

// worlds are those that the short form explores, or the long one, where more
// customers may change their minds.
func worlds(long bool) []world {
	if !long {
		return []world{shop(), counter()}
	}
	changing, pricing := shop(), counter()
	changing.wants[3].keeps = false
	pricing.wants[2].keeps = false
	return []world{changing, pricing}
}

// shop is a common day: two orders of both books, one of each, and too few copies.
func shop() world {
	return world{
		name: "four orders, two books",
		wants: [orders]wants{
			{lines: lines{1, 1}},
			{lines: lines{1, 1}},
			{lines: lines{1, 0}},
			{lines: lines{0, 1}, keeps: true},
		},
		stock:   [books]int8{2, 1},
		restock: [books]bool{false, true},
	}
}

// counter is a day of changing prices, and of customers who use an id twice.
func counter() world {
	return world{
		name: "prices change, an id is used twice",
		wants: [orders]wants{
			{lines: lines{1, 1}, maxPrice: lowPrice},
			{lines: lines{1, 1}, maxPrice: lowPrice},
			{lines: lines{1, 0}, other: lines{0, 1}, keeps: true},
			{lines: lines{2, 0}, keeps: true},
		},
		stock:   [books]int8{3, 1},
		reprice: [books]bool{true, false},
	}
}
