package cli

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

func (a *app) importFile(ctx context.Context, f *importFlags, path string) (err error) {
	out, err := a.newImportOutput(f)
	if err != nil {
		return err
	}
	if path == "-" && f.key != "" && f.source == "" {
		return api.Errorf(api.CodeInvalid, "--key needs --source NAME with standard input: keys are told apart by where they come from")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	in, name, rows, err := a.openBookFile(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if sameFile(path, f.rejects) {
		return api.Errorf(api.CodeInvalid, "--rejects would write over %s, which is being read; name another file", f.rejects)
	}
	currency, err := a.currency(ctx)
	if err != nil {
		return err
	}
	options, err := f.options(name, currency)
	if err != nil {
		return err
	}
	options.NoKeys = path == "-" && f.source == ""
	reader, err := bookfile.NewReader(in, options)
	if err != nil {
		return err
	}
	if !reader.IsLines() {
		rows = 0
	}
	i, err := a.newImporting(f, name, reader, rows)
	if err != nil {
		return err
	}
	i.out = out
	err = i.run(ctx, stop)
	i.progress.Done()
	err = errors.Join(err, i.seen.close())
	for _, note := range reader.Notes() {
		a.streams.Note(note)
	}
	if err = errors.Join(err, i.closeRejects()); err != nil {
		return i.brokenOff(err)
	}
	return errors.Join(out.close(ctx, a.streams, &i.tally), i.ending())
}

func (a *app) exportCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "export", Short: "Write all books as CSV, NDJSON or ONIX", Args: noArgs,
		Example: "  bazar export > books.csv\n  bazar export --format ndjson | jq .title\n  bazar export --format onix > books.xml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.output.shapes() {
				return api.Errorf(api.CodeInvalid, "export writes whole books; choose with --format csv, ndjson or onix, or use `bazar search --all`")
			}
			f, err := bookfile.ParseFormat(cmp.Or(format, a.output.output, string(bookfile.CSV)))
			if err == nil && !f.Writable() {
				err = api.Errorf(api.CodeInvalid, "%s is only read; export writes csv, ndjson or onix", f)
			}
			if err != nil {
				return err
			}
			return a.export(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "`FORMAT`: csv, ndjson or onix; csv if not given")
	return cmd
}

// export writes every book, retired ones too, in the order of item numbers.
func (a *app) export(ctx context.Context, format bookfile.Format) error {
	out := bookfile.NewWriter(a.streams.Out, format)
	if err := a.exportTo(ctx, out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	for _, note := range out.Notes() {
		a.streams.Note(note)
	}
	return nil
}

func (a *app) exportTo(ctx context.Context, out *bookfile.Writer) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	progress := (*ui.Progress)(nil)
	if !a.streams.Out.IsTerminal() {
		progress = a.streams.Err.NewProgress("books", 0, time.Now)
		defer progress.Done()
	}
	q := api.BookQuery{Sort: api.SortID, All: true, Limit: api.MaxLimit}
	for written := int64(0); ; {
		page, err := c.Books(ctx, q)
		if err != nil {
			return err
		}
		for i := range page.Books {
			if a.streams.Out.IsTerminal() {
				cleanBook(&page.Books[i])
			}
			if err := out.Write(&page.Books[i]); err != nil {
				return err
			}
		}
		written += int64(len(page.Books))
		if progress != nil {
			progress.Update(written)
		}
		if page.NextCursor == nil {
			return nil
		}
		q.Cursor = *page.NextCursor
	}
}

// cleanBook makes a book's texts safe to show; a file has them as they are.
func cleanBook(b *api.Book) {
	b.Title = ui.CleanText(b.Title)
	for i := range b.Authors {
		b.Authors[i] = ui.CleanText(b.Authors[i])
	}
	for _, text := range [...]*string{b.Publisher, b.Language, b.Description} {
		if text != nil {
			*text = ui.CleanText(*text)
		}
	}
}
