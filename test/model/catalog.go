package model

// reserve is POST /v1/reservations for one id, one transaction: claim the id,
// and only who claimed it decides; who did not answers what the row says.
func reserve(body uint8) func(scene) bool {
	return func(s scene) bool {
		if !s.order.has(reserveOf(body)) {
			return false
		}
		if s.order.reservation == unseen {
			s.decide(s.world.body(s.i, body))
		}
		s.order.reply()
		return true
	}
}

// decide takes all lines or none.
func (s scene) decide(wanted lines) {
	if s.fits(wanted) {
		s.take(wanted)
	} else {
		s.order.reservation = refused
	}
}

// fits says whether there are enough copies, at a price that the customer pays.
func (s scene) fits(wanted lines) bool {
	for b, n := range wanted {
		if n > 0 && (s.books[b].stock < int8(n) || s.dear(s.books[b].price)) {
			return false
		}
	}
	return true
}

// dear says whether a copy costs more than the customer pays.
func (s scene) dear(price uint8) bool {
	return s.wants[s.i].maxPrice > 0 && price > s.wants[s.i].maxPrice
}

// take writes stock = stock - n, the ledger and the decision.
func (s scene) take(wanted lines) {
	s.order.reservation, s.order.lines = taken, wanted
	for b, n := range wanted {
		if n > 0 {
			s.books[b].stock -= int8(n)
			s.order.sold[b] += n
			s.order.price[b] = s.books[b].price
		}
	}
}

// reply answers a reserve from the reservation's row.
func (o *order) reply() {
	switch o.reservation {
	case taken:
		o.send(saysTaken)
	case refused:
		o.send(saysRefused)
	case released, tombstone:
		o.send(saysReleased)
	}
}

// release is DELETE /v1/reservations/{id}: what was taken goes back, once; an id
// that was never seen becomes a tombstone, so that a late reserve takes nothing.
func release(s scene) bool {
	o := s.order
	if !o.has(releaseIt) {
		return false
	}
	switch o.reservation {
	case unseen:
		o.reservation = tombstone
	case taken:
		s.giveBack()
	}
	o.send(saysReleased)
	return true
}

// giveBack puts the lines of a reservation back on the shelf.
func (s scene) giveBack() {
	s.order.reservation = released
	for b, n := range s.order.lines {
		s.books[b].stock += int8(n)
		s.order.returned[b] += n
	}
}

// restock is PUT /v1/books/{id}/movements/{uuid}: the same movement again
// changes nothing.
func restock(s scene) bool {
	b := &s.books[s.i]
	if s.world.restock[s.i] && !b.restocked {
		s.addCopy()
	}
	return s.world.restock[s.i]
}

// addCopy moves one copy onto the shelf.
func (s scene) addCopy() {
	b := &s.books[s.i]
	b.restocked = true
	b.stock++
	b.moved++
}

// reprice makes a book dearer.
func reprice(s scene) bool {
	if !s.world.reprice[s.i] {
		return false
	}
	s.books[s.i].price = highPrice
	return true
}

// crashCatalog ends the catalog, which remembers nothing between transactions.
func crashCatalog(scene) bool { return true }
