package audit

import (
	"fmt"

	"github.com/bazar-store/bazar/pkg/api"
)

// isOfOrder says whether a movement has a reservation for its cause.
func isOfOrder(m *api.Movement) bool { return m.Cause == api.CauseSold || m.Cause == api.CauseReleased }

// open says whether the order is on its way to an end.
func (p *purchase) open() bool {
	return p.order != nil && (p.order.State == api.OrderPending || p.order.State == api.OrderCancelling)
}

// faults is what disagrees within a purchase.
func (p *purchase) faults() []Fault {
	all := p.movementFaults()
	if p.order == nil {
		return append(all, p.orphanFaults()...)
	}
	all = append(all, p.decisionFaults()...)
	if p.reservation != nil && len(p.reservation.Lines) > 0 {
		all = append(all, p.lineFaults()...)
	}
	return append(all, p.totalFaults()...)
}

func (p *purchase) fault(check Check, format string, args ...any) Fault {
	return Fault{Check: check, OrderID: &p.id, Detail: fmt.Sprintf(format, args...)}
}

// decided is the reservation's state, "" without one.
func (p *purchase) decided() api.ReservationState {
	if p.reservation == nil {
		return ""
	}
	return p.reservation.State
}

// isTombstone says whether a reservation does no more than hold its id against
// being taken.
func isTombstone(r *api.Reservation) bool {
	return r.State == api.Refused && len(r.Lines) == 0 && r.Reason != nil && *r.Reason == api.CodeCancelled
}

// orphanFaults are of a reservation without an order. An order is recorded
// before the catalog is asked, so there is none; but what holds an id against
// being taken does no harm.
func (p *purchase) orphanFaults() []Fault {
	if p.reservation == nil || isTombstone(p.reservation) {
		return nil
	}
	return []Fault{p.fault(CheckOrder, "there is no order %s, but a reservation of it: %s", p.id, p.decided())}
}

// decisionFaults hold the order's state against what the catalog decided: the
// one place that knows which states go together.
func (p *purchase) decisionFaults() []Fault {
	want, agree := "", false
	state := p.decided()
	switch p.order.State {
	case api.OrderPending, api.OrderCancelling:
		return nil // whatever was decided, the order will hear of it
	case api.OrderConfirmed:
		want, agree = "taken", state == api.Taken
	case api.OrderRejected:
		want, agree = "refused", state == api.Refused
	case api.OrderCancelled:
		want, agree = "released or refused", state == api.Released || state == api.Refused
	default:
		return []Fault{p.fault(CheckState, "order %s is %q, which this version does not know", p.id, p.order.State)}
	}
	switch {
	case !agree && state == "":
		return []Fault{p.fault(CheckDecision, "order %s is %s, but has no reservation", p.id, p.order.State)}
	case !agree:
		return []Fault{p.fault(CheckDecision, "order %s is %s, but its reservation is %s, not %s", p.id, p.order.State, state, want)}
	case p.order.State == api.OrderRejected && !sameCode(p.order.Reason, p.reservation.Reason):
		return []Fault{p.fault(CheckDecision, "order %s was rejected as %s, but its reservation refused as %s", p.id, text(p.order.Reason), text(p.reservation.Reason))}
	}
	return nil
}

func sameCode(a, b *api.Code) bool { return a == b || (a != nil && b != nil && *a == *b) }

func text(code *api.Code) string {
	if code == nil {
		return "nothing"
	}
	return string(*code)
}

// lineFaults hold the order's lines against the reservation's.
func (p *purchase) lineFaults() (all []Fault) {
	ordered, reserved := p.order.Lines, p.reservation.Lines
	if len(ordered) != len(reserved) {
		return []Fault{p.fault(CheckLines, "lines: order %s has %d, its reservation %d", p.id, len(ordered), len(reserved)).
			amounts(int64(len(reserved)), int64(len(ordered)))}
	}
	for i := range ordered {
		o, r := &ordered[i], &reserved[i]
		switch {
		case o.BookID != r.BookID || o.Quantity != r.Quantity:
			all = append(all, p.fault(CheckLines, "order %s has %d of book %d; its reservation has %d of book %d", p.id, o.Quantity, o.BookID, r.Quantity, r.BookID).
				book(r.BookID).amounts(r.Quantity, o.Quantity))
		case p.order.State == api.OrderConfirmed:
			all = append(all, p.priceFaults(o, r)...)
		}
	}
	return all
}

func (p *purchase) priceFaults(o *api.OrderLine, r *api.ReservedLine) []Fault {
	if o.Price == nil || r.Price == nil {
		if o.Price == r.Price || p.decided() != api.Taken {
			return nil // what was not taken has no price; that is told already
		}
		return []Fault{p.fault(CheckPrice, "order %s has no price of book %d where its reservation has one, or the other way round", p.id, o.BookID).book(o.BookID)}
	}
	if *o.Price == *r.Price {
		return nil
	}
	return []Fault{p.fault(CheckPrice, "order %s sells book %d for %s; it was taken at %s", p.id, o.BookID, o.Price, r.Price).
		book(o.BookID).amounts(r.Price.Amount, o.Price.Amount).in(r.Price.Currency)}
}

// totalFaults hold the total of a confirmed order against its lines.
func (p *purchase) totalFaults() []Fault {
	if p.order.State != api.OrderConfirmed {
		return nil
	}
	sum := api.Money{}
	for _, l := range p.order.Lines {
		if l.Price != nil {
			sum.Amount += l.Price.Amount * l.Quantity
			sum.Currency = l.Price.Currency
		}
	}
	if total := p.order.Total; total == nil {
		f := p.fault(CheckTotal, "order %s is confirmed, but has no total; its lines make %s", p.id, sum)
		f.Expected = &sum.Amount
		return []Fault{f.in(sum.Currency)}
	} else if *total != sum {
		return []Fault{p.fault(CheckTotal, "the total of order %s is %s; its lines make %s", p.id, total, sum).
			amounts(sum.Amount, total.Amount).in(total.Currency)}
	}
	return nil
}

// movementFaults hold what the order moved against what was decided.
func (p *purchase) movementFaults() (all []Fault) {
	sold, back, known := p.owed()
	if !known {
		all = append(all, p.fault(CheckState, "reservation %s is %q, which this version does not know", p.id, p.decided()))
		return all
	}
	for i := range p.movements {
		m := &p.movements[i]
		owed := sold
		switch {
		case !isOfOrder(m):
			continue
		case m.Cause == api.CauseReleased:
			owed = back
		}
		if owed[m.BookID] == m.Change {
			delete(owed, m.BookID)
			continue
		}
		all = append(all, p.causeFault(m, owed))
	}
	for _, l := range p.lines() {
		for _, owed := range [...]map[int64]int64{sold, back} {
			if change, missing := owed[l.BookID]; missing {
				all = append(all, p.fault(CheckMovement, "reservation %s is %s, but no movement of %+d of book %d is there", p.id, p.decided(), change, l.BookID).
					book(l.BookID).amounts(change, 0))
			}
		}
	}
	return all
}

// causeFault is of a movement that the reservation does not account for.
func (p *purchase) causeFault(m *api.Movement, owed map[int64]int64) Fault {
	change, wanted := owed[m.BookID]
	delete(owed, m.BookID)
	var f Fault
	switch {
	case wanted:
		f = p.fault(CheckCause, "%s; reservation %s makes it %+d", changed(m), p.id, change)
	case p.reservation == nil:
		f = p.fault(CheckCause, "%s for reservation %s, which is not there", changed(m), p.id)
	default:
		f = p.fault(CheckCause, "%s; reservation %s, which is %s, has no cause for it", changed(m), p.id, p.decided())
	}
	return f.movement(m).amounts(change, m.Change)
}

func (p *purchase) lines() []api.ReservedLine {
	if p.reservation == nil {
		return nil
	}
	return p.reservation.Lines
}

// owed is what the reservation has to have moved: sold, and put back; known says
// whether its state is one that this version knows.
func (p *purchase) owed() (sold, back map[int64]int64, known bool) {
	sold, back = map[int64]int64{}, map[int64]int64{}
	state := p.decided()
	switch state {
	case "", api.Refused:
		return sold, back, true
	case api.Taken, api.Released:
	default:
		return sold, back, false
	}
	for _, l := range p.reservation.Lines {
		sold[l.BookID] -= l.Quantity
		if state == api.Released {
			back[l.BookID] += l.Quantity
		}
	}
	return sold, back, true
}
