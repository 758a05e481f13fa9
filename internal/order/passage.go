package order

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// passage is the way of an order through the service: recorded, decided by the
// catalog, settled. Whoever ran the batch it was in hands it on to the next, so
// that orders that travel together stay together, and the goroutine that waits
// for the end is woken once.
type passage struct {
	service *Service
	asked   *orderRow

	// From when it is recorded as pending, whoever asked stays to the end. Its
	// context is then the request's, but for its end.
	recorded atomic.Bool
	placed   *orderRow
	ctx      context.Context //nolint:containedctx // it goes along from batch to batch
	leave    context.CancelFunc
	late     *time.Timer

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
	s.writes.Send(ctx, write{place, asked}, func(row *orderRow, err error) { p.drive(ctx, row, err) })
	select {
	case <-p.end:
	case <-ctx.Done():
		if !p.recorded.Load() {
			return nil, false, ctx.Err()
		}
		<-p.end
	}
	if p.why != nil { // said here, since nobody waits for a log while a batch runs
		s.log.WarnContext(ctx, "the order stays pending", "order", asked.ID, "error", p.why)
	}
	return p.outcome, p.placed == asked, p.err
}

// drive has the catalog decide the order as it is recorded, if it is pending.
func (p *passage) drive(ctx context.Context, row *orderRow, err error) {
	if err == nil {
		err = owns(row, p.asked)
	}
	p.placed = row
	if err != nil || row.State != api.OrderPending {
		p.finish(row, tooMany(err), nil)
		return
	}
	p.ctx, p.leave = context.WithCancel(context.WithoutCancel(ctx))
	p.late = time.AfterFunc(callTime, p.giveUp)
	p.recorded.Store(true)
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
	p.late.Stop()
	if err != nil {
		settled = p.placed
	}
	p.finish(settled, nil, err)
	p.leave()
}

// giveUp leaves the order to recovery, and takes it out of where it waits.
func (p *passage) giveUp() {
	p.finish(p.placed, nil, fmt.Errorf("nothing came of it in %s", callTime))
	p.leave()
}

// finish says what became of the order, unless that has been said.
func (p *passage) finish(outcome *orderRow, err, why error) {
	if p.ended.CompareAndSwap(false, true) {
		p.outcome, p.err, p.why = outcome, err, why
		close(p.end)
	}
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
