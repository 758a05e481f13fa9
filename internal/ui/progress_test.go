package ui

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// clock is a time that the test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func (c *clock) pass(d time.Duration) { c.Time = c.Add(d) }

func last(out *bytes.Buffer) string {
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\r")
	return strings.TrimRight(lines[len(lines)-1], " ")
}

func TestProgressSaysHowFarAndHowFast(t *testing.T) {
	var out bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := Screen(&out, 80, false).NewProgress("rows", 1_000_000, c.now)
	c.pass(2 * time.Second)
	p.Update(100_000)
	want := strings.Repeat("█", 3) + strings.Repeat("░", 27) + "  100,000 / 1,000,000 rows  50,000/s  18 s left"
	if got := last(&out); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressWithoutATotalCounts(t *testing.T) {
	var out bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := Screen(&out, 80, false).NewProgress("rows", 0, c.now)
	c.pass(time.Second)
	p.Update(1_500)
	if got := last(&out); got != "1,500 rows  1,500/s" {
		t.Errorf("got %q", got)
	}
}

func TestProgressDrawsTenTimesASecondAtMost(t *testing.T) {
	var out bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := Screen(&out, 80, false).NewProgress("rows", 0, c.now)
	for i := range int64(1000) {
		c.pass(time.Millisecond)
		p.Update(i)
	}
	if got := strings.Count(out.String(), "\r"); got != 10 {
		t.Errorf("drawn %d times", got)
	}
}

func TestProgressLeavesNoTraceWhenCleared(t *testing.T) {
	var out bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := Screen(&out, 30, false).NewProgress("rows", 100, c.now)
	c.pass(time.Second)
	p.Update(50)
	p.Clear()
	if !strings.HasSuffix(out.String(), "\r"+strings.Repeat(" ", 29)+"\r") {
		t.Errorf("got %q", out.String())
	}
	fits(t, 29, strings.ReplaceAll(out.String(), "\r", "\n"))
}

func TestProgressDoneStays(t *testing.T) {
	var out bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := Screen(&out, 80, false).NewProgress("rows", 10, c.now)
	c.pass(time.Second)
	p.Update(5)
	p.Update(10)
	p.Done()
	if got := last(&out); !strings.HasSuffix(got, "10 / 10 rows  10/s") {
		t.Errorf("got %q", got)
	}
	if !strings.HasSuffix(out.String(), "\n") {
		t.Error("what follows stands on the same line")
	}
}

func TestProgressIsSilentInAPipe(t *testing.T) {
	var out bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := Pipe(&out).NewProgress("rows", 10, c.now)
	c.pass(time.Hour)
	p.Update(5)
	p.Done()
	p.Clear()
	if out.Len() > 0 {
		t.Errorf("got %q", out.String())
	}
}

func TestDurations(t *testing.T) {
	for seconds, want := range map[float64]string{0.2: "0 s", 59: "59 s", 200: "3 min 20 s", 7260: "2 h 1 min"} {
		if got := duration(seconds); got != want {
			t.Errorf("duration(%v) = %q, want %q", seconds, got, want)
		}
	}
}
