package cli

import (
	"bufio"
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// printer shows the items of one kind, in one form. The first item may be the
// last: close ends a list, and is called once, unless nothing was printed and
// the command failed. A closed pipe is syscall.EPIPE in the chain of errors.
type printer[T any] interface {
	print(item *T) error
	close(ctx context.Context) error
}

// shape is how many items a command shows by its nature.
type shape int

const (
	asList  shape = iota // a table; a JSON array
	asOne                // a card; a JSON object
	asCards              // several cards; a JSON array
)

// format is a form of output.
type format string

const (
	formatTable    format = "table"
	formatJSON     format = "json"
	formatNDJSON   format = "ndjson"
	formatCSV      format = "csv"
	formatTSV      format = "tsv"
	formatIDs      format = "ids"
	formatJQ       format = "jq"
	formatTemplate format = "template"
)

// outputFlags are the flags by which every command's output is chosen. preset
// is BAZAR_OUTPUT, which any of them beats.
type outputFlags struct {
	json, header, quiet  bool
	fields               []string
	jq, template, output string
	preset               string
}

func (f *outputFlags) bind(flags *pflag.FlagSet) {
	flags.BoolVar(&f.json, "json", false, "print JSON")
	flags.StringSliceVar(&f.fields, "fields", nil, "print only these `FIELDS`, in this order: id,title")
	flags.StringVar(&f.jq, "jq", "", "print what a jq `EXPRESSION` makes of the JSON")
	flags.StringVar(&f.template, "template", "", "print each item by a Go `TEMPLATE`: '{{.id}}\\t{{.title}}'")
	flags.StringVarP(&f.output, "output", "o", "", "print `FORM`: table, json, ndjson, csv or tsv")
	flags.BoolVar(&f.header, "header", false, "name the columns first, in TSV and CSV")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print only ids, one a line")
}

// format is the one that the flags agree on.
func (f *outputFlags) format(terminal bool) (format, error) {
	chosen, err := f.chosen()
	if err != nil {
		return "", err
	}
	if chosen == "" {
		if chosen, err = f.byDefault(terminal); err != nil {
			return "", err
		}
	}
	return chosen, f.check(chosen)
}

// chosen is what the flags ask for, or "". A jq expression or a template works
// on JSON, so they agree with it.
func (f *outputFlags) chosen() (format, error) {
	if f.output != "" && !isForm(f.output) {
		return "", api.Errorf(api.CodeInvalid, "-o takes table, json, ndjson, csv or tsv, not %q", f.output)
	}
	var chosen format
	var by string
	for _, wish := range []struct {
		flag string
		form format
		on   bool
	}{
		{"--jq", formatJQ, f.jq != ""},
		{"--template", formatTemplate, f.template != ""},
		{"-q", formatIDs, f.quiet},
		{"--json", formatJSON, f.json},
		{"-o " + f.output, format(f.output), f.output != ""},
	} {
		switch {
		case !wish.on:
		case chosen == "":
			chosen, by = wish.form, wish.flag
		case wish.form != chosen && (wish.form != formatJSON || chosen == formatIDs):
			return "", api.Errorf(api.CodeInvalid, "%s and %s contradict each other; give one of them", by, wish.flag)
		}
	}
	return chosen, nil
}

func (f *outputFlags) byDefault(terminal bool) (format, error) {
	switch {
	case isForm(f.preset):
		return format(f.preset), nil
	case f.preset != "":
		return "", api.Errorf(api.CodeInvalid, "BAZAR_OUTPUT takes table, json, ndjson, csv or tsv, not %q", f.preset)
	case terminal:
		return formatTable, nil
	default:
		return formatTSV, nil
	}
}

func isForm(s string) bool {
	return slices.Contains([]format{formatTable, formatJSON, formatNDJSON, formatCSV, formatTSV}, format(s))
}

func (f *outputFlags) check(chosen format) error {
	if f.header && !slices.Contains([]format{formatTable, formatCSV, formatTSV}, chosen) {
		return api.Errorf(api.CodeInvalid, "--header names the columns of TSV and CSV; add -o tsv or -o csv, or leave it out")
	}
	if len(f.fields) > 0 && chosen == formatIDs {
		return api.Errorf(api.CodeInvalid, "-q prints ids alone; leave out -q or --fields")
	}
	return nil
}

// wantsJSON says whether programs read the output, and so errors are for them
// too.
func (f *outputFlags) wantsJSON() bool {
	chosen, err := f.format(false)
	return f.json || (err == nil && (chosen == formatJSON || chosen == formatNDJSON))
}

// shapes says whether the flags ask for anything but a form.
func (f *outputFlags) shapes() bool {
	return f.json || f.header || f.quiet || len(f.fields) > 0 || f.jq != "" || f.template != ""
}

// newPrinter checks all that the flags say before anything is asked of a
// service; its errors are [api.CodeInvalid].
func newPrinter[T any](s *ui.Streams, f outputFlags, v view[T], as shape) (printer[T], error) {
	chosen, err := f.format(s.Out.IsTerminal())
	if err != nil {
		return nil, err
	}
	fields, err := v.pick(f.fields)
	if err != nil {
		return nil, err
	}
	switch chosen {
	case formatJSON, formatNDJSON:
		return newJSONPrinter(s.Out, fields, as, chosen == formatNDJSON), nil
	case formatJQ:
		return newJQPrinter(s.Out, f.jq, fields, as)
	case formatTemplate:
		return newTemplatePrinter(s.Out, f.template, fields)
	case formatIDs:
		return &tsvPrinter[T]{out: newSink(s.Out), fields: v.named(v.id)}, nil
	case formatTable:
		return newTablePrinter(s.Out, v, fields, as), nil
	}
	if fields == nil {
		fields = v.named(v.columns...)
	}
	if chosen == formatCSV {
		return newCSVPrinter(s.Out, fields, f.header), nil
	}
	return &tsvPrinter[T]{out: newSink(s.Out), fields: fields, header: f.header}, nil
}

// sink is standard output, buffered; who looks at a terminal sees each item at
// once.
type sink struct {
	*bufio.Writer
	live bool
}

func newSink(t *ui.Terminal) sink { return sink{bufio.NewWriterSize(t, 64<<10), t.IsTerminal()} }

// line writes an item, ended by a newline.
func (s sink) line(text string) error {
	if _, err := s.WriteString(text); err != nil {
		return err
	}
	if !strings.HasSuffix(text, "\n") {
		if err := s.WriteByte('\n'); err != nil {
			return err
		}
	}
	return s.item()
}

func (s sink) item() error {
	if s.live {
		return s.Flush()
	}
	return nil
}
