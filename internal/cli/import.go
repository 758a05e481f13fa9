package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// stdinName is what standard input is called where a file has its name.
const stdinName = "stdin"

// importFlags say how a book file is to be read.
type importFlags struct {
	format, delimiter, columns, constants, key, source, separator, rejects string
	updateStock, dryRun                                                    bool
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take books from a file: CSV, NDJSON, ONIX or MARC 21",
		Long: "Take books from a CSV, NDJSON or ONIX for Books file, or one of MARC 21 (ISO 2709, MARCXML); - is standard\n" +
			"input. A book that is known already, by ISBN or by --key, is updated; its stock is left alone unless\n" +
			"--update-stock. Bad rows are reported, the rest go in. ONIX is keyed by its RecordReference, and of several\n" +
			"prices the one in the store's currency is taken. MARC has no stock and seldom a price: --set gives them.",
		Example: "  bazar import books.csv --dry-run\n" +
			"  bazar import books.csv --map title=name,isbn13=isbn,authors=author --set price=9.99,currency=USD,stock=10\n" +
			"  bazar import onix.xml --source acme --rejects rejects.xml\n" +
			"  bazar import library.mrc --set price=9.99,currency=USD,stock=1\n" +
			"  bazar export | bazar import -",
		Args: needs(1, 1, "a FILE, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.importFile(cmd.Context(), &f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "`FORMAT`: csv, ndjson, onix, marc or marcxml; detected if not given")
	flags.StringVar(&f.delimiter, "delimiter", "", "`CHARACTER` between cells; detected if not given; \\t is a tab")
	flags.StringVar(&f.columns, "map", "", "which column is which field: `FIELD=COLUMN,...`")
	flags.StringVar(&f.constants, "set", "", "what the file does not say: `FIELD=VALUE,...`")
	flags.StringVar(&f.key, "key", "", "the `COLUMN` that tells books without an ISBN apart")
	flags.StringVar(&f.source, "source", "", "the `NAME` under which keys are kept; the file's name if not given")
	flags.StringVar(&f.separator, "separator", "", "`TEXT` between several authors or topics; ; if not given")
	flags.StringVar(&f.rejects, "rejects", "", "keep rejected rows in this `FILE`")
	flags.BoolVar(&f.updateStock, "update-stock", false, "set the stock of known books too")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would happen, and change nothing")
	return cmd
}

// options reads the flags.
func (f *importFlags) options(name, currency string) (o bookfile.Options, err error) {
	o = bookfile.Options{Name: name, Key: f.key, Separator: f.separator, Currency: currency}
	if f.format != "" {
		if o.Format, err = bookfile.ParseFormat(f.format); err != nil {
			return o, err
		}
	}
	if f.delimiter != "" {
		text := strings.ReplaceAll(f.delimiter, `\t`, "\t")
		if o.Delimiter, _ = utf8.DecodeRuneInString(text); utf8.RuneCountInString(text) != 1 {
			return o, api.Errorf(api.CodeInvalid, "--delimiter is one character, not %q", f.delimiter)
		}
	}
	if f.columns != "" {
		if o.Map, err = bookfile.ParseMap(f.columns); err != nil {
			return o, err
		}
	}
	if f.constants != "" {
		o.Set, err = bookfile.ParseSet(f.constants)
	}
	return o, err
}

func (a *app) importFile(ctx context.Context, f *importFlags, path string) (err error) {
	out, err := newPrinter(a.streams, a.output, tallyView(), asOne)
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
	err = i.run(ctx, stop)
	i.progress.Done()
	err = errors.Join(err, i.seen.close())
	for _, note := range reader.Notes() {
		a.streams.Note(note)
	}
	if err = errors.Join(err, i.closeRejects()); err != nil {
		return i.brokenOff(err)
	}
	if err := out.print(&i.tally); err != nil {
		return err
	}
	return errors.Join(out.close(ctx), i.ending())
}

// openBookFile opens what is imported and, for a file, counts its lines, so that
// the progress knows its end.
func (a *app) openBookFile(ctx context.Context, path string) (in io.ReadCloser, name string, lines int64, err error) {
	if path == "-" {
		return io.NopCloser(a.stdin(ctx)), stdinName, 0, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, "", 0, api.Errorf(api.CodeInvalid, "%w", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = api.Errorf(api.CodeInvalid, "%s is a directory; give a file", path)
	}
	if err == nil && info.Mode().IsRegular() && a.streams.Err.IsTerminal() {
		lines, err = countLines(file)
	}
	if err != nil {
		return nil, "", 0, errors.Join(err, file.Close())
	}
	return file, filepath.Base(path), lines, nil
}

// sameFile says whether two paths, "-" for standard input, lead to one file.
func sameFile(in, out string) bool {
	if in == "-" {
		in = "/dev/stdin" // where there is none, it is no file of ours either
	}
	from, err := os.Stat(in)
	if err != nil {
		return false
	}
	to, err := os.Stat(out)
	return err == nil && to.Mode().IsRegular() && os.SameFile(from, to)
}

func countLines(file *os.File) (n int64, err error) {
	lines := bufio.NewReaderSize(file, 1<<20)
	for err == nil {
		if _, err = lines.ReadSlice('\n'); err == nil {
			n++
		} else if errors.Is(err, bufio.ErrBufferFull) {
			err = nil
		}
	}
	if !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%s: %w", file.Name(), err)
	}
	_, err = file.Seek(0, io.SeekStart)
	return n, err
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
