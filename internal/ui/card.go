package ui

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
)

const (
	maxCard = 80
	// minValue is the narrowest column of values; with less, a value stands
	// below its key.
	minValue = 16
)

// Fact is a key and its value; a fact without a value is not shown.
type Fact struct {
	Key   string
	Value Cell
}

// Card is one thing shown whole: a heading, facts and a text of any length.
// Every part may be empty.
type Card struct {
	Title    string
	Subtitle string
	Facts    []Fact
	Text     string
}

// Card prints a card, its text cleaned, no wider than the terminal or 80
// columns.
func (t *Terminal) Card(c Card) error {
	page := page{t: t, width: min(t.width, maxCard) - 4}
	page.add("", 0, Cell{c.Title, Title})
	page.add("", 0, Cell{c.Subtitle, Dim})
	page.section()
	page.facts(c.Facts)
	page.section()
	page.text(c.Text)
	_, err := io.WriteString(t, page.framed())
	return err
}

// page gathers the lines of a card.
type page struct {
	t     *Terminal
	width int
	apart bool // the next line follows an empty one
	lines []line
}

// line is painted; width is what it takes on the screen.
type line struct {
	text  string
	width int
}

func (p *page) section() { p.apart = len(p.lines) > 0 }

func (p *page) put(text string, width int) {
	if p.apart {
		p.lines, p.apart = append(p.lines, line{}), false
	}
	p.lines = append(p.lines, line{text, width})
}

// add writes a value behind its key in a column that starts at indent.
func (p *page) add(key string, indent int, value Cell) {
	value.Text = Clean(value.Text)
	if value.Text == "" {
		return
	}
	for _, text := range wrap(value.Text, p.width-indent) {
		lead := p.t.Paint(Key, key) + padding(indent-DisplayWidth(key))
		p.put(lead+p.t.Paint(value.Role, text), indent+DisplayWidth(text))
		key = ""
	}
}

func (p *page) facts(facts []Fact) {
	indent := 0
	for _, f := range facts {
		if f.Value.Text != "" {
			indent = max(indent, DisplayWidth(f.Key)+len(gutter))
		}
	}
	for _, f := range facts {
		if p.width-indent >= minValue {
			p.add(f.Key, indent, f.Value)
		} else if f.Value.Text != "" {
			p.add("", 0, Cell{f.Key, Key})
			p.add("", len(gutter), f.Value)
		}
	}
}

func (p *page) text(text string) {
	if text = strings.TrimSpace(CleanText(text)); text == "" {
		return
	}
	for _, line := range wrap(text, p.width) {
		p.put(line, DisplayWidth(line))
	}
}

// framed draws the border itself, around widths counted as the tables count
// them: Lip Gloss counts some emoji and scripts otherwise.
func (p *page) framed() string {
	border := lipgloss.RoundedBorder()
	edge := func(left, right string) string {
		return p.t.Paint(Dim, left+strings.Repeat(border.Top, p.width+2)+right) + "\n"
	}
	side := p.t.Paint(Dim, border.Left)
	var b strings.Builder
	b.WriteString(edge(border.TopLeft, border.TopRight))
	for _, l := range p.lines {
		b.WriteString(side + " " + l.text + padding(p.width-l.width) + " " + side + "\n")
	}
	b.WriteString(edge(border.BottomLeft, border.BottomRight))
	return b.String()
}
