package ui_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/ui"
)

func TestChangesStandOneALineWithBeforeAndAfter(t *testing.T) {
	var out bytes.Buffer
	s := &ui.Streams{Err: ui.Pipe(&out)}
	long := strings.Repeat("long ", 40)
	s.Added("a.csv:2: New\x1b[31m")
	s.Changed("a.csv:3: book 7, ", []ui.Change{{"price", "1.00 USD", "2.00 USD"}, {"description", "", long + "\nnext"}})
	want := "+ a.csv:2: New\n~ a.csv:3: book 7\n    price       1.00 USD → 2.00 USD\n    description – → " + long + "next\n"
	if out.String() != want {
		t.Errorf("%q\nwant %q", out.String(), want)
	}
}

func TestChangesFitTheTerminal(t *testing.T) {
	for _, c := range []ui.Change{
		{"title", strings.Repeat("a", 200), strings.Repeat("b", 200)},
		{"title", "a", strings.Repeat("b", 200)},
		{"title", strings.Repeat("a", 200), "b"},
		{"title", "", ""},
	} {
		for _, width := range []int{20, 40, 80} {
			var out bytes.Buffer
			s := &ui.Streams{Err: ui.Screen(&out, width, false)}
			s.Changed("x", []ui.Change{c})
			for line := range strings.Lines(out.String()) {
				if got := ui.DisplayWidth(strings.TrimSuffix(line, "\n")); got > width {
					t.Errorf("%d columns on a terminal of %d: %q", got, width, line)
				}
			}
			if shown := strings.Count(out.String(), "→"); shown != 1 {
				t.Errorf("width %d: %q", width, out.String())
			}
		}
	}
	var out bytes.Buffer
	(&ui.Streams{Err: ui.Screen(&out, 40, true)}).Changed("x", []ui.Change{{"price", "1", "2"}})
	if !strings.Contains(out.String(), "\x1b[31m1\x1b[0m") || !strings.Contains(out.String(), "\x1b[32m2\x1b[0m") {
		t.Errorf("before and after look the same: %q", out.String())
	}
}
