package ui

import (
	"fmt"
	"strings"
)

// Change is a part of something that becomes another; an empty text is none.
type Change struct{ Name, Before, After string }

// Added says on Err that something would be new.
func (s *Streams) Added(what string) {
	_, _ = fmt.Fprintln(s.Err, s.Err.Paint(Good, "+"), Clean(what))
}

// Changed says on Err what would become of something. On a terminal long values
// are cut, so that each is on one line.
func (s *Streams) Changed(what string, changes []Change) {
	t := s.Err
	_, _ = fmt.Fprintln(t, t.Paint(Warn, "~"), Clean(strings.TrimSuffix(what, ", ")))
	name := 0
	for _, c := range changes {
		name = max(name, DisplayWidth(c.Name))
	}
	for _, c := range changes {
		before, after := t.fitted(c.Before, c.After, t.width-name-len("    ")-len("    "))
		_, _ = fmt.Fprintf(t, "    %s%s %s → %s\n", t.Paint(Key, c.Name), padding(name-DisplayWidth(c.Name)), t.Paint(Bad, before), t.Paint(Good, after))
	}
}

// fitted cuts two texts to so many columns together, the longer one first.
func (t *Terminal) fitted(a, b string, width int) (string, string) {
	a, b = shown(a), shown(b)
	if !t.tty {
		return a, b
	}
	half := max(width/2, minFlex)
	room := max(half, width-min(DisplayWidth(a), half))
	b = truncate(b, room)
	return truncate(a, max(half, width-DisplayWidth(b))), b
}

// shown is a value on one line; one that is none has a sign of its own.
func shown(value string) string {
	if value = Clean(value); value == "" {
		return "–"
	}
	return value
}
