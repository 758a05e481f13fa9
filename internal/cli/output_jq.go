package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/itchyny/gojq"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// jqPrinter gathers the JSON value and prints what an expression makes of it:
// strings raw, as jq -r, other values as JSON, indented on a terminal. The
// expression sees no environment and reads no files.
type jqPrinter[T any] struct {
	out    sink
	code   *gojq.Code
	fields []field[T]
	as     shape
	items  []any
}

func newJQPrinter[T any](t *ui.Terminal, expression string, fields []field[T], as shape) (*jqPrinter[T], error) {
	query, err := gojq.Parse(expression)
	if err != nil {
		return nil, jqError(err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, jqError(err)
	}
	return &jqPrinter[T]{out: newSink(t), code: code, fields: fields, as: as, items: []any{}}, nil
}

func jqError(err error) error {
	return api.Errorf(api.CodeInvalid, "--jq: %w; an expression looks like '.[].title' for a list, '.title' for one", err)
}

func (p *jqPrinter[T]) print(item *T) error {
	value, err := decoded(document(item, p.fields))
	p.items = append(p.items, value)
	return err
}

// decoded is the value as encoding/json reads it back, numbers as they stand.
func decoded(value any) (any, error) {
	data, err := encode(value, "", "")
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	err = decoder.Decode(&v)
	return v, err
}

func (p *jqPrinter[T]) close(ctx context.Context) error {
	return cmp.Or(p.runAll(ctx), p.out.Flush())
}

func (p *jqPrinter[T]) runAll(ctx context.Context) error {
	if p.as != asOne {
		return p.run(ctx, p.items)
	}
	for _, item := range p.items {
		if err := p.run(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

func (p *jqPrinter[T]) run(ctx context.Context, input any) error {
	results := p.code.RunWithContext(ctx, input)
	for {
		result, ok := results.Next()
		if !ok {
			return nil
		}
		if err, ok := result.(error); ok {
			return runtimeError(ctx, err)
		}
		if err := p.result(result); err != nil {
			return err
		}
	}
}

// runtimeError is nil where the expression itself said halt.
func runtimeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
		return nil
	}
	return jqError(err)
}

func (p *jqPrinter[T]) result(value any) error {
	if s, ok := value.(string); ok {
		if p.out.live {
			s = ui.CleanText(s)
		}
		return p.out.line(s)
	}
	data, err := gojq.Marshal(value)
	if err != nil {
		return err
	}
	if p.out.live {
		var b bytes.Buffer
		if err := json.Indent(&b, data, "", "  "); err != nil {
			return err
		}
		data = b.Bytes()
	}
	return p.out.line(inert(data))
}
