package cli

import (
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

// importFlags say how a book file is to be read.
type importFlags struct {
	format, encoding, delimiter, quote, separator string
	columns, constants, currencyFrom, key, source string
	rejects, undo                                 string
	unescapeHTML, updateStock, dryRun, diff       bool
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take books from a file: CSV, NDJSON, ONIX or MARC 21",
		Long: "Take books from a CSV, NDJSON or ONIX for Books file, or one of MARC 21 (ISO 2709, MARCXML), packed by gzip\n" +
			"or ZIP or not; - is standard input. A book that is known already, by ISBN or by --key, is updated; its stock\n" +
			"is left alone unless --update-stock. Bad rows are reported, the rest go in. `bazar imports` tells later what\n" +
			"an import did, and --undo takes it back.\n\n" +
			"ONIX is keyed by its RecordReference, and of several prices the one in the store's currency is taken. MARC\n" +
			"has no stock and seldom a price: --set gives them. A list of ISBNs is a file too, and exports of Goodreads\n" +
			"and StoryGraph, goodbooks-10k and Book-Crossing need no --map.\n\n" +
			"Prices may have a symbol and either decimal sign: \"39,80 €\", \"$1,234.50\". Three digits after one sign are\n" +
			"thousands, unless the currency has three decimals: 1.234 EUR are 1234 euros. A symbol that several currencies\n" +
			"share, as $, is the row's, else that of --set currency, else the store's, if it is theirs; else US dollars.",
		Example: "  bazar import books.csv --dry-run\n" +
			"  bazar import books.csv --map title=name,isbn13=isbn,authors=author --set price=9.99,currency=USD,stock=10\n" +
			"  bazar import katalog.csv.gz --encoding windows-1252 --currency-from Währung\n" +
			"  bazar import onix.xml --source acme --rejects rejects.xml\n" +
			"  bazar import library.mrc --set price=9.99,currency=USD,stock=1\n" +
			"  bazar export | bazar import -\n" +
			"  bazar import --undo 01890a6b-3f0e-7c11-8a55-0a1f5d9b2c77",
		Args: func(cmd *cobra.Command, args []string) error { return f.checkArgs(cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.undo != "" {
				return a.undoImport(cmd.Context(), f.undo)
			}
			return a.importFile(cmd.Context(), &f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "`FORMAT`: csv, ndjson, onix, marc or marcxml; detected if not given")
	flags.StringVar(&f.encoding, "encoding", "", "`NAME` of the text's encoding, as windows-1252, utf-16, gb18030, shift_jis; UTF-8 if not given")
	flags.StringVar(&f.delimiter, "delimiter", "", "`CHARACTER` between cells; detected if not given; \\t is a tab")
	flags.StringVar(&f.quote, "quote", "", "`QUOTE` around cells: \", ' or none; \\\" or \\' if a backslash stands before quotes within; detected if not given")
	flags.BoolVar(&f.unescapeHTML, "unescape-html", false, "decode HTML entities in texts: &amp;, &#39;, &eacute;")
	flags.StringVar(&f.columns, "map", "", "which column is which field: `FIELD=COLUMN,...`")
	flags.StringVar(&f.constants, "set", "", "what the file does not say: `FIELD=VALUE,...`")
	flags.StringVar(&f.currencyFrom, "currency-from", "", "the `COLUMN` that has the currency of prices: code, symbol or name")
	flags.StringVar(&f.key, "key", "", "the `COLUMN` that tells books without an ISBN apart")
	flags.StringVar(&f.source, "source", "", "the `NAME` under which keys are kept; the file's name if not given")
	flags.StringVar(&f.separator, "separator", "", "`TEXT` between several authors or topics; ; if not given")
	flags.StringVar(&f.rejects, "rejects", "", "keep rejected rows in this `FILE`")
	flags.BoolVar(&f.updateStock, "update-stock", false, "set the stock of known books too")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would happen, and change nothing")
	flags.BoolVar(&f.diff, "diff", false, "with --dry-run: print all that would change, not the counts")
	flags.StringVar(&f.undo, "undo", "", "take the import with this `ID` back")
	return cmd
}

// checkArgs wants a file, or --undo and nothing else: what is taken back is said
// by the import alone.
func (f *importFlags) checkArgs(cmd *cobra.Command, args []string) (err error) {
	if !cmd.Flags().Changed("undo") {
		return needs(1, 1, "a FILE, or - for standard input")(cmd, args)
	}
	cmd.LocalNonPersistentFlags().VisitAll(func(other *pflag.Flag) {
		if other.Changed && other.Name != "undo" {
			err = api.Errorf(api.CodeInvalid, "--undo takes a whole import back; leave out --%s", other.Name)
		}
	})
	switch {
	case err != nil:
		return err
	case f.undo == "":
		return api.Errorf(api.CodeInvalid, "--undo needs an import's ID; `bazar imports list` shows them")
	}
	return noArgs(cmd, args)
}

// options reads the flags.
func (f *importFlags) options(name, currency string) (o bookfile.Options, err error) {
	o = bookfile.Options{
		Name: name, Encoding: f.encoding, Quote: f.quote, UnescapeHTML: f.unescapeHTML,
		Key: f.key, Separator: f.separator, CurrencyFrom: f.currencyFrom, Currency: currency,
	}
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
