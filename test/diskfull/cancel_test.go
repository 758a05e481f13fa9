package diskfull

import (
	"net/http"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/harness"
)

// frame is what a page takes in a log of SQLite: https://sqlite.org/fileformat2.html,
// "4.1. WAL File Format".
const frame = 24 + 4096

// That an order is to be cancelled changes two pages, a new order three, or more where
// a page is split. What the
// log's file has left, after somebody's commit grew it and then found the disk full,
// may take the one and not the other.
func TestACancellationFitsWhereNoOrderDoes(t *testing.T) {
	ctx, run := t.Context(), room.Begin(t, "diskfull-cancel")
	run.Over(need.Form(t, run.Size == harness.Taste))
	s := open(ctx, run)
	known := s.buySome(ctx, "before")
	lift := s.disks["order"].Inject(faultfs.Full(2*frame, "*"))
	id := api.NewID()
	if status, code := s.put(ctx, id); status != http.StatusInsufficientStorage || s.isThere(ctx, id) {
		run.Violation("an order was answered %d %s, and is there: %t", status, code, s.isThere(ctx, id))
	}
	for _, c := range []struct {
		exit  int
		state api.OrderState
	}{
		{7, api.OrderCancelling},
		{6, api.OrderConfirmed},
	} {
		id, known = known[0], known[1:]
		s.account.AskBack(id)
		s.bazar(ctx, "on a full disk", c.exit, "orders", "cancel", id)
		if state := s.state(ctx, id); state != c.state {
			run.Violation("order %s is %s after `bazar orders cancel` ended with %d", id, state, c.exit)
		}
	}
	lift()
	s.last = time.Now()
	run.Tell("sells again after", "%s", s.sells(ctx, row{name: "room for a cancellation"}).Round(time.Millisecond))
	s.shop.Prove(ctx, s.account, s.last)
}
