package cli

import (
	"context"
	"encoding/json"
	"strings"
	"text/template"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// templatePrinter runs a text/template over the JSON members of each item and
// ends what it gives with a newline. In the text between actions \t and \n
// stand for a tab and a newline. What is not known is empty. The functions are
// join, upper, lower, money and json.
type templatePrinter[T any] struct {
	out      sink
	template *template.Template
	fields   []field[T]
}

func newTemplatePrinter[T any](t *ui.Terminal, text string, fields []field[T]) (*templatePrinter[T], error) {
	parsed, err := template.New("--template").Option("missingkey=error").Funcs(templateFuncs()).Parse(unescape(text))
	if err != nil {
		return nil, templateError(err)
	}
	return &templatePrinter[T]{out: newSink(t), template: parsed, fields: fields}, nil
}

func templateError(err error) error {
	text := strings.TrimPrefix(err.Error(), "template: ")
	return api.Wrap(api.CodeInvalid, err, text+"; a template looks like '{{.id}} {{.title}}'")
}

// unescape spares people the quoting of tabs in a shell, outside of actions.
func unescape(text string) string {
	var b strings.Builder
	escapes := strings.NewReplacer(`\t`, "\t", `\n`, "\n")
	for {
		plain, rest, found := strings.Cut(text, "{{")
		b.WriteString(escapes.Replace(plain))
		if !found {
			return b.String()
		}
		action, after, closed := strings.Cut(rest, "}}")
		b.WriteString("{{" + action)
		if closed {
			b.WriteString("}}")
		}
		text = after
	}
}

func templateFuncs() template.FuncMap {
	return template.FuncMap{
		"join":  joined,
		"upper": strings.ToUpper,
		"lower": strings.ToLower,
		"money": money,
		"json": func(v any) (string, error) {
			data, err := encode(v, "", "")
			return inert(data), err
		},
	}
}

// joined takes the separator first, so that a list can be piped into it.
func joined(separator string, values any) (string, error) {
	var parts []string
	list, _ := values.([]any)
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			return "", api.Errorf(api.CodeInvalid, "join takes a list of texts such as .authors")
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, separator), nil
}

// money writes a price or total as people do: "44.99 USD".
func money(value any) (string, error) {
	if value == "" {
		return "", nil
	}
	m, _ := value.(map[string]any)
	amount, isAmount := m["amount"].(int64)
	currency, isCurrency := m["currency"].(string)
	if !isAmount || !isCurrency {
		return "", api.Errorf(api.CodeInvalid, "money takes an amount such as .price")
	}
	return api.Money{Amount: amount, Currency: currency}.String(), nil
}

func (p *templatePrinter[T]) print(item *T) error {
	value, err := decoded(document(item, p.fields))
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := p.template.Execute(&b, plain(value)); err != nil {
		return templateError(err)
	}
	text := b.String()
	if p.out.live {
		text = ui.CleanText(text)
	}
	return p.out.line(text)
}

// plain makes JSON values what templates work best with: null empty, whole
// numbers comparable.
func plain(value any) any {
	switch v := value.(type) {
	case nil:
		return ""
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
	}
	return value
}

func (p *templatePrinter[T]) close(context.Context) error { return p.out.Flush() }
