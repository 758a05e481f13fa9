package cli

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// field is one fact about a T. People may also call it by its second name, that
// of the JSON member where a column's differs.
type field[T any] struct {
	name, also string
	value      func(*T) any     // as JSON has it; nil if not known
	text       func(*T) string  // as TSV has it, if not simply the value
	cell       func(*T) ui.Cell // as a person reads it, if not the text
	right      bool
	flex       bool
	from       int // a table of the default columns has it from this width on
}

func (f *field[T]) asText(item *T) string {
	if f.text != nil {
		return f.text(item)
	}
	return text(f.value(item))
}

func (f *field[T]) asCell(item *T) ui.Cell {
	if f.cell != nil {
		return f.cell(item)
	}
	return ui.Cell{Text: f.asText(item)}
}

// view says how items of one kind are shown: all their fields, which of them
// are the columns of TSV and CSV, which a table has, and the one -q prints.
type view[T any] struct {
	fields  []field[T]
	columns []string
	table   []string
	id      string
	card    func(*T) ui.Card // nil: one item is a table too
}

// pick finds the fields that --fields names; nil if it names none. Each then
// goes by the name it was asked for.
func (v *view[T]) pick(names []string) ([]field[T], error) {
	var picked []field[T]
	for _, name := range names {
		f, ok := v.find(strings.TrimSpace(name))
		if !ok {
			return nil, api.Errorf(api.CodeInvalid, "there is no field %q; --fields takes %s", name, strings.Join(v.names(), ", "))
		}
		if slices.ContainsFunc(picked, func(p field[T]) bool { return p.name == f.name }) {
			return nil, api.Errorf(api.CodeInvalid, "--fields names %q twice", f.name)
		}
		picked = append(picked, f)
	}
	return picked, nil
}

func (v *view[T]) find(name string) (field[T], bool) {
	for _, f := range v.fields {
		if name != "" && (name == f.name || name == f.also) {
			f.name = name
			return f, true
		}
	}
	return field[T]{}, false
}

func (v *view[T]) names() []string {
	names := make([]string, len(v.fields))
	for i := range v.fields {
		names[i] = v.fields[i].name
	}
	return names
}

// named gives fields that the view's own lists name.
func (v *view[T]) named(names ...string) []field[T] {
	fields := make([]field[T], 0, len(names))
	for _, name := range names {
		if f, ok := v.find(name); ok {
			fields = append(fields, f)
		}
	}
	return fields
}

// known is the value, or nil for what is not known.
func known[V any](p *V) any {
	if p == nil {
		return nil
	}
	return *p
}

// text writes a value as a cell of TSV: money as a decimal, times in UTC,
// several values joined by ";", anything else as JSON.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case []string:
		return strings.Join(v, ";")
	case api.Money:
		return v.Decimal()
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	default:
		data, err := encode(v, "", "")
		if err != nil {
			return err.Error()
		}
		return string(data)
	}
}

// object is an item cut down to some fields, as JSON; it keeps their order.
type object[T any] struct {
	fields []field[T]
	item   *T
}

// document is the item as JSON shows it: whole, unless fields were picked.
func document[T any](item *T, fields []field[T]) any {
	if fields == nil {
		return item
	}
	return object[T]{fields, item}
}

// MarshalJSON writes the members in the order of the fields.
func (o object[T]) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := range o.fields {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := encode(o.fields[i].value(o.item), "", "")
		if err != nil {
			return nil, err
		}
		b.WriteString(strconv.Quote(o.fields[i].name) + ":")
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode writes a value as JSON for people and programs, not for HTML.
func encode(value any, prefix, indent string) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, indent)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
