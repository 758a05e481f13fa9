package cli

import (
	"context"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/bazar-store/bazar/internal/ui"
)

// jsonPrinter writes an object, an object a line, or an array item by item;
// indented on a terminal, compact elsewhere.
type jsonPrinter[T any] struct {
	out     sink
	fields  []field[T]
	array   bool
	pretty  bool
	printed bool
}

func newJSONPrinter[T any](t *ui.Terminal, fields []field[T], as shape, lines bool) *jsonPrinter[T] {
	return &jsonPrinter[T]{
		out: newSink(t), fields: fields,
		array:  as != asOne && !lines,
		pretty: t.IsTerminal() && !lines,
	}
}

func (p *jsonPrinter[T]) print(item *T) error {
	data, err := encode(document(item, p.fields), p.prefix(), p.indent())
	if err != nil {
		return err
	}
	if !p.array {
		return p.out.line(inert(data))
	}
	if _, err := p.out.WriteString(p.before() + inert(data)); err != nil {
		return err
	}
	p.printed = true
	return p.out.item()
}

func (p *jsonPrinter[T]) indent() string {
	if p.pretty {
		return "  "
	}
	return ""
}

// prefix is the indent of an array's items.
func (p *jsonPrinter[T]) prefix() string {
	if p.array {
		return p.indent()
	}
	return ""
}

func (p *jsonPrinter[T]) before() string {
	lead := "["
	if p.printed {
		lead = ","
	}
	if p.pretty {
		lead += "\n" + p.prefix()
	}
	return lead
}

func (p *jsonPrinter[T]) close(context.Context) error {
	if p.array {
		if _, err := p.out.WriteString(p.after()); err != nil {
			return err
		}
	}
	return p.out.Flush()
}

func (p *jsonPrinter[T]) after() string {
	switch {
	case !p.printed:
		return "[]\n"
	case p.pretty:
		return "\n]\n"
	default:
		return "]\n"
	}
}

// inert escapes, in JSON, what a terminal might obey: C1 controls, text
// direction, zero width. The value stays the same.
func inert(data []byte) string {
	if !suspicious(data) {
		return string(data)
	}
	out := make([]byte, 0, len(data)+16)
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r != '\n' && ui.Hidden(r) {
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		} else {
			out = append(out, data[:size]...)
		}
		data = data[size:]
	}
	return string(out)
}

// suspicious is a quick look: ASCII inside JSON can hide nothing but DEL.
func suspicious(data []byte) bool {
	for _, c := range data {
		if c >= 0x7f {
			return true
		}
	}
	return false
}
