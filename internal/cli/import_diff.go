package cli

import (
	"context"
	"fmt"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// importOutput is what an import prints on standard output: its tally or, with
// --diff, a line for each thing that it would do; the tally is a note then.
type importOutput struct {
	tally printer[tally]
	lines printer[changeLine]
}

func (a *app) newImportOutput(f *importFlags) (out importOutput, err error) {
	if !f.diff {
		out.tally, err = newPrinter(a.streams, a.output, tallyView(), asOne)
		return out, err
	}
	if !f.dryRun {
		return out, api.Errorf(api.CodeInvalid, "--diff prints what an import would do; add --dry-run, or look at `bazar imports show ID` afterwards")
	}
	out.lines, err = newPrinter(a.streams, a.output, diffView(), asList)
	return out, err
}

func (o importOutput) close(ctx context.Context, s *ui.Streams, t *tally) error {
	if o.lines == nil {
		if err := o.tally.print(t); err != nil {
			return err
		}
		return o.tally.close(ctx)
	}
	s.Note(fmt.Sprintf("%d would be new, %d changed, %d the same, %d rejected", t.New, t.Changed, t.Same, t.Rejected))
	return o.lines.close(ctx)
}

// preview says what a dry run would do with a row: to programs all of it, to
// people the first of them.
func (i *importing) preview(row *bookfile.Row, result *api.ImportResult) error {
	line := changeLine{Line: row.Line, BookID: result.BookID, Title: row.Book.Title, Status: result.Status}
	if i.out.lines == nil {
		i.previewed++
		if i.previewed <= badShown {
			i.progress.Clear()
			i.previewForPeople(row, result)
		}
		return nil
	}
	if result.Status == api.RowNew {
		return i.out.lines.print(&line)
	}
	for n := range result.Changes {
		f := &result.Changes[n]
		line.Field, line.Before, line.After = &f.Field, f.Before, f.After
		if err := i.out.lines.print(&line); err != nil {
			return err
		}
	}
	return nil
}

func (i *importing) previewForPeople(row *bookfile.Row, result *api.ImportResult) {
	what := row.At(i.name) + ": "
	if result.BookID != nil {
		what += fmt.Sprintf("book %d, ", *result.BookID)
	}
	what += text(known(row.Book.Title))
	if result.Status == api.RowNew {
		i.app.streams.Added(what)
		return
	}
	changes := make([]ui.Change, len(result.Changes))
	for n, c := range result.Changes {
		changes[n] = ui.Change{Name: c.Field, Before: fieldText(c.Field, c.Before), After: fieldText(c.Field, c.After)}
	}
	i.app.streams.Changed(what, changes)
}
