package cli

import (
	"context"
	"encoding/csv"
	"strings"

	"github.com/bazar-store/bazar/internal/ui"
)

// tsvPrinter writes a line an item, its cells never cut and never holding a
// tab, a newline or an escape sequence.
type tsvPrinter[T any] struct {
	out    sink
	fields []field[T]
	header bool // still to be written
}

func (p *tsvPrinter[T]) print(item *T) error {
	if err := p.head(); err != nil {
		return err
	}
	cells := make([]string, len(p.fields))
	for i := range p.fields {
		cells[i] = ui.Clean(p.fields[i].asText(item))
	}
	return p.out.line(strings.Join(cells, "\t"))
}

func (p *tsvPrinter[T]) head() error {
	if !p.header {
		return nil
	}
	p.header = false
	return p.out.line(strings.Join(titles(p.fields), "\t"))
}

func (p *tsvPrinter[T]) close(context.Context) error {
	if err := p.head(); err != nil {
		return err
	}
	return p.out.Flush()
}

func titles[T any](fields []field[T]) []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].name
	}
	return names
}

// csvPrinter writes CSV by RFC 4180: lines end in CRLF, and a cell may have
// line breaks, but never an escape sequence.
type csvPrinter[T any] struct {
	out    sink
	csv    *csv.Writer
	fields []field[T]
	header bool // still to be written
}

func newCSVPrinter[T any](t *ui.Terminal, fields []field[T], header bool) *csvPrinter[T] {
	out := newSink(t)
	w := csv.NewWriter(out.Writer)
	w.UseCRLF = true
	return &csvPrinter[T]{out: out, csv: w, fields: fields, header: header}
}

func (p *csvPrinter[T]) print(item *T) error {
	if err := p.head(); err != nil {
		return err
	}
	cells := make([]string, len(p.fields))
	for i := range p.fields {
		cells[i] = ui.CleanText(p.fields[i].asText(item))
	}
	if err := p.csv.Write(cells); err != nil {
		return err
	}
	return p.out.item()
}

func (p *csvPrinter[T]) head() error {
	if !p.header {
		return nil
	}
	p.header = false
	return p.csv.Write(titles(p.fields))
}

func (p *csvPrinter[T]) close(context.Context) error {
	if err := p.head(); err != nil {
		return err
	}
	return p.out.Flush()
}
