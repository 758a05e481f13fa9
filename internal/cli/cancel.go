package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

func (a *app) ordersCancelCommand() *cobra.Command {
	return &cobra.Command{
		Use: "cancel ID", Short: "Take an order back; its copies go back on the shelf",
		Long: "Take an order back, pending or confirmed; its copies go back on the shelf.\n" +
			"An ID that the shop has never seen is cancelled too: if its order comes later, it is refused.",
		Args: needs(1, 1, "an order's ID"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.cancel(cmd.Context(), args[0]) },
	}
}

func (a *app) cancel(ctx context.Context, typed string) error {
	out, err := newPrinter(a.streams, a.output, orderView(), asOne)
	if err != nil {
		return err
	}
	id, err := api.ParseID(typed)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	order, err := a.takeBack(ctx, c, id)
	if err != nil {
		return err
	}
	if err := out.print(&order); err != nil {
		return fmt.Errorf("order %s is %s, but that can't be printed: %w", order.ID, order.State, err)
	}
	return out.close(ctx)
}

// takeBack journals that an order is to be cancelled, sends that and waits until
// it is. If the shop records nothing, the journal is again what it was: a
// purchase that was begun may still be resumed.
func (a *app) takeBack(ctx context.Context, c *client.Client, id string) (order api.Order, err error) {
	store, err := c.Store(ctx)
	if err != nil {
		return order, err
	}
	me, err := a.me(ctx)
	if err != nil {
		return order, err
	}
	e := a.entry(id, store.StoreID, me.ID)
	e.Cancel = true
	before, unknown := a.journal().read(id)
	if unknown == nil && before.StoreID != store.StoreID {
		return order, api.Errorf(api.CodeConflict, "order %s was begun in another store, at %s; cancel it there", id, before.Target)
	}
	if unknown == nil && before.Account != me.ID {
		return order, api.Errorf(api.CodeConflict, "order %s was begun by another account; cancel it as that one", id)
	}
	fresh, err := a.journal().write(&e)
	if err != nil {
		return order, err
	}
	order, err = a.settle(ctx, c, &e)
	switch {
	case isFinal(err), fresh && isOver(err) && unknown != nil:
		a.journal().remove(id)
	case fresh && isOver(err):
		if failed := a.journal().writeFile(&before); failed != nil {
			a.streams.Note(fmt.Sprintf("`bazar orders resume` will cancel order %s: %v", id, failed))
		}
	}
	return order, err
}
