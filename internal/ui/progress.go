package ui

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	redraw = 100 * time.Millisecond
	maxBar = 30
	minBar = 5
)

// Progress is one line that says how far something long has come. It moves on
// a terminal and is silent anywhere else. One goroutine uses it.
type Progress struct {
	t       *Terminal
	unit    string
	total   int64
	done    int64
	now     func() time.Time
	started time.Time
	drawn   time.Time
	shown   int // columns that the line on the screen takes
}

// NewProgress counts units, such as "rows", up to total; 0 if the total is not
// known.
func (t *Terminal) NewProgress(unit string, total int64, now func() time.Time) *Progress {
	start := now()
	return &Progress{t: t, unit: unit, total: total, now: now, started: start, drawn: start}
}

// Update says how many units are done. It draws at most ten times a second, so
// it may be called for every one.
func (p *Progress) Update(done int64) {
	p.done = done
	if !p.t.moves {
		return
	}
	if now := p.now(); now.Sub(p.drawn) >= redraw {
		p.drawn = now
		p.draw(now)
	}
}

// Done leaves the last state standing, if the line was ever shown.
func (p *Progress) Done() {
	if p.shown > 0 {
		p.draw(p.now())
		p.print("\n")
		p.shown = 0
	}
}

// Clear takes the line away, for other text to be written; the next Update
// shows it again.
func (p *Progress) Clear() {
	if p.shown > 0 {
		p.print("\r" + padding(p.shown) + "\r")
		p.shown = 0
	}
}

// draw writes over the line before, without an escape sequence.
func (p *Progress) draw(now time.Time) {
	text := truncate(p.text(now.Sub(p.started)), p.t.width-1)
	width := DisplayWidth(text)
	if room := min(p.t.width-1-width-len(gutter), maxBar); p.total > 0 && room >= minBar {
		text = p.bar(room) + gutter + text
		width += room + len(gutter)
	}
	p.print("\r" + text + padding(p.shown-width))
	p.shown = width
}

// print ignores errors: the work goes on, whether or not anyone watches.
func (p *Progress) print(s string) { _, _ = io.WriteString(p.t, s) }

func (p *Progress) bar(width int) string {
	full := int(min(p.done, p.total) * int64(width) / p.total)
	return p.t.Paint(Good, strings.Repeat("█", full)) + p.t.Paint(Dim, strings.Repeat("░", width-full))
}

func (p *Progress) text(elapsed time.Duration) string {
	count := Count(p.done)
	if p.total > 0 {
		count += " / " + Count(p.total)
	}
	parts := []string{count + " " + p.unit}
	rate := float64(p.done) / max(elapsed.Seconds(), 0.001)
	if p.done > 0 {
		parts = append(parts, Count(int64(rate))+"/s")
	}
	if left := p.total - p.done; left > 0 && p.done > 0 {
		parts = append(parts, duration(float64(left)/rate)+" left")
	}
	return strings.Join(parts, gutter)
}

func duration(seconds float64) string {
	s := int64(seconds + 0.5)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	default:
		return fmt.Sprintf("%s h %d min", Count(s/3600), s%3600/60)
	}
}
