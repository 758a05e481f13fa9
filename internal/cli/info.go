package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/pkg/api"
)

func (a *app) infoCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "info BOOK...",
		Short:   "Show everything about books",
		Long:    "Show everything about books. BOOK is an item number or an ISBN; - reads them from stdin, one a line.",
		Example: "  bazar info 2\n  bazar info 9781449373320 --json\n  bazar search go -q | bazar info -",
		Args:    needs(1, 0, "a BOOK: an item number or an ISBN"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.info(cmd.Context(), args) },
	}
}

// info shows the books it can; of those that it can't it says so.
func (a *app) info(ctx context.Context, args []string) error {
	out, err := newPrinter(a.streams, a.output, bookView(), shapeOf(args))
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	shown, missing := 0, error(nil)
	for ref, err := range a.refs(ctx, args) {
		if err != nil {
			return err
		}
		book, err := c.Book(ctx, ref)
		if err != nil && shapeOf(args) == asCards && isAboutTheBook(err) {
			a.say(err, "")
			missing = err
			continue
		}
		if err != nil {
			return err
		}
		if err := out.print(&book); err != nil {
			return err
		}
		shown++
	}
	if err := out.close(ctx); err != nil {
		return err
	}
	if missing != nil {
		return &ending{exit: exitOf(api.CodeOf(missing))}
	}
	return nil
}

func isAboutTheBook(err error) bool {
	code := api.CodeOf(err)
	return code == api.CodeNotFound || code == api.CodeInvalid
}

func (a *app) topicsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "topics", Short: "List the topics and how many books each has", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return list(cmd.Context(), a, topicView(), func(cursor string) ([]api.Topic, *string, error) {
				c, err := a.client()
				if err != nil {
					return nil, nil, err
				}
				page, err := c.Topics(cmd.Context(), api.MaxLimit, cursor)
				return page.Topics, page.NextCursor, err
			})
		},
	}
}

func (a *app) historyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "history BOOK", Short: "Show what changed a book's price and stock",
		Args: needs(1, 1, "a BOOK: an item number or an ISBN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return list(cmd.Context(), a, historyView(), func(cursor string) ([]api.HistoryEntry, *string, error) {
				c, err := a.client()
				if err != nil {
					return nil, nil, err
				}
				page, err := c.History(cmd.Context(), args[0], api.MaxLimit, cursor)
				return page.Entries, page.NextCursor, err
			})
		},
	}
}

// list prints a list page by page.
func list[T any](ctx context.Context, a *app, v view[T], next func(cursor string) ([]T, *string, error)) error {
	out, err := newPrinter(a.streams, a.output, v, asList)
	if err != nil {
		return err
	}
	for cursor := ""; ; {
		items, following, err := next(cursor)
		if err != nil {
			return err
		}
		for i := range items {
			if err := out.print(&items[i]); err != nil {
				return err
			}
		}
		if following == nil {
			return out.close(ctx)
		}
		cursor = *following
	}
}

// persist repeats a call that is safe to repeat, while its fate is unknown and
// there is time.
func (a *app) persist(ctx context.Context, call func(context.Context) error) error {
	return persistFor(ctx, a.settings.Timeout, call)
}

func persistFor(ctx context.Context, patience time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := call(ctx)
		if api.CodeOf(err) != api.CodeOutcomeUnknown || ctx.Err() != nil {
			return err
		}
		if pause(ctx, wait) != nil {
			return err
		}
	}
}

// pause waits, but not longer than ctx lasts.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting: %w", ctx.Err())
	}
}

// interrupted says whether someone pressed Ctrl-C.
func interrupted(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }
