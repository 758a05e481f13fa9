package model

// twoSteps makes two transactions of a reserve: look does the first, where the
// id is new, and gives what the process remembers of it (not 0); act the second.
func twoSteps(t steps, look func(scene) uint8, act func(scene)) steps {
	decide := step{name: "catalog goes on with the reserve of order", by: service, do: func(s scene) bool {
		if s.order.memory == 0 {
			return false
		}
		act(s)
		s.order.memory = 0
		s.order.reply()
		return true
	}}
	return t.and(decide).with(catalogCrash, forget).with(reserveStep, func(s scene) bool {
		switch {
		case !s.order.has(reserveFirst):
			return false
		case s.order.reservation != unseen:
			s.order.reply()
		case s.order.memory == 0:
			s.order.memory = look(s)
		}
		return true
	})
}

// forget is a crash of a catalog that remembers something.
func forget(s scene) bool {
	for i := range s.orders {
		s.orders[i].memory = 0
	}
	return true
}

// wanted is what the order asked for first.
func (s scene) wanted() lines { return s.body(s.i, 0) }

// reserving is what goes wrong between the order's call and the catalog's claim.
func reserving() []variant {
	return []variant{
		{name: "no dedupe at the catalog", breaks: movementCause, change: func(t steps) steps {
			return t.with(reserveStep, func(s scene) bool {
				if s.order.has(reserveFirst) {
					s.decide(s.wanted())
				}
				s.order.reply()
				return s.order.has(reserveFirst)
			})
		}},
		{name: "look-up before claim", breaks: movementCause, change: lookedUpFirst},
		{name: "check, then act in a second transaction", breaks: stockNotBelow0, change: func(t steps) steps {
			return twoSteps(t, func(s scene) uint8 {
				if s.fits(s.wanted()) {
					return 1
				}
				return 2
			}, func(s scene) {
				if s.order.memory == 1 {
					s.take(s.wanted())
				} else {
					s.order.reservation = refused
				}
			})
		}},
		{name: "absolute stock write", breaks: stockAdds, change: func(t steps) steps {
			return twoSteps(t, func(s scene) uint8 {
				return 1 + uint8(s.books[0].stock)*8 + uint8(s.books[1].stock)
			}, func(s scene) {
				seen := [books]int8{int8((s.order.memory - 1) / 8), int8((s.order.memory - 1) % 8)}
				s.decide(s.wanted())
				for b, n := range s.order.lines {
					if n > 0 {
						s.books[b].stock = max(seen[b]-int8(n), 0)
					}
				}
			})
		}},
		{name: "claim and decision in two transactions", breaks: settles, change: func(t steps) steps {
			return twoSteps(t, func(s scene) uint8 {
				s.order.reservation = claimed
				return 1
			}, func(s scene) { s.decide(s.wanted()) })
		}},
		{name: "the ledger in a transaction of its own", breaks: stockAdds, change: func(t steps) steps {
			return t.with(reserveStep, func(s scene) bool {
				fresh := s.order.reservation == unseen
				if did := reserve(0)(s); !did || !fresh || s.order.reservation != taken {
					return did
				}
				s.order.sold, s.order.memory = lines{}, 1
				return true
			}).and(step{name: "catalog writes the ledger of order", by: service, do: func(s scene) bool {
				if s.order.memory == 1 {
					s.order.sold, s.order.memory = s.order.lines, 0
				}
				return true
			}}).with(catalogCrash, forget)
		}},
		{name: "a repeat is answered as a conflict, and a conflict is a refusal", breaks: oneDecision, change: func(t steps) steps {
			return t.with(reserveStep, func(s scene) bool {
				if s.order.has(reserveFirst) && s.order.reservation == taken {
					s.order.send(saysRefused)
					return true
				}
				return reserve(0)(s)
			})
		}},
	}
}

// lookedUpFirst has two calls for one id see that it is new, and both decide.
func lookedUpFirst(t steps) steps {
	return t.with(catalogCrash, forget).with(reserveStep, func(s scene) bool {
		switch {
		case !s.order.has(reserveFirst):
			return false
		case s.order.reservation != unseen:
			s.order.reply()
		case s.order.memory < 2:
			s.order.memory++
		}
		return true
	}).and(step{name: "catalog goes on with the reserve of order", by: service, do: func(s scene) bool {
		if s.order.memory == 0 {
			return false
		}
		s.order.memory--
		s.decide(s.wanted())
		s.order.reply()
		return true
	}})
}

// deciding is what goes wrong in the catalog's decision.
func deciding() []variant {
	return []variant{
		{name: "partial lines taken", breaks: confirmedTaken, change: func(t steps) steps {
			return t.with(reserveStep, func(s scene) bool {
				if s.order.has(reserveFirst) && s.order.reservation == unseen {
					some := s.wanted()
					for b := range some {
						some[b] = min(some[b], uint8(max(s.books[b].stock, 0)))
					}
					s.take(some)
				}
				return reserve(0)(s)
			})
		}},
		{name: "a replay takes a fresh decision", breaks: oneDecision, change: func(t steps) steps {
			return t.with(reserveStep, func(s scene) bool {
				if s.order.has(reserveFirst) && s.order.reservation == refused {
					s.decide(s.wanted())
				}
				return reserve(0)(s)
			})
		}},
		{name: "the catalog answers before it commits", breaks: confirmedTaken, change: func(t steps) steps {
			return t.with(reserveStep, func(s scene) bool {
				was := *s.state
				if s.order.has(reserveFirst) && s.order.reservation == unseen && s.fits(s.wanted()) {
					s.take(s.wanted()) // what the answer says, of which nothing is stored
					o, price := s.order, s.order.price
					*s.state = was
					o.lines, o.price, o.memory = s.wanted(), price, 1
					o.send(saysTaken)
					return true
				}
				return reserve(0)(s)
			}).and(step{name: "catalog commits the reserve of order", by: service, do: func(s scene) bool {
				if s.order.memory == 1 && s.order.reservation == unseen {
					s.decide(s.wanted())
				}
				s.order.memory = 0
				return true
			}}).with(catalogCrash, forget)
		}},
		{name: "the stock is checked at the order service alone", breaks: stockNotBelow0, change: func(t steps) steps {
			return t.with(reserveStep, func(s scene) bool {
				if s.order.has(reserveFirst) && s.order.reservation == unseen {
					s.take(s.wanted())
				}
				return reserve(0)(s)
			})
		}},
		{name: "max_price is checked before the transaction", breaks: totalAdds, world: counter, change: func(t steps) steps {
			return twoSteps(t, func(s scene) uint8 {
				if s.fits(s.wanted()) {
					return 1
				}
				return 2
			}, func(s scene) {
				enough := s.books[0].stock >= int8(s.wanted()[0]) && s.books[1].stock >= int8(s.wanted()[1])
				if s.order.memory == 1 && enough {
					s.take(s.wanted())
				} else {
					s.order.reservation = refused
				}
			})
		}},
		{name: "the price is read again at settlement", breaks: totalAdds, world: counter, change: func(t steps) steps {
			return t.with(takenStep, func(s scene) bool {
				did, was := false, s.order.row
				if did = settle(saysTaken)(s); did && was == pending {
					s.order.total = s.wanted()[0]*s.books[0].price + s.wanted()[1]*s.books[1].price
				}
				return did
			})
		}},
	}
}
