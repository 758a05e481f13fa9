package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// resumeWithin is how old a purchase may be to be resumed without being asked
// for: who pressed a key yesterday may have bought elsewhere since.
const resumeWithin = 24 * time.Hour

func (a *app) ordersCommand() *cobra.Command {
	return group("orders", "List, show, cancel and settle your orders",
		a.ordersListCommand(), a.ordersShowCommand(), a.ordersCancelCommand(), a.ordersResumeCommand())
}

func (a *app) ordersListCommand() *cobra.Command {
	var limit int
	var all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List your orders, newest first", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return api.Errorf(api.CodeInvalid, "--limit is at least 1, not %d", limit)
			}
			return a.listOrders(cmd.Context(), limit, all)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", api.DefaultLimit, "show at most `N`")
	cmd.Flags().BoolVar(&all, "all", false, "show all there are")
	return cmd
}

func (a *app) listOrders(ctx context.Context, limit int, all bool) error {
	out, err := newPrinter(a.streams, a.output, orderView(), asList)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	shown, after := 0, ""
	for {
		size := api.MaxLimit
		if !all {
			size = min(size, limit-shown)
		}
		page, err := c.Orders(ctx, size, after, true)
		if err != nil {
			return err
		}
		for i := range page.Orders {
			if err := out.print(&page.Orders[i]); err != nil {
				return err
			}
		}
		shown += len(page.Orders)
		if page.NextCursor == nil || (!all && shown >= limit) {
			if err := out.close(ctx); err != nil {
				return err
			}
			if page.NextCursor != nil {
				a.streams.Note(fmt.Sprintf("there are more than %s; --all shows all of them", ui.Count(int64(shown))))
			}
			return nil
		}
		after = *page.NextCursor
	}
}

func (a *app) ordersShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show an order with its lines", Args: needs(1, 1, "an order's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := newOrderPrinter(a.streams, a.output)
			if err != nil {
				return err
			}
			id, err := api.ParseID(args[0])
			if err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			order, err := c.Order(cmd.Context(), id)
			if err != nil {
				return err
			}
			if err := out.print(&order); err != nil {
				return err
			}
			return out.close(cmd.Context())
		},
	}
}

func (a *app) ordersResumeCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "resume", Short: "Settle what an interrupted buy or cancel left behind", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.resume(cmd.Context(), all) },
	}
	cmd.Flags().BoolVar(&all, "all", false, "those from more than a day ago too")
	return cmd
}

// resume settles what the journal holds of this store and account, and prints
// what became of it.
func (a *app) resume(ctx context.Context, all bool) error {
	out, err := newPrinter(a.streams, a.output, orderView(), asList)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	store, err := c.Store(ctx)
	if err != nil {
		return err
	}
	me, err := a.me(ctx)
	if err != nil {
		return err
	}
	entries, err := a.journal().entries()
	if err != nil {
		a.streams.Note(err.Error())
	}
	left, old := (*ending)(nil), 0
	for i := range entries {
		e := &entries[i]
		switch {
		case e.StoreID != store.StoreID || e.Account != me.ID:
			continue
		case !all && time.Since(e.Time) > resumeWithin:
			old++
			continue
		}
		if err := a.resumeOne(ctx, c, e, out); err != nil {
			left = a.endingOf(err)
			a.say(left.err, left.hint)
		}
		if interrupted(ctx) {
			break
		}
	}
	if old > 0 {
		a.streams.Note(fmt.Sprintf("%d more from over a day ago; --all settles %s too", old, plural(old, "it", "them")))
	}
	if err := out.close(ctx); err != nil || left == nil {
		return err
	}
	return &ending{exit: left.exit}
}

// resumeOne asks for the order first: it may be settled long since. One that the
// shop has never seen is placed now.
func (a *app) resumeOne(ctx context.Context, c *client.Client, e *entry, out printer[api.Order]) error {
	order, err := c.Order(ctx, e.ID)
	if err == nil && order.AccountID != e.Account { // an admin sees those of others
		order, err = api.Order{}, api.Errorf(api.CodeNotFound, "no order %s", e.ID)
	}
	if api.CodeOf(err) == api.CodeNotFound || (err == nil && e.isOpen(order.State)) {
		e.Cancel = e.Cancel || order.State == api.OrderCancelling
		order, err = a.settle(ctx, c, e)
		if err != nil && isFinal(err) {
			order, err = c.Order(ctx, e.ID) // a refusal is an end too
		}
	}
	if err == nil || isTaken(err) {
		a.journal().remove(e.ID)
	}
	if err != nil {
		return err
	}
	return out.print(&order)
}

// isOpen says whether an order in this state still wants to be driven on.
func (e *entry) isOpen(state api.OrderState) bool {
	return state == api.OrderPending || state == api.OrderCancelling || (e.Cancel && state == api.OrderConfirmed)
}
