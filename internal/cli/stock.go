package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

func (a *app) stockCommand() *cobra.Command {
	return group("stock", "Change how many copies of a book there are",
		a.moveCommand("add", "Put N more copies on the shelf", func(n int64) api.MovementRequest { return api.MovementRequest{Delta: &n} }),
		a.moveCommand("remove", "Take N copies off the shelf, without a sale", func(n int64) api.MovementRequest {
			n = -n
			return api.MovementRequest{Delta: &n}
		}),
		a.moveCommand("set", "Say that N copies were counted", func(n int64) api.MovementRequest { return api.MovementRequest{Set: &n} }),
	)
}

func (a *app) moveCommand(name, short string, movement func(n int64) api.MovementRequest) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: name + " BOOK N", Short: short, Args: needs(2, 2, "a BOOK and a number of copies"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.ParseInt(args[1], 10, 64)
			if err != nil || n < 0 || (n == 0 && name != "set") || n > api.MaxStock {
				return api.Errorf(api.CodeInvalid, "%q is not a number of copies", args[1])
			}
			m := movement(n)
			m.Reason = reason
			id := api.NewID()
			return a.showBook(cmd.Context(), func(ctx context.Context, c *client.Client) (api.Book, error) {
				return c.Move(ctx, args[0], id, m)
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`WHY`, for the book's history")
	return cmd
}

// showBook makes a change that is safe to repeat, and shows the book as it is
// then.
func (a *app) showBook(ctx context.Context, change func(context.Context, *client.Client) (api.Book, error)) error {
	out, err := newPrinter(a.streams, a.output, bookView(), asOne)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	var book api.Book
	err = a.persist(ctx, func(ctx context.Context) (err error) {
		book, err = change(ctx, c)
		return err
	})
	if err != nil {
		return err
	}
	if err := out.print(&book); err != nil {
		return err
	}
	return out.close(ctx)
}

func (a *app) priceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "price BOOK AMOUNT", Short: "Set what a book costs",
		Example: "  bazar price 3 44.99\n  bazar price 3 39.99EUR",
		Args:    needs(2, 2, "a BOOK and an AMOUNT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			price, err := a.money(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			if price == nil {
				return api.Errorf(api.CodeInvalid, "the amount is empty; write it like 44.99")
			}
			return a.showBook(cmd.Context(), func(ctx context.Context, c *client.Client) (api.Book, error) {
				return c.EditBook(ctx, args[0], 0, api.BookEdit{Price: api.Some(*price)})
			})
		},
	}
}
