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

	recorded atomic.Bool     // whoever asked stays to the end then; what is below is set
	row      *orderRow       // as it was recorded
	ctx      context.Context //nolint:containedctx // the request's, but for its end
	leave    context.CancelFunc
	late     *time.Timer

	ended atomic.Bool
	end   chan struct{} // closed when what is below says what became of it
	// settled is the order at the end; pending, if recovery has to go on with it.
	settled *orderRow
	err     error
}

// pass takes an order through the service, and says whether this call recorded
// it. Whatever goes wrong once it is recorded, it stays pending, for recovery;
// and who asked may leave: the order goes on.
func (s *Service) pass(ctx context.Context, asked *orderRow) (settled *orderRow, created bool, err error) {
	p := &passage{service: s, asked: asked, ctx: ctx, end: make(chan struct{})}
	s.writes.Send(ctx, write{place, asked}, p.drive)
	select {
	case <-p.end:
	case <-ctx.Done():
		if !p.recorded.Load() {
			return nil, false, ctx.Err()
		}
		<-p.end
	}
	return p.settled, p.row == asked, p.err
}

// drive has the catalog decide the order as it is recorded, if it is pending.
func (p *passage) drive(row *orderRow, err error) {
	if err == nil {
		err = owns(row, p.asked)
	}
	p.row = row
	if err != nil || row.State != api.OrderPending {
		p.finish(row, tooMany(err))
		return
	}
	p.ctx, p.leave = context.WithCancel(context.WithoutCancel(p.ctx))
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
		p.stay(err)
		return
	}
	p.finish(settled, nil)
}

// giveUp leaves the order to recovery, and takes it out of where it waits.
func (p *passage) giveUp() {
	p.leave()
	p.stay(fmt.Errorf("nothing came of it in %s", callTime))
}

// stay leaves the order pending.
func (p *passage) stay(why error) {
	if p.finish(p.row, nil) {
		p.service.log.WarnContext(p.ctx, "the order stays pending", "order", p.row.ID, "error", why)
	}
}

// finish says what became of the order, unless that has been said.
func (p *passage) finish(settled *orderRow, err error) bool {
	if !p.ended.CompareAndSwap(false, true) {
		return false
	}
	p.settled, p.err = settled, err
	close(p.end)
	return true
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
