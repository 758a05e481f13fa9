package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func books() []Column {
	return []Column{
		{Title: "id", Right: true},
		{Title: "title", Flex: true},
		{Title: "authors", Flex: true, From: 48},
		{Title: "price", Right: true},
	}
}

func draw(t *testing.T, width int, color bool, columns []Column, rows ...[]Cell) string {
	t.Helper()
	var out bytes.Buffer
	table := Screen(&out, width, color).NewTable(columns)
	for _, row := range rows {
		if err := table.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func row(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, s := range texts {
		cells[i].Text = s
	}
	return cells
}

// fits checks every line as the terminal counts it, colours aside.
func fits(t *testing.T, width int, output string) {
	t.Helper()
	for line := range strings.SplitSeq(output, "\n") {
		if n := DisplayWidth(ansi.Strip(line)); n > width {
			t.Errorf("line of %d columns on a terminal of %d: %q", n, width, line)
		}
	}
}

func TestTableAlignsItsColumns(t *testing.T) {
	got := draw(t, 60, false, books(),
		row("2", "Streaming Systems", "Tyler Akidau", "44.99 USD"),
		row("101", "百年の孤独", "García Márquez", "9.50 USD"))
	want := "" +
		" id  title              authors             price\n" +
		"─────────────────────────────────────────────────\n" +
		"  2  Streaming Systems  Tyler Akidau    44.99 USD\n" +
		"101  百年の孤独         García Márquez   9.50 USD\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTableWithoutRowsPrintsNothing(t *testing.T) {
	if got := draw(t, 60, false, books()); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestNarrowTerminalCutsTheWidestFirst(t *testing.T) {
	got := draw(t, 48, false, books(), row("2", "Go", strings.Repeat("Many Authors, ", 53), "44.99 USD"))
	fits(t, 48, got)
	if strings.Count(got, "…") != 1 || !strings.Contains(got, " Go ") || !strings.Contains(got, "44.99 USD") {
		t.Errorf("got\n%s", got)
	}
}

func TestVeryNarrowTerminalHidesColumns(t *testing.T) {
	got := draw(t, 20, false, books(), row("2", "Streaming Systems", "Tyler Akidau", "44.99 USD"))
	fits(t, 20, got)
	if strings.Contains(got, "authors") || !strings.Contains(got, "44.99 USD") {
		t.Errorf("got\n%s", got)
	}
}

func TestMoreColumnsThanTheTerminalHasStillFit(t *testing.T) {
	many := make([]Column, 15)
	cells := make([]Cell, 15)
	for i := range many {
		many[i].Title, cells[i].Text = "column", "value"
	}
	fits(t, 20, draw(t, 20, false, many, cells))
}

func TestTableCleansItsCells(t *testing.T) {
	got := draw(t, 60, true, books(),
		row("1", "\x1b[31mred\nalert", "\u202eexe.txt", "1"),
		[]Cell{{"2", Dim}, {"e\u0301\u0301 שלום 한글 👩‍🚀", Title}, {strings.Repeat("作者", 371), Plain}, {"2", Price}})
	fits(t, 60, got)
	if strings.Contains(got, "\x1b[31m") || strings.Contains(got, "\u202e") || strings.Count(got, "\n") != 4 {
		t.Errorf("got %q", got)
	}
}

func TestColourDoesNotMoveColumns(t *testing.T) {
	cells := func() []Cell { return []Cell{{"2", Dim}, {"Go", Title}, {"A", Plain}, {"none", Bad}} }
	plain, painted := draw(t, 60, false, books(), cells()), draw(t, 60, true, books(), cells())
	if ansi.Strip(painted) != plain || painted == plain {
		t.Errorf("painted %q, plain %q", painted, plain)
	}
}

func TestLongTableStreamsInTheWidthsOfItsStart(t *testing.T) {
	var out bytes.Buffer
	table := Screen(&out, 60, false).NewTable(books())
	for range sample {
		if err := table.Row(row("1", "Go", "A", "1")); err != nil {
			t.Fatal(err)
		}
	}
	if out.Len() == 0 {
		t.Error("a long table waits for its end")
	}
	if err := table.Row(row("1", "A longer title", "A", "1")); err != nil {
		t.Fatal(err)
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), " 1  A lo…  A            1\n") {
		t.Errorf("ends %q", out.String()[out.Len()-60:])
	}
}
