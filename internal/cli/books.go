package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

func (a *app) booksCommand() *cobra.Command {
	return group("books", "Add, edit and retire books", a.booksAddCommand(), a.booksEditCommand(), a.booksRetireCommand())
}

// bookFlags are the facts of a book as flags. Only those that are given count.
type bookFlags struct {
	title, isbn, publisher, language, description, price, year string
	authors, topics                                            []string
}

func (f *bookFlags) bind(flags *pflag.FlagSet) {
	flags.StringVar(&f.title, "title", "", "`TITLE`")
	flags.StringArrayVar(&f.authors, "author", nil, "`NAME` of an author; once for each")
	flags.StringArrayVar(&f.topics, "topic", nil, "`TOPIC`; once for each")
	flags.StringVar(&f.isbn, "isbn", "", "`ISBN`, 10 or 13 digits")
	flags.StringVar(&f.publisher, "publisher", "", "`PUBLISHER`")
	flags.StringVar(&f.year, "year", "", "`YEAR` of publication")
	flags.StringVar(&f.language, "language", "", "`LANGUAGE`, such as en")
	flags.StringVar(&f.description, "description", "", "`TEXT` about the book")
	flags.StringVar(&f.price, "price", "", "`AMOUNT`, such as 44.99 or 39.99EUR")
}

// edit gives what the flags change; an empty text clears a fact.
func (f *bookFlags) edit(ctx context.Context, a *app, flags *pflag.FlagSet) (e api.BookEdit, err error) {
	text := func(name, value string) api.Optional[string] {
		switch {
		case !flags.Changed(name):
			return api.Optional[string]{}
		case value == "":
			return api.Optional[string]{Set: true}
		default:
			return api.Some(value)
		}
	}
	e = api.BookEdit{
		Title: text("title", f.title), ISBN13: text("isbn", f.isbn), Publisher: text("publisher", f.publisher),
		Language: text("language", f.language), Description: text("description", f.description),
	}
	if flags.Changed("author") {
		e.Authors = api.Some(given(f.authors))
	}
	if flags.Changed("topic") {
		e.Topics = api.Some(given(f.topics))
	}
	if flags.Changed("year") {
		if e.Year, err = year(f.year); err != nil {
			return e, err
		}
	}
	price, err := a.money(ctx, f.price)
	if price != nil {
		e.Price = api.Some(*price)
	}
	return e, err
}

func year(typed string) (api.Optional[int], error) {
	if typed == "" {
		return api.Optional[int]{Set: true}, nil
	}
	y, err := strconv.Atoi(typed)
	if err != nil {
		return api.Optional[int]{}, api.Errorf(api.CodeInvalid, "%q is not a year", typed)
	}
	return api.Some(y), nil
}

// given leaves out empty texts: --author "" means none.
func given(list []string) []string {
	some := []string{}
	for _, s := range list {
		if s != "" {
			some = append(some, s)
		}
	}
	return some
}

func (a *app) booksAddCommand() *cobra.Command {
	var f bookFlags
	var stock int64
	cmd := &cobra.Command{
		Use: "add --title TITLE --price AMOUNT", Short: "Add a book", Args: noArgs,
		Example: "  bazar books add --title 'A Room of One’s Own' --author 'Virginia Woolf' --topic essays --price 12.50 --stock 4",
		RunE: func(cmd *cobra.Command, _ []string) error {
			edit, err := f.edit(cmd.Context(), a, cmd.Flags())
			if err != nil {
				return err
			}
			edit.Stock = api.Some(stock)
			out, err := newPrinter(a.streams, a.output, bookView(), asOne)
			if err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			book, err := c.AddBook(cmd.Context(), edit)
			if err != nil {
				return err
			}
			if err := out.print(&book); err != nil {
				return err
			}
			return out.close(cmd.Context())
		},
	}
	f.bind(cmd.Flags())
	cmd.Flags().Int64Var(&stock, "stock", 0, "`N` copies on the shelf")
	return cmd
}

func (a *app) booksEditCommand() *cobra.Command {
	var f bookFlags
	var version int64
	cmd := &cobra.Command{
		Use: "edit BOOK", Short: "Change what is known of a book", Args: needs(1, 1, "a BOOK"),
		Example: "  bazar books edit 3 --year 2019 --topic travel --topic massachusetts",
		RunE: func(cmd *cobra.Command, args []string) error {
			edit, err := f.edit(cmd.Context(), a, cmd.Flags())
			if err != nil {
				return err
			}
			if edit == (api.BookEdit{}) {
				return api.Errorf(api.CodeInvalid, "nothing to change: give --title, --author, --topic, --price or another fact")
			}
			return a.showBook(cmd.Context(), func(ctx context.Context, c *client.Client) (api.Book, error) {
				book, err := c.EditBook(ctx, args[0], version, edit)
				if version != 0 && api.CodeOf(err) == api.CodeOutcomeUnknown {
					// Again, it would find its own change and call it another's.
					err = &ending{exit: exitUnsettled, err: err, hint: "`bazar info " + args[0] + "` shows whether it took effect"}
				}
				return book, err
			})
		},
	}
	f.bind(cmd.Flags())
	cmd.Flags().Int64Var(&version, "version", 0, "only if the book still has this `VERSION`")
	return cmd
}

func (a *app) booksRetireCommand() *cobra.Command {
	var undo bool
	cmd := &cobra.Command{
		Use: "retire BOOK", Short: "Take a book off sale; --undo puts it back", Args: needs(1, 1, "a BOOK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			state := api.Retired
			if undo {
				state = api.OnSale
			}
			return a.showBook(cmd.Context(), func(ctx context.Context, c *client.Client) (api.Book, error) {
				return c.EditBook(ctx, args[0], 0, api.BookEdit{State: api.Some(state)})
			})
		},
	}
	cmd.Flags().BoolVar(&undo, "undo", false, "put it back on sale")
	return cmd
}
