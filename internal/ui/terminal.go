// Package ui is the only place that styles text: what a terminal can show,
// what is safe to show on it, and the tables, cards, progress and messages that
// people see. It knows the wire types' errors and nothing else of Bazar.
package ui

import (
	"io"
	"strconv"
	"sync"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	"golang.org/x/term"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	defaultWidth = 80
	minWidth     = 20
)

// Streams are the three standard streams of a command.
type Streams struct {
	In       io.Reader
	Out, Err *Terminal
}

// NewStreams looks once at the streams and at COLUMNS, NO_COLOR and TERM;
// colour is then as with --color auto. A stream that is no *os.File is no
// terminal.
func NewStreams(in io.Reader, out, err io.Writer, getenv func(string) string) *Streams {
	return &Streams{In: in, Out: newTerminal(out, getenv), Err: newTerminal(err, getenv)}
}

// InTerminal says whether someone types at In.
func (s *Streams) InTerminal() bool { return isTerminal(s.In) }

// SetColor obeys --color: auto, always or never. What it is told beats the
// environment.
func (s *Streams) SetColor(mode string) error {
	for _, t := range []*Terminal{s.Out, s.Err} {
		switch mode {
		case "auto":
			t.color = t.autoColor
		case "always":
			t.color = true
		case "never":
			t.color = false
		default:
			return api.Errorf(api.CodeInvalid, "--color takes auto, always or never, not %q", mode)
		}
	}
	return nil
}

// Terminal is a stream for output and what it can show. It may well not be a
// terminal: then it has no colour of its own accord, and nothing moves on it.
type Terminal struct {
	w                io.Writer
	tty, moves       bool
	color, autoColor bool
	width            int
	renderer         func() *lipgloss.Renderer
}

// Screen is a terminal that draws on w, of a fixed width in columns.
func Screen(w io.Writer, width int, color bool) *Terminal {
	return &Terminal{
		w: w, tty: true, moves: true, color: color, autoColor: color,
		width: max(width, minWidth), renderer: lazyRenderer(w),
	}
}

// Pipe is a stream that is not a terminal.
func Pipe(w io.Writer) *Terminal {
	return &Terminal{w: w, width: defaultWidth, renderer: lazyRenderer(w)}
}

func newTerminal(w io.Writer, getenv func(string) string) *Terminal {
	t := Pipe(w)
	t.tty = isTerminal(w)
	t.moves = t.tty && getenv("TERM") != "dumb"
	t.autoColor = t.moves && getenv("NO_COLOR") == ""
	t.color = t.autoColor
	t.width = max(columns(w, t.tty, getenv("COLUMNS")), minWidth)
	return t
}

// lazyRenderer names colour profile and background itself: left to find out,
// Lip Gloss asks the terminal and waits seconds for one that does not answer.
func lazyRenderer(w io.Writer) func() *lipgloss.Renderer {
	return sync.OnceValue(func() *lipgloss.Renderer {
		r := lipgloss.NewRenderer(w, termenv.WithProfile(termenv.ANSI))
		r.SetColorProfile(termenv.ANSI)
		r.SetHasDarkBackground(true)
		return r
	})
}

func columns(w io.Writer, tty bool, env string) int {
	if n, err := strconv.Atoi(env); err == nil && n > 0 {
		return n
	}
	if tty {
		if n, _, err := term.GetSize(descriptor(w)); err == nil && n > 0 {
			return n
		}
	}
	return defaultWidth
}

func isTerminal(stream any) bool {
	fd := descriptor(stream)
	return fd >= 0 && term.IsTerminal(fd)
}

func descriptor(stream any) int {
	if f, ok := stream.(interface{ Fd() uintptr }); ok {
		return int(f.Fd())
	}
	return -1
}

// Write passes p on as it is.
func (t *Terminal) Write(p []byte) (int, error) { return t.w.Write(p) }

// IsTerminal says whether someone looks at it.
func (t *Terminal) IsTerminal() bool { return t.tty }

// Width is how many columns a line has: COLUMNS, the terminal's, or 80.
func (t *Terminal) Width() int { return t.width }
