package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func card(t *testing.T, width int, color bool, c Card) string {
	t.Helper()
	var out bytes.Buffer
	if err := Screen(&out, width, color).Card(c); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestCardShowsABook(t *testing.T) {
	got := card(t, 40, false, Card{
		Title:    "Streaming Systems",
		Subtitle: "Tyler Akidau, Slava Chernyak, Reuven Lax",
		Facts:    []Fact{{"price", Cell{"44.99 USD", Price}}, {"year", Cell{}}, {"stock", Cell{"12", Good}}},
		Text:     "First.\n\nSecond, which is longer than one line of the card.",
	})
	want := `
╭──────────────────────────────────────╮
│ Streaming Systems                    │
│ Tyler Akidau, Slava Chernyak, Reuven │
│ Lax                                  │
│                                      │
│ price  44.99 USD                     │
│ stock  12                            │
│                                      │
│ First.                               │
│                                      │
│ Second, which is longer than one     │
│ line of the card.                    │
╰──────────────────────────────────────╯
`
	if got != want[1:] {
		t.Errorf("got\n%s\nwant%s", got, want)
	}
}

func TestNarrowCardPutsValuesBelowTheirKeys(t *testing.T) {
	got := card(t, 20, false, Card{Title: "Go", Facts: []Fact{{"isbn13", Cell{"9781491983874", Plain}}}})
	want := `
╭──────────────────╮
│ Go               │
│                  │
│ isbn13           │
│   9781491983874  │
╰──────────────────╯
`
	if got != want[1:] {
		t.Errorf("got\n%s\nwant%s", got, want)
	}
}

func TestCardHoldsHostileTextInsideItsFrame(t *testing.T) {
	hostile := Card{
		Title:    "\x1b[2J百年の孤独" + strings.Repeat("長", 90),
		Subtitle: strings.Repeat("x", 742),
		Facts:    []Fact{{"publisher", Cell{"\u202eevil\r\nhouse 👩‍👩‍👧 ❤️ க்ஷி 🇩🇪", Bad}}},
		Text:     "one\x1b]0;t\a\ttwo\u2028" + strings.Repeat("ab\u0301", 300),
	}
	for _, width := range []int{20, 33, 80, 200} {
		got := card(t, width, true, hostile)
		fits(t, width, got)
		for line := range strings.SplitSeq(strings.TrimSpace(ansi.Strip(got)), "\n") {
			if DisplayWidth(line) != min(width, 80) {
				t.Errorf("the frame is broken at %d columns: %q", width, line)
			}
		}
		if strings.Contains(got, "\x1b[2J") || strings.ContainsRune(got, '\u202e') {
			t.Errorf("got %q", got)
		}
	}
}

func TestEmptyCardIsAFrame(t *testing.T) {
	if got := strings.Count(card(t, 20, false, Card{}), "\n"); got != 2 {
		t.Errorf("%d lines", got)
	}
}
