package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// purchase journals an order, sends it and waits until it is settled.
func (a *app) purchase(ctx context.Context, id string, lines []api.LineRequest) (order api.Order, err error) {
	c, err := a.client()
	if err != nil {
		return order, err
	}
	store, err := c.Store(ctx)
	if err != nil {
		return order, err
	}
	me, err := a.me(ctx)
	if err != nil {
		return order, err
	}
	a.mentionUnsettled(store.StoreID, me.ID)
	e := a.entry(id, store.StoreID, me.ID)
	e.Lines = lines
	fresh, err := a.journal().write(&e)
	if err != nil {
		return order, err
	}
	order, err = a.settle(ctx, c, &e)
	if isFinal(err) || (fresh && isOver(err)) {
		a.journal().remove(id)
	}
	return order, err
}

// entry is what the journal keeps of an order that is begun now.
func (a *app) entry(id, storeID, account string) entry {
	return entry{ID: id, Target: a.settings.target(), StoreID: storeID, Account: account, Time: time.Now().UTC()}
}

// isFinal says whether the order has its end: settled, or refused by name.
func isFinal(err error) bool {
	return err == nil || (isOver(err) && api.AsError(err).OrderID != "")
}

// isTaken says whether the id belongs to another purchase: this one is not recorded
// under it, and never will be.
func isTaken(err error) bool {
	code := api.CodeOf(err)
	return code == api.CodeIDReused || (code == api.CodeConflict && api.AsError(err).OrderID == "")
}

// target says in the journal where the purchase went.
func (s *settings) target() string {
	switch {
	case s.URL != "":
		return s.URL
	case s.OrderURL != "":
		return s.OrderURL
	default:
		return s.DataDir
	}
}

// isOver says whether there is nothing left to settle: the order has its end,
// or was never recorded.
func isOver(err error) bool {
	if end, ok := err.(*ending); ok { //nolint:errorlint // settle gives it bare
		return end.exit != exitUnsettled && end.exit != exitInterrupted
	}
	return true
}

// settle places the order, or cancels it, again and again while its fate is
// unknown: the same id is the same order. Errors that leave it open are an
// [ending] that says how to go on.
func (a *app) settle(ctx context.Context, c *client.Client, e *entry) (order api.Order, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.settings.Timeout)
	defer cancel()
	sent, recorded := false, false // whether any attempt can have arrived, and whether one has
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		order, err = send(ctx, c, e)
		switch code := api.CodeOf(err); {
		case err == nil && order.State != api.OrderPending && order.State != api.OrderCancelling:
			return order, nil
		case err == nil:
			sent, recorded = true, true
		case code == api.CodeOutcomeUnknown, code == api.CodeInternal:
			sent = true
		case !sent || isFinal(err) || isTaken(err):
			return order, err
		}
		if pause(ctx, wait) != nil {
			if recorded {
				err = nil // what was lost since makes that no less certain
			}
			return order, a.unsettled(ctx, e, err)
		}
	}
}

// send asks the shop once for what the entry is about.
func send(ctx context.Context, c *client.Client, e *entry) (api.Order, error) {
	if e.Cancel {
		return c.CancelOrder(ctx, e.ID)
	}
	return c.PlaceOrder(ctx, e.ID, api.OrderRequest{Lines: e.Lines})
}

// unsettled is how a purchase ends whose fate is not known yet.
func (a *app) unsettled(ctx context.Context, begun *entry, cause error) error {
	id, open := begun.ID, "recorded but not settled yet"
	end := &ending{exit: exitUnsettled, hint: "`bazar orders resume` settles it, or the same command with --id " + id}
	if begun.Cancel {
		open = "being cancelled, but not settled yet"
		end.hint = "`bazar orders resume` settles it, or the same command again"
	}
	if interrupted(ctx) {
		end.exit = exitInterrupted
	}
	var e *api.Error
	if cause == nil {
		e = api.Errorf(api.CodeOutcomeUnknown, "order %s is %s", id, open)
	} else {
		e = api.Errorf(api.CodeOutcomeUnknown, "what became of order %s is not known: %w", id, cause)
	}
	e.OrderID = id
	end.err = e
	return end
}

// endingOf is how an error ends a command.
func (a *app) endingOf(err error) *ending {
	if end, ok := err.(*ending); ok { //nolint:errorlint // an ending is never wrapped
		return end
	}
	return &ending{exit: exitOf(api.CodeOf(err)), err: err}
}

// mentionUnsettled reminds of an account's purchases in this store that were cut off. Those
// of a moment ago are other commands at work.
func (a *app) mentionUnsettled(storeID, account string) {
	entries, err := a.journal().entries()
	if err != nil {
		a.streams.Note(err.Error())
	}
	unsettled := 0
	for _, e := range entries {
		if e.StoreID == storeID && e.Account == account && time.Since(e.Time) > a.settings.Timeout+time.Minute {
			unsettled++
		}
	}
	if unsettled > 0 {
		a.streams.Note(fmt.Sprintf("%d earlier %s not settled; `bazar orders resume` settles what can be", unsettled, plural(unsettled, "purchase is", "purchases are")))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
