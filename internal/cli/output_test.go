package cli

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

func ptr[T any](v T) *T { return &v }

func streaming() api.Book {
	moment := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return api.Book{
		ID: 2, ISBN13: ptr("9781491983874"), Title: "Streaming <Systems>",
		Authors: []string{"Tyler Akidau", "Slava Chernyak"}, Topics: []string{"streams", "data"},
		Year: ptr(2018), Description: ptr("The what,\nwhere, when and how."),
		Price: api.Money{Amount: 4499, Currency: "USD"}, Stock: 12,
		State: api.OnSale, Version: 1, CreatedAt: moment, UpdatedAt: moment,
	}
}

func japanese() api.Book {
	return api.Book{
		ID: 101, Title: "百年の孤独", Authors: []string{"García Márquez"}, Topics: []string{},
		Price: api.Money{Amount: 900, Currency: "JPY"}, State: api.OnSale,
	}
}

func hostile() api.Book {
	b := streaming()
	b.ID = 9
	b.Title = "\x1b[31mred\x1b[0m\talert\r\nnext line \u202eexe.txt \u009b2J\x7f 百年の孤独"
	b.Authors = []string{strings.Repeat("a very long name ", 44)[:742]}
	b.Description = ptr("\x1b]0;pwned\a\u2066text\n\tmore")
	return b
}

// flags parses a command line's output flags.
func flags(t *testing.T, args ...string) outputFlags {
	t.Helper()
	var f outputFlags
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	f.bind(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f
}

// shown is what stands on out after the items were printed.
func shown[T any](t *testing.T, out *ui.Terminal, buffer *bytes.Buffer, v view[T], as shape, items []T, args ...string) string {
	t.Helper()
	p, err := newPrinter(&ui.Streams{Out: out}, flags(t, args...), v, as)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	for i := range items {
		if err := p.print(&items[i]); err != nil {
			t.Fatalf("%q: %v", args, err)
		}
	}
	if err := p.close(t.Context()); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return buffer.String()
}

func piped[T any](t *testing.T, v view[T], as shape, items []T, args ...string) string {
	t.Helper()
	var b bytes.Buffer
	return shown(t, ui.Pipe(&b), &b, v, as, items, args...)
}

func onScreen[T any](t *testing.T, width int, v view[T], as shape, items []T, args ...string) string {
	t.Helper()
	var b bytes.Buffer
	return shown(t, ui.Screen(&b, width, false), &b, v, as, items, args...)
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Every form, on terminals of every width, with the worst that a catalogue may
// hold: no control character reaches the terminal.
func TestHostileTextNeverReachesATerminal(t *testing.T) {
	books := []api.Book{hostile(), streaming(), japanese()}
	for _, args := range []string{
		"", "-o tsv", "-o csv", "--json", "-o ndjson", "-q", "--jq=.[]", "--jq=.[].title", "--template={{.title}}{{.description}}",
		"--fields=id,title,authors,topics,price,currency,stock,isbn13,publisher,year,language,description,state,version",
	} {
		for _, width := range []int{20, 40, 80, 200} {
			for _, as := range []shape{asList, asCards} {
				got := onScreen(t, width, bookView(), as, books, strings.Fields(args)...)
				harmless(t, args, got)
				if args == "" || strings.HasPrefix(args, "--fields") {
					within(t, width, got)
				}
			}
		}
	}
}

// harmless allows only the control characters that lay text out.
func harmless(t *testing.T, what, output string) {
	t.Helper()
	laidOut := strings.NewReplacer("\r\n", "", "\n", "", "\t", "").Replace(output)
	if i := strings.IndexFunc(laidOut, ui.Hidden); i >= 0 {
		t.Errorf("%s: raw at %d in %q", what, i, laidOut)
	}
}

func within(t *testing.T, width int, output string) {
	t.Helper()
	for line := range strings.SplitSeq(output, "\n") {
		if n := ui.DisplayWidth(line); n > width {
			t.Errorf("%d columns on a terminal of %d: %q", n, width, line)
		}
	}
}

func TestAClosedPipeIsRecognised(t *testing.T) {
	for _, args := range []string{"", "-o csv", "--json", "-o ndjson", "-o table", "-q", "--jq=.[]", "--template={{.title}}"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		p, err := newPrinter(&ui.Streams{Out: ui.Pipe(w)}, flags(t, strings.Fields(args)...), bookView(), asList)
		if err != nil {
			t.Fatal(err)
		}
		b := streaming()
		if err := errors.Join(p.print(&b), p.close(t.Context())); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("%q: err = %v", args, err)
		}
		w.Close()
	}
}

func TestATerminalSeesEachItemAtOnce(t *testing.T) {
	var b bytes.Buffer
	p, err := newPrinter(&ui.Streams{Out: ui.Screen(&b, 80, false)}, flags(t, "-q"), bookView(), asList)
	if err != nil {
		t.Fatal(err)
	}
	book := streaming()
	if err := p.print(&book); err != nil {
		t.Fatal(err)
	}
	expect(t, b.String(), "2\n")
}

func TestEmptyListsAreEmpty(t *testing.T) {
	for args, want := range map[string]string{
		"": "", "-o csv": "", "-q": "", "-o ndjson": "", "--json": "[]\n", "--jq=length": "0\n", "--header": "slug\tname\tbooks\n",
	} {
		expect(t, piped(t, topicView(), asList, nil, strings.Fields(args)...), want)
	}
	expect(t, onScreen(t, 80, topicView(), asList, nil), "")
}
