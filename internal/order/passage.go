package order

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/bazar-store/bazar/pkg/api"
)

// passage is the way of an order through the service: recorded, decided by the
// catalog, settled. Whoever ran the batch it was in hands it on to the next, so
// that orders that travel together stay together, and the goroutine that waits
// for the end is woken once.
type passage struct {
	service *Service
	asked   *orderRow

	// ctx is the request's, but for its end: it is over when the order has had its
	// time, and when the way has ended.
	ctx   context.Context //nolint:containedctx // it goes along from batch to batch
	leave context.CancelFunc

	// From when it is recorded as pending, whoever asked stays to the end.
	recorded atomic.Bool
	placed   *orderRow

	ended atomic.Bool
	end   chan struct{} // closed when what is below is set
	// outcome is the order at the end; err is why there is none, and why what it
	// is pending for: recovery goes on with it.
	outcome  *orderRow
	err, why error
}

// pass takes an order through the service, and says whether this call recorded
// it. Whatever goes wrong once it is recorded, it stays pending, for recovery;
// and who asked may leave: the order goes on.
func (s *Service) pass(ctx context.Context, asked *orderRow) (row *orderRow, created bool, err error) {
	p := &passage{service: s, asked: asked, end: make(chan struct{})}
	p.ctx, p.leave = context.WithTimeout(context.WithoutCancel(ctx), callTime)
	s.writes.Send(ctx, write{place, asked}, p.drive)
	if err := p.await(ctx); err != nil {
		return nil, false, err
	}
	if p.why != nil { // said here, since nobody waits for a log while a batch runs
		s.log.WarnContext(ctx, "the order stays pending", "order", asked.ID, "error", p.why)
	}
	return p.outcome, p.placed == asked, p.err
}

// await waits for the end of the way, or until whoever asked has left before the
// order was recorded. An order that has had its time is left to recovery.
func (p *passage) await(ctx context.Context) error {
	left, late := ctx.Done(), p.ctx.Done()
	for {
		select {
		case <-p.end:
			return nil
		case <-left:
			if !p.recorded.Load() {
				return ctx.Err()
			}
			left = nil
		case <-late:
			if p.recorded.Load() { // if not, drive sees that it is late
				p.giveUp()
			}
			late = nil
		}
	}
}

// drive has the catalog decide the order as it is recorded, if it is pending.
func (p *passage) drive(row *orderRow, err error) {
	if err == nil {
		err = owns(row, p.asked)
	}
	p.placed = row
	if err != nil || row.State != api.OrderPending {
		p.finish(row, tooMany(err), nil)
		return
	}
	p.recorded.Store(true)
	if p.ctx.Err() != nil { // await may have looked already, and found it not recorded
		p.giveUp()
		return
	}
	p.service.calls.Send(p.ctx, row, p.settle)
}

// settle writes the catalog's decision into the order. One that is no longer
// pending keeps what it has, and that is what its caller gets.
func (p *passage) settle(d decision, err error) {
	if err == nil {
		err = d.err
	}
	if err != nil {
		p.arrive(nil, err)
		return
	}
	p.service.writes.Send(p.ctx, write{settle, d.row}, p.arrive)
}

// arrive ends the way with the order as it was settled, or still pending.
func (p *passage) arrive(settled *orderRow, err error) {
	if err != nil {
		settled = p.placed
	}
	p.finish(settled, nil, err)
}

// giveUp leaves the order to recovery.
func (p *passage) giveUp() {
	p.finish(p.placed, nil, fmt.Errorf("nothing came of it in %s", callTime))
}

// finish says what became of the order, unless that has been said, and takes it
// out of where it waits.
func (p *passage) finish(outcome *orderRow, err, why error) {
	if p.ended.CompareAndSwap(false, true) {
		p.outcome, p.err, p.why = outcome, err, why
		close(p.end)
	}
	p.leave()
}

// decision is an order as the catalog decided it, or why it is none.
type decision struct {
	row *orderRow
	err error
}

// decideAll has the catalog decide orders.
func (s *Service) decideAll(ctx context.Context, rows []*orderRow) ([]decision, error) {
	reserved, err := s.reserveAll(ctx, rows)
	if err != nil {
		return nil, err
	}
	decisions := make([]decision, len(rows))
	for i, row := range rows {
		decided := *row // others may wait for the same order
		decisions[i] = decision{&decided, decided.decide(reserved[i])}
	}
	return decisions, nil
}
