package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestJQSeesTheWholeValue(t *testing.T) {
	books := []api.Book{streaming(), japanese()}
	for expression, want := range map[string]string{
		"length":                          "2\n",
		".[].title":                       "Streaming <Systems>\n百年の孤独\n",
		"map(.stock) | add":               "12\n",
		".[0] | {id, c: .price.currency}": `{"c":"USD","id":2}` + "\n",
		"map(select(.stock > 3).id)":      "[2]\n",
		"$ENV | length":                   "0\n",
		"1, halt, 2":                      "1\n",
	} {
		expect(t, piped(t, bookView(), asList, books, "--jq", expression), want)
	}
	expect(t, piped(t, bookView(), asOne, books[:1], "--json", "--jq", ".title"), "Streaming <Systems>\n")
	expect(t, onScreen(t, 80, bookView(), asOne, books[:1], "--jq", "{id}"), "{\n  \"id\": 2\n}\n")
}

func TestJQSaysWhatWentWrong(t *testing.T) {
	p, err := newPrinter(&ui.Streams{Out: ui.Pipe(io.Discard)}, flags(t, "--jq", ".title"), bookView(), asList)
	if err != nil {
		t.Fatal(err)
	}
	b := streaming()
	err = errors.Join(p.print(&b), p.close(t.Context()))
	if api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), ".[].title") {
		t.Errorf("err = %v", err)
	}
}

func TestJQStopsWhenInterrupted(t *testing.T) {
	p, err := newPrinter(&ui.Streams{Out: ui.Pipe(io.Discard)}, flags(t, "--jq", "repeat(.) | empty"), bookView(), asList)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestTemplateRunsForEachItem(t *testing.T) {
	books := []api.Book{streaming(), japanese()}
	for text, want := range map[string]string{
		`{{.id}}\t{{upper .title}}`:                              "2\tSTREAMING <SYSTEMS>\n101\t百年の孤独\n",
		`{{join ", " .authors}}: {{money .price}}\n`:             "Tyler Akidau, Slava Chernyak: 44.99 USD\nGarcía Márquez: 900 JPY\n",
		`{{.publisher}}{{if gt .stock 3}}many{{else}}few{{end}}`: "many\nfew\n",
		`{{.id}}{{"\n"}}`:                                        "2\n101\n",
		`{{json .price}}`:                                        `{"amount":4499,"currency":"USD"}` + "\n" + `{"amount":900,"currency":"JPY"}` + "\n",
	} {
		expect(t, piped(t, bookView(), asList, books, "--template", text), want)
	}
}

func TestTemplateSaysWhatWentWrong(t *testing.T) {
	for _, text := range []string{"{{.titel}}", "{{money .id}}", "{{join .authors .authors}}"} {
		p, err := newPrinter(&ui.Streams{Out: ui.Pipe(io.Discard)}, flags(t, "--template", text), bookView(), asList)
		if err != nil {
			t.Fatal(err)
		}
		b := streaming()
		if err := p.print(&b); api.CodeOf(err) != api.CodeInvalid {
			t.Errorf("%s: err = %v", text, err)
		}
	}
}
