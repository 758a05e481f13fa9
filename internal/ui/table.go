package ui

import (
	"io"
	"slices"
	"strings"
)

const (
	gutter = "  "
	// sample is how many rows a table sees before it settles its widths; what
	// comes later must fit, so that a long list streams.
	sample  = 200
	minFlex = 3
)

// Cell is a piece of text and what it is to its reader.
type Cell struct {
	Text string
	Role Role
}

// Column is a column of a [Table]. A flexible one is the first to be cut when
// the terminal is narrow; From hides it on a terminal of fewer columns.
type Column struct {
	Title string
	Right bool
	Flex  bool
	From  int
}

// Table lays rows out in columns that fit the terminal. It prints nothing at
// all if it gets no rows.
type Table struct {
	t       *Terminal
	columns []Column
	rows    [][]Cell
	widths  []int // nil until settled; 0 hides a column
}

// NewTable is an empty table on t.
func (t *Terminal) NewTable(columns []Column) *Table { return &Table{t: t, columns: columns} }

// Row adds a row, a cell for each column; their text is cleaned.
func (t *Table) Row(cells []Cell) error {
	for i := range cells {
		cells[i].Text = Clean(cells[i].Text)
	}
	t.rows = append(t.rows, cells)
	if len(t.rows) < sample {
		return nil
	}
	return t.Flush()
}

// Flush prints the rows that are still held.
func (t *Table) Flush() error {
	if len(t.rows) == 0 {
		return nil
	}
	var b strings.Builder
	if t.widths == nil {
		t.widths = t.fit()
		t.head(&b)
	}
	for _, row := range t.rows {
		t.line(&b, row)
	}
	t.rows = t.rows[:0]
	_, err := io.WriteString(t.t, b.String())
	return err
}

func (t *Table) head(b *strings.Builder) {
	titles := make([]Cell, len(t.columns))
	for i, c := range t.columns {
		titles[i] = Cell{c.Title, Key}
	}
	t.line(b, titles)
	b.WriteString(t.t.Paint(Dim, strings.Repeat("─", total(t.widths))) + "\n")
}

func (t *Table) line(b *strings.Builder, cells []Cell) {
	var parts []string
	for i, width := range t.widths {
		if width > 0 {
			parts = append(parts, t.cell(cells[i], width, t.columns[i].Right))
		}
	}
	b.WriteString(strings.TrimRight(strings.Join(parts, gutter), " ") + "\n")
}

func (t *Table) cell(c Cell, width int, right bool) string {
	text := truncate(c.Text, width)
	pad, painted := padding(width-DisplayWidth(text)), t.t.Paint(c.Role, text)
	if right {
		return pad + painted
	}
	return painted + pad
}

// fit gives every column what it needs, then takes from the widest until the
// table fits; at the very end, from the number of columns.
func (t *Table) fit() []int {
	widths := t.natural()
	for total(widths) > t.t.width {
		if i := t.widest(widths); i >= 0 {
			widths[i]--
		} else {
			widths[lastShown(widths)] = 0
		}
	}
	return widths
}

func (t *Table) natural() []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		if c.From > t.t.width {
			continue
		}
		widths[i] = DisplayWidth(c.Title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], DisplayWidth(row[i].Text))
		}
	}
	return widths
}

// widest is the widest flexible column that can spare something, else the
// widest of all; -1 if none can.
func (t *Table) widest(widths []int) int {
	flexible, widest := -1, -1
	for i, w := range widths {
		if w > 1 && (widest < 0 || w > widths[widest]) {
			widest = i
		}
		if t.columns[i].Flex && w > minFlex && (flexible < 0 || w > widths[flexible]) {
			flexible = i
		}
	}
	if flexible >= 0 {
		return flexible
	}
	return widest
}

func lastShown(widths []int) int {
	for i, w := range slices.Backward(widths) {
		if w > 0 {
			return i
		}
	}
	return 0
}

func total(widths []int) int {
	sum := -len(gutter)
	for _, w := range widths {
		if w > 0 {
			sum += w + len(gutter)
		}
	}
	return sum
}
