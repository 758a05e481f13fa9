package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

func (a *app) importsCommand() *cobra.Command {
	return group("imports", "See what imports did", a.importsListCommand(), a.importsShowCommand())
}

// pageFlags say how much of a list is shown.
type pageFlags struct {
	limit int
	all   bool
}

func (f *pageFlags) bind(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.limit, "limit", api.DefaultLimit, "show at most `N`")
	cmd.Flags().BoolVar(&f.all, "all", false, "show all there are")
}

func (f *pageFlags) check() error {
	if f.limit < 1 {
		return api.Errorf(api.CodeInvalid, "--limit is at least 1, not %d", f.limit)
	}
	return nil
}

// size is how many more to ask for, 0 for none.
func (f *pageFlags) size(shown int) int {
	if f.all {
		return api.MaxLimit
	}
	return min(api.MaxLimit, f.limit-shown)
}

func (a *app) noteMore(shown int) {
	a.streams.Note(fmt.Sprintf("there are more than %s; --all shows all of them", ui.Count(int64(shown))))
}

func (a *app) importsListCommand() *cobra.Command {
	var f pageFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the imports, the latest first", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listImports(cmd.Context(), &f) },
	}
	f.bind(cmd)
	return cmd
}

func (a *app) listImports(ctx context.Context, f *pageFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	out, err := newPrinter(a.streams, a.output, importView(), asList)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	for shown, cursor := 0, ""; ; {
		page, err := c.Imports(ctx, f.size(shown), cursor)
		if err != nil {
			return err
		}
		for n := range page.Imports {
			if err := out.print(&page.Imports[n]); err != nil {
				return err
			}
		}
		shown += len(page.Imports)
		if page.NextCursor != nil && f.size(shown) > 0 {
			cursor = *page.NextCursor
			continue
		}
		if err := out.close(ctx); err != nil {
			return err
		}
		if page.NextCursor != nil {
			a.noteMore(shown)
		}
		return nil
	}
}

func (a *app) importsShowCommand() *cobra.Command {
	var f pageFlags
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show what an import did to each book", Args: needs(1, 1, "an import's ID"),
		Long: "Show an import's report and what it did to each book: first those that it changed, with every field before\n" +
			"and after, then the new ones. `bazar import --undo ID` takes it back.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.showImport(cmd.Context(), &f, args[0]) },
	}
	f.bind(cmd)
	return cmd
}

func (a *app) showImport(ctx context.Context, f *pageFlags, typed string) error {
	if err := f.check(); err != nil {
		return err
	}
	out, err := newReportPrinter(a.streams, a.output)
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
	report := importReport{Changes: []api.ImportChange{}}
	for cursor := ""; ; {
		page, err := c.ImportReport(ctx, id, f.size(len(report.Changes)), cursor)
		if err != nil {
			return err
		}
		report.Import, report.Changes = page.Import, append(report.Changes, page.Changes...)
		if page.NextCursor != nil && f.size(len(report.Changes)) > 0 {
			cursor = *page.NextCursor
			continue
		}
		if err := out.print(&report); err != nil {
			return err
		}
		if err := out.close(ctx); err != nil {
			return err
		}
		if page.NextCursor != nil {
			a.noteMore(len(report.Changes))
		}
		return nil
	}
}

// undoImport takes an import back, step by step until it is done.
func (a *app) undoImport(ctx context.Context, typed string) error {
	out, err := newPrinter(a.streams, a.output, undoView(), asOne)
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
	u := undoing{app: a, id: id, progress: a.streams.Err.NewProgress("books", 0, time.Now)}
	err = u.run(ctx, c)
	u.progress.Done()
	if u.left > badShown {
		a.streams.Note(fmt.Sprintf("and %d more; `bazar imports show %s --all` lists them", u.left-badShown, id))
	}
	if err != nil && u.report.Undo != nil {
		return &ending{exit: exitOf(api.CodeOf(err)), err: err, hint: "`bazar import --undo " + id + "` goes on"}
	}
	if err != nil {
		return err
	}
	if err := out.print(&u.report); err != nil {
		return err
	}
	return out.close(ctx)
}

// undoing is an import that is being taken back.
type undoing struct {
	app      *app
	id       string
	progress *ui.Progress
	report   api.Import
	left     int // books that are not simply as they were
}

func (u *undoing) run(ctx context.Context, c *client.Client) error {
	for u.report.State != api.ImportUndone {
		var step api.UndoProgress
		err := u.app.persist(ctx, func(ctx context.Context) (err error) {
			step, err = c.UndoImport(ctx, u.id)
			return err
		})
		if err != nil {
			return err
		}
		u.report = step.Import
		for n := range step.Books {
			if u.left++; u.left <= badShown {
				u.progress.Clear()
				u.app.streams.Note(leftOver(&step.Books[n]))
			}
		}
		if done := u.report.Undo; done != nil {
			u.progress.Update(done.Removed + done.Retired + done.Restored + done.Kept)
		}
	}
	return nil
}

// leftOver says why a book is not as it was before an import.
func leftOver(c *api.ImportChange) string {
	what := fmt.Sprintf("book %d, %s: ", c.BookID, text(known(c.Title)))
	if c.Undone != nil && *c.Undone == api.UndoRetired {
		what += "retired, not removed: somebody has sold, moved or changed it since"
		if len(c.Kept) > 0 {
			what += "; what was sold stays sold"
		}
		return what
	}
	fields := slices.DeleteFunc(slices.Clone(c.Kept), func(f string) bool { return f == "stock" })
	reasons := ""
	if len(fields) > 0 {
		reasons = text(fields) + " kept: it was changed since, or is another book's now"
	}
	if len(fields) < len(c.Kept) {
		if reasons != "" {
			reasons += "; "
		}
		reasons += "what was sold stays sold"
	}
	return what + reasons
}
