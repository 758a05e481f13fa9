package cli

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/pkg/api"
)

// buyFlags are how a purchase is wished for.
type buyFlags struct {
	quantity     int64
	maxPrice, id string
	dryRun, each bool
}

func (a *app) buyCommand() *cobra.Command {
	var f buyFlags
	cmd := &cobra.Command{
		Use:   "buy BOOK[:QUANTITY]...",
		Short: "Buy books: one order, all of it or nothing",
		Long: "Buy books: one order, all of it or nothing. BOOK is an item number or an ISBN; - reads them from stdin.\n" +
			"It never asks back. If it ends with exit code 7, or is interrupted, `bazar orders resume` settles what is open.",
		Example: "  bazar buy 3\n  bazar buy 2 7:3 --max-price 20\n  cut -f1 wishlist.tsv | bazar buy - --each",
		Args:    needs(1, 0, "a BOOK: an item number or an ISBN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.buy(cmd.Context(), &f, args, cmd.Flags().Changed("quantity"))
		},
	}
	flags := cmd.Flags()
	flags.Int64Var(&f.quantity, "quantity", 1, "`N` copies of each book without a quantity of its own")
	flags.StringVar(&f.maxPrice, "max-price", "", "the most that one copy may cost, such as 45 or 39.99EUR")
	flags.StringVar(&f.id, "id", "", "the order's `UUID`: the same id again is the same order")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show what would be bought, and buy nothing")
	flags.BoolVar(&f.each, "each", false, "an order of its own for each line")
	return cmd
}

func (a *app) buy(ctx context.Context, f *buyFlags, args []string, chosen bool) error {
	as := shapeOf(args)
	if f.each {
		as = asList
	}
	out, err := newPrinter(a.streams, a.output, orderView(), as)
	if err != nil {
		return err
	}
	if f.each && f.id != "" {
		return api.Errorf(api.CodeInvalid, "--each makes many orders, and --id names one; give one of them")
	}
	wishes, missing, err := a.wishes(ctx, f, args, chosen)
	if err != nil {
		return err
	}
	switch {
	case f.dryRun:
		return a.rehearse(ctx, wishes)
	case f.each:
		return a.buyEach(ctx, wishes, missing, out)
	}
	id := cmp.Or(f.id, api.NewID())
	if id, err = api.ParseID(id); err != nil {
		return err
	}
	order, err := a.purchase(ctx, id, wishes)
	if err != nil {
		return err
	}
	if err := cmp.Or(out.print(&order), out.close(ctx)); err != nil {
		return fmt.Errorf("order %s is %s, but that can't be printed: %w", order.ID, order.State, err)
	}
	return nil
}

// wishes reads the lines of the order: what is typed, ISBNs looked up. The same
// book twice is summed, except that --each keeps lines apart, and goes on
// without those that are missing.
func (a *app) wishes(ctx context.Context, f *buyFlags, args []string, chosen bool) (lines []api.LineRequest, missing []error, err error) {
	limit, err := a.money(ctx, f.maxPrice)
	if err != nil {
		return nil, nil, err
	}
	at := map[int64]int{}
	for ref, err := range a.refs(ctx, args) {
		if err != nil {
			return nil, nil, err
		}
		line, err := a.wish(ctx, ref, f.quantity, chosen)
		if f.each && !f.dryRun && api.CodeOf(err) == api.CodeNotFound {
			missing = append(missing, err)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		line.MaxPrice = limit
		if i, twice := at[line.BookID]; twice && !f.each {
			lines[i].Quantity += line.Quantity
			continue
		}
		at[line.BookID] = len(lines)
		lines = append(lines, line)
	}
	if len(lines)+len(missing) == 0 {
		return nil, nil, api.Errorf(api.CodeInvalid, "nothing to buy: standard input names no book")
	}
	if f.each {
		return lines, missing, nil
	}
	return lines, nil, (&api.OrderRequest{Lines: lines}).Check()
}

// wish reads BOOK or BOOK:QUANTITY.
func (a *app) wish(ctx context.Context, typed string, quantity int64, chosen bool) (line api.LineRequest, err error) {
	ref, count, counted := strings.Cut(typed, ":")
	if counted {
		if chosen {
			return line, api.Errorf(api.CodeInvalid, "%q has a quantity and so has --quantity; give one of them", typed)
		}
		if quantity, err = strconv.ParseInt(count, 10, 64); err != nil {
			return line, api.Errorf(api.CodeInvalid, "%q is not a quantity: write BOOK:NUMBER, such as 3:2", count)
		}
	}
	if quantity < 1 || quantity > api.MaxQuantity {
		return line, api.Errorf(api.CodeInvalid, "a quantity is 1 to %d copies, not %d", api.MaxQuantity, quantity)
	}
	id, isbn, err := api.ParseBookRef(ref)
	if err == nil && isbn != "" {
		c, err := a.client()
		if err != nil {
			return line, err
		}
		book, err := c.Book(ctx, isbn)
		return api.LineRequest{BookID: book.ID, Quantity: quantity}, err
	}
	return api.LineRequest{BookID: id, Quantity: quantity}, err
}

// buyEach makes an order of each line, one after the other.
func (a *app) buyEach(ctx context.Context, lines []api.LineRequest, missing []error, out printer[api.Order]) error {
	bought, failed := 0, error(nil)
	for _, failed = range missing {
		a.say(failed, "")
	}
	for i := range lines {
		order, err := a.purchase(ctx, api.NewID(), lines[i:i+1])
		if err != nil {
			a.say(err, "")
			if failed = err; interrupted(ctx) {
				break
			}
			continue
		}
		if err := out.print(&order); err != nil {
			return err
		}
		bought++
	}
	if err := out.close(ctx); err != nil || failed == nil {
		return err
	}
	a.streams.Note(fmt.Sprintf("bought %d of %d", bought, len(lines)+len(missing)))
	if end := a.endingOf(failed); bought == 0 || end.exit == exitInterrupted {
		return &ending{exit: end.exit}
	}
	return &ending{exit: exitPartly}
}

// rehearse shows the order as it would be decided now.
func (a *app) rehearse(ctx context.Context, wishes []api.LineRequest) error {
	out, err := newOrderPrinter(a.streams, a.output)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	order := api.Order{AccountID: api.LocalAccount, State: api.OrderPending, Total: &api.Money{}, CreatedAt: time.Now().UTC()}
	order.UpdatedAt = order.CreatedAt
	for _, wish := range wishes {
		book, err := c.Book(ctx, strconv.FormatInt(wish.BookID, 10))
		if err == nil {
			err = wouldRefuse(&book, &wish, order.Total)
		}
		if err != nil {
			return err
		}
		order.Total.Currency = book.Price.Currency
		order.Total.Amount += book.Price.Amount * wish.Quantity
		order.Lines = append(order.Lines, api.OrderLine{
			BookID: book.ID, Title: &book.Title, Quantity: wish.Quantity, MaxPrice: wish.MaxPrice, Price: &book.Price,
		})
	}
	if err := out.print(&order); err != nil {
		return err
	}
	a.streams.Note("nothing was bought; it would cost " + order.Total.String())
	return out.close(ctx)
}

// wouldRefuse says why the shop would refuse a line now.
func wouldRefuse(book *api.Book, wish *api.LineRequest, total *api.Money) error {
	switch {
	case book.State == api.Retired:
		return api.Errorf(api.CodeRetired, "book %d is not on sale any more", book.ID)
	case total.Currency != "" && total.Currency != book.Price.Currency,
		wish.MaxPrice != nil && wish.MaxPrice.Currency != book.Price.Currency:
		return api.Errorf(api.CodeMixedCurrency, "book %d is sold in %s; one order has one currency", book.ID, book.Price.Currency)
	case wish.MaxPrice != nil && book.Price.Amount > wish.MaxPrice.Amount:
		return api.Errorf(api.CodePriceChanged, "book %d costs %s, more than %s", book.ID, book.Price, wish.MaxPrice)
	case book.Stock == 0:
		return api.Errorf(api.CodeOutOfStock, "book %d is out of stock", book.ID)
	case book.Stock < wish.Quantity:
		return api.Errorf(api.CodeOutOfStock, "book %d has only %d in stock, not %d", book.ID, book.Stock, wish.Quantity)
	}
	return nil
}
