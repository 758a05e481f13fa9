package model

import (
	"slices"
)

// variant is a protocol that is wrong in one way, and the promise it breaks.
type variant struct {
	name   string
	breaks string
	change func(steps) steps
	world  func() world // shop, if nil
}

// in gives the world that shows it.
func (v *variant) in() world {
	if v.world != nil {
		return v.world()
	}
	return shop()
}

// steps is a protocol that can be changed.
type steps []step

// with replaces what a step does.
func (t steps) with(name string, do func(scene) bool) steps {
	changed := slices.Clone(t)
	for i := range changed {
		if changed[i].name == name {
			changed[i].do = do
			return changed
		}
	}
	panic("no step " + name)
}

// and adds a step.
func (t steps) and(added step) steps { return append(slices.Clone(t), added) }

// without leaves a step out.
func (t steps) without(name string) steps { return t.with(name, func(scene) bool { return false }) }

func variants() []variant {
	return slices.Concat(placing(), reserving(), deciding(), settling(), cancellingWrongly(), recovering(), keeping())
}

// placing is what goes wrong between the customer and the order service.
func placing() []variant {
	return []variant{
		{name: "reserve first, then insert", breaks: movementCause, change: func(t steps) steps {
			return t.with(placeStep, func(s scene) bool {
				if s.order.row != absent {
					return place(0)(s)
				}
				s.order.waiting = true
				s.order.send(reserveFirst)
				return true
			})
		}},
		{name: "answer before the insert is committed", breaks: acknowledged, change: func(t steps) steps {
			return t.with(placeStep, func(s scene) bool {
				if s.order.row == absent && !s.order.waiting {
					s.order.waiting = true
					s.order.answer(0, isRecorded)
					return true
				}
				return place(0)(s)
			})
		}},
		{name: "a time-out means failed, and the customer takes a new id", breaks: oneOrderPerWish, change: func(t steps) steps {
			return t.with(timeoutStep, func(s scene) bool {
				for i := range s.orders {
					o := &s.orders[i]
					if s.order.waiting && s.order.row == pending && i != s.i && o.row == absent && s.wants[i] == s.wants[s.i] {
						s.order.wish, o.wish = 1, 1
						return giveUp(s)
					}
				}
				return giveUp(s)
			})
		}},
		{name: "an id used again with another body is answered as if it were the same", breaks: askedFor, world: counter, change: func(t steps) steps {
			return t.with(otherStep, func(s scene) bool {
				if s.body(s.i, 1) == (lines{}) || s.order.row != confirmed {
					return place(1)(s)
				}
				s.order.answer(1, isConfirmed)
				return true
			})
		}},
		{name: "an id used again with another body replaces the lines", breaks: confirmedTaken, world: counter, change: func(t steps) steps {
			return t.with(otherStep, func(s scene) bool {
				if s.body(s.i, 1) != (lines{}) && s.order.row == pending {
					s.order.body = 1
				}
				return place(1)(s)
			})
		}},
		{name: "a replay of a refused order is placed anew", breaks: sameAnswer, change: func(t steps) steps {
			return t.with(placeStep, func(s scene) bool {
				if s.order.row == rejected {
					s.order.row = absent
				}
				return place(0)(s)
			})
		}},
	}
}
