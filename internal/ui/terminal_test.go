package ui

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

func environment(pairs ...string) func(string) string {
	return func(key string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestAPipeIsPlain(t *testing.T) {
	s := NewStreams(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}, environment())
	if s.Out.IsTerminal() || s.InTerminal() {
		t.Error("a buffer passes for a terminal")
	}
	if got := s.Out.Width(); got != 80 {
		t.Errorf("width = %d, want 80", got)
	}
	if got := s.Out.Paint(Bad, "none"); got != "none" {
		t.Errorf("painted %q", got)
	}
}

func TestColumnsSetsTheWidth(t *testing.T) {
	for env, want := range map[string]int{"120": 120, "3": 20, "wide": 80, "-1": 80} {
		s := NewStreams(nil, &bytes.Buffer{}, &bytes.Buffer{}, environment("COLUMNS", env))
		if got := s.Out.Width(); got != want {
			t.Errorf("COLUMNS=%s: width = %d, want %d", env, got, want)
		}
	}
}

func TestColorFlagBeatsTheEnvironment(t *testing.T) {
	s := NewStreams(nil, &bytes.Buffer{}, &bytes.Buffer{}, environment("NO_COLOR", "yes", "TERM", "dumb"))
	for _, c := range []struct {
		mode string
		want string
	}{
		{"always", "\x1b[31mnone\x1b[0m"},
		{"never", "none"},
		{"auto", "none"},
	} {
		if err := s.SetColor(c.mode); err != nil {
			t.Fatal(err)
		}
		if got := s.Out.Paint(Bad, "none"); got != c.want {
			t.Errorf("--color %s paints %q, want %q", c.mode, got, c.want)
		}
	}
}

func TestColorFlagSaysWhatItTakes(t *testing.T) {
	s := &Streams{Out: Pipe(nil), Err: Pipe(nil)}
	err := s.SetColor("pink")
	if api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), "auto, always or never") {
		t.Errorf("err = %v", err)
	}
}

func TestRolesUseTheThemesOwnColours(t *testing.T) {
	screen := Screen(&bytes.Buffer{}, 80, true)
	for role := Plain; role <= Key; role++ {
		if got := screen.Paint(role, "x"); strings.Contains(got, "38;") {
			t.Errorf("role %d paints %q, beyond the 16 colours", role, got)
		}
	}
}

func TestMessagesAreLabelledAndClean(t *testing.T) {
	var out bytes.Buffer
	s := &Streams{Err: Pipe(&out)}
	s.Error(errors.New("no book \x1b[31m9\nhere"), "bazar search go")
	s.Note("20+ books")
	want := "error: no book 9 here\nhint: bazar search go\nnote: 20+ books\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
