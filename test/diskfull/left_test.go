package diskfull

import (
	"context"
	"net/http"
	"time"

	"github.com/bazar-store/bazar/test/harness"
)

// unsettled is the exit code of a command whose order is recorded, and open.
const unsettled = 7

// leaves notes an order that a command ended without an end of.
func (s *store) leaves(id string, got harness.Result) {
	if got.Exit == unsettled {
		s.left = append(s.left, id)
	}
}

// settles waits until what was left open on the full disk is settled, before
// another is full. Longer than to sell again it may take: an order is its
// request's own for 5 s, and then recovery may be waiting for up to 2 s.
func (s *store) settles(ctx context.Context, r row) (took time.Duration) {
	if len(s.left) == 0 && r.status == http.StatusAccepted {
		s.Violation("%s: no order was left open", r.name)
	}
	for _, id := range s.left {
		order, err := harness.AwaitEnd(ctx, s.shop.Direct, id, s.last.Add(harness.Settled))
		ended := order.UpdatedAt.Sub(s.last)
		if err != nil || harness.IsOpen(order.State) || ended > harness.Settled {
			s.Violation("%s: order %s was left open, and is %q since %s after there was space (%v)", r.name, id, order.State, ended, err)
		}
		took = max(took, ended)
	}
	s.left = nil
	return took
}
