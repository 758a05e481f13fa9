package model

// settling is what goes wrong when the order service settles.
func settling() []variant {
	return []variant{
		{name: "a time-out means rejected", breaks: rejectedRefused, change: func(t steps) steps {
			return t.with(timeoutStep, func(s scene) bool {
				if s.order.waiting && s.order.row == pending {
					s.order.become(saysRefused)
				}
				return giveUp(s)
			})
		}},
		{name: "a time-out means confirmed", breaks: confirmedTaken, change: func(t steps) steps {
			return t.with(timeoutStep, func(s scene) bool {
				if s.order.waiting && s.order.row == pending {
					s.order.become(saysTaken)
				}
				return giveUp(s)
			})
		}},
		{name: "settle without WHERE state = 'pending'", breaks: acknowledged, change: func(t steps) steps {
			return t.with(takenStep, func(s scene) bool {
				if !s.order.waiting || !s.order.has(saysTaken) {
					return false
				}
				s.order.become(saysTaken)
				return true
			})
		}},
		{name: "settle decides by the second answer", breaks: oneDecision, change: func(t steps) steps {
			// The second call finds the copies gone, the order's own among them.
			return t.with(reserveStep, func(s scene) bool {
				if s.order.has(reserveFirst) && s.order.reservation == taken && !s.fits(s.wanted()) {
					s.order.send(saysRefused)
				}
				return reserve(0)(s)
			}).with(refusedStep, func(s scene) bool {
				if !s.order.waiting || !s.order.has(saysRefused) {
					return false
				}
				s.order.become(saysRefused)
				return true
			})
		}},
		{name: "the customer is told before the settlement is committed", breaks: acknowledged, change: func(t steps) steps {
			return t.with(takenStep, func(s scene) bool {
				if s.order.waiting && s.order.has(saysTaken) && s.order.row == pending && s.order.told != isConfirmed && s.order.breach == none {
					s.order.answer(s.order.body, isConfirmed)
					return true
				}
				return settle(saysTaken)(s)
			})
		}},
	}
}

// cancellingWrongly is what goes wrong with a cancellation, at both ends.
func cancellingWrongly() []variant {
	return []variant{
		{name: "no tombstone", breaks: cancelledFree, change: func(t steps) steps {
			return t.with(releaseStep, func(s scene) bool {
				if s.order.has(releaseIt) && s.order.reservation == unseen {
					s.order.send(saysReleased)
					return true
				}
				return release(s)
			})
		}},
		{name: "a tombstone that is not durable", breaks: cancelledFree, change: func(t steps) steps {
			return t.with(catalogCrash, func(s scene) bool {
				for i := range s.orders {
					if s.orders[i].reservation == tombstone {
						s.orders[i].reservation = unseen
					}
				}
				return true
			})
		}},
		{name: "a release forgets the id", breaks: movementCause, change: func(t steps) steps {
			return t.with(releaseStep, func(s scene) bool {
				did := release(s)
				if s.order.reservation == released {
					s.order.reservation = unseen
				}
				return did
			})
		}},
		{name: "release twice", breaks: movementCause, change: func(t steps) steps {
			return t.with(releaseStep, func(s scene) bool {
				if s.order.has(releaseIt) && s.order.reservation == released && s.order.returned == s.order.lines {
					s.giveBack()
				}
				return release(s)
			})
		}},
		{name: "refund on refused", breaks: movementCause, change: func(t steps) steps {
			return t.with(releaseStep, func(s scene) bool {
				if s.order.has(releaseIt) && s.order.reservation == refused {
					s.order.lines = s.wanted()
					s.giveBack()
				}
				return release(s)
			})
		}},
		{name: "cancel of a pending order without asking the catalog", breaks: cancelledFree, change: func(t steps) steps {
			return t.with(cancelStep, func(s scene) bool { return cancelAtOnce(s, pending) })
		}},
		{name: "cancel wins over confirmed without a release", breaks: cancelledFree, change: func(t steps) steps {
			return t.with(cancelStep, func(s scene) bool { return cancelAtOnce(s, confirmed) })
		}},
		{name: "release first, then write down that the order is cancelling", breaks: confirmedTaken, change: func(t steps) steps {
			return t.with(cancelStep, func(s scene) bool {
				if s.order.row == confirmed && !s.order.has(releaseIt) && !s.wants[s.i].keeps {
					s.order.send(releaseIt)
					return true
				}
				return cancel(s)
			})
		}},
		{name: "an id that was never seen is not kept as cancelled", breaks: acknowledged, change: func(t steps) steps {
			return t.with(cancelStep, func(s scene) bool {
				if s.order.row == absent && !s.wants[s.i].keeps {
					s.order.answer(0, isCancelled)
					return true
				}
				return cancel(s)
			})
		}},
		{name: "expiry by clock", breaks: confirmedTaken, change: func(t steps) steps {
			return t.and(step{name: "catalog's clock ends the reservation of order", by: clock, do: func(s scene) bool {
				if s.order.reservation == taken {
					s.giveBack()
				}
				return true
			}})
		}},
	}
}

// cancelAtOnce cancels an order that stands so by itself, as if it had been
// released.
func cancelAtOnce(s scene, stands row) bool {
	if s.order.row != stands || s.wants[s.i].keeps {
		return cancel(s)
	}
	s.order.row, s.order.lease, s.order.total = cancelled, 0, 0
	s.order.answer(s.order.body, isCancelled)
	return true
}

// recovering is what goes wrong after a crash.
func recovering() []variant {
	return []variant{
		{name: "recovery without lease check", breaks: oneLease, change: func(t steps) steps {
			return t.with(leaseStep, func(s scene) bool {
				held := s.order.lease
				s.order.lease = 0
				did := lease(s)
				s.order.lease += held
				return did
			})
		}},
		{name: "a lease that never runs out", breaks: settles, change: func(t steps) steps { return t.without(expireStep) }},
		{name: "no recovery", breaks: settles, change: func(t steps) steps { return t.without(leaseStep) }},
		{name: "recovery forgets cancellations", breaks: settles, change: func(t steps) steps {
			return t.with(leaseStep, func(s scene) bool { return s.order.row == pending && lease(s) })
		}},
		{name: "recovery rejects what is old", breaks: rejectedRefused, change: func(t steps) steps {
			return t.with(leaseStep, func(s scene) bool {
				did := lease(s)
				if did && s.order.row == pending {
					s.order.become(saysRefused)
				}
				return did
			})
		}},
		{name: "a repeated order is not driven on", breaks: settles, change: func(t steps) steps {
			return t.with(placeStep, func(s scene) bool {
				return s.order.row != pending && place(0)(s)
			})
		}},
	}
}

// keeping is what goes wrong with stock that is moved by hand.
func keeping() []variant {
	return []variant{
		{name: "duplicate movement", breaks: movementCause, change: func(t steps) steps {
			return t.with(restockStep, func(s scene) bool {
				if s.world.restock[s.i] && s.books[s.i].moved < 2 {
					s.addCopy()
				}
				return s.world.restock[s.i]
			})
		}},
		{name: "a movement that is not in the ledger", breaks: stockAdds, change: func(t steps) steps {
			return t.with(restockStep, func(s scene) bool {
				did := restock(s)
				s.books[s.i].moved, s.books[s.i].restocked = 0, false
				return did && s.books[s.i].stock <= s.stock[s.i]+1
			})
		}},
	}
}
