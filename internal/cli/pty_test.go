package cli_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/bazar-store/bazar/internal/ui"
)

// screen is what a command wrote to a terminal.
type screen struct {
	text, stderr string
	exit         int
	took         time.Duration
}

// show runs a command on a terminal of a width that answers nothing it is asked.
// stderr goes elsewhere.
func show(t *testing.T, env []string, columns int, args ...string) screen {
	t.Helper()
	cmd := exec.Command("bazar", args...)
	var errs bytes.Buffer
	cmd.Env, cmd.Stderr = env, &errs
	start := time.Now()
	terminal := open(t, cmd, columns)
	text := readAll(t, terminal)
	_ = cmd.Wait() // its exit code tells
	return screen{text, errs.String(), cmd.ProcessState.ExitCode(), time.Since(start)}
}

func open(t *testing.T, cmd *exec.Cmd, columns int) *os.File {
	t.Helper()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: uint16(columns)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return terminal
}

// readAll reads until the last process has left the terminal, which Linux
// reports as EIO.
func readAll(t *testing.T, terminal io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(terminal)
	if err != nil && !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// onTerminal is the environment of someone at a terminal, with a store that is
// there already.
func onTerminal(t *testing.T, more ...string) []string {
	t.Helper()
	env := append(home(t.TempDir()), append([]string{"TERM=xterm-256color", "LANG=C.UTF-8"}, more...)...)
	bazar(t, env, "buy", "3")
	return env
}

// plain is what stands on a screen without its colours.
func plain(text string) string {
	return regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(text, "")
}

func TestTerminalGetsTheStyledForm(t *testing.T) {
	t.Parallel()
	env := onTerminal(t)
	table := show(t, env, 120, "search", "go")
	for _, part := range []string{"\x1b[", "───", "authors", "39.99 USD", "Concurrency in Go"} {
		if !strings.Contains(table.text, part) {
			t.Errorf("the table has no %q:\n%s", part, table.text)
		}
	}
	card := show(t, env, 120, "info", "8")
	for _, part := range []string{"\x1b[", "╭─", "Designing Data-Intensive Applications", "9781449373320"} {
		if !strings.Contains(card.text, part) {
			t.Errorf("the card has no %q:\n%s", part, card.text)
		}
	}
	if piped := bazar(t, env, "search", "go"); strings.ContainsAny(piped, "\x1b─") || !strings.Contains(piped, "\t") {
		t.Errorf("in a pipe it is not plain:\n%s", piped)
	}
	indented := show(t, env, 120, "info", "8", "--json", "--fields", "id")
	if indented.text != "{\n  \"id\": 8\n}\n" {
		t.Errorf("JSON on a terminal: %q", indented.text)
	}
}

func TestColourIsTurnedOff(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]struct{ env, flag string }{
		"NO_COLOR":      {"NO_COLOR=yes", "auto"},
		"TERM":          {"TERM=dumb", "auto"},
		"--color never": {"CLICOLOR_FORCE=1", "never"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := show(t, onTerminal(t, at.env), 100, "search", "go", "--color", at.flag)
			if strings.Contains(s.text, "\x1b") || !strings.Contains(s.text, "───") {
				t.Errorf("not a table without colour:\n%q", s.text)
			}
		})
	}
}

func TestTerminalThatDoesNotAnswerIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	env := onTerminal(t)
	limit := time.Second
	if raceEnabled {
		limit *= 5
	}
	for _, args := range [][]string{{"search", "go"}, {"info", "8"}, {"buy", "3"}, {"help"}, {"topics"}} {
		s := show(t, env, 80, args...)
		if s.took > limit {
			t.Errorf("%q took %s", args, s.took)
		}
		if got := plain(s.text); strings.Contains(got, "\x1b") {
			t.Errorf("%q asks the terminal: %q", args, got)
		}
	}
}

func TestTablesFitNarrowTerminals(t *testing.T) {
	t.Parallel()
	env := onTerminal(t)
	id := bazar(t, env, "buy", "8:2", "26", "-q")
	for _, columns := range []int{20, 33, 40, 72, 80, 132} {
		for _, args := range [][]string{
			{"search", "--all"},
			{"info", "26", "14"},
			{"topics"},
			{"orders", "list"},
			{"orders", "show", id},
			{"history", "3"},
			{"status"},
			{"buy", "3"},
			{"stock", "add", "3", "1"},
		} {
			s := show(t, env, columns, args...)
			if s.exit != 0 {
				t.Fatalf("%q: exit %d: %s", args, s.exit, s.stderr)
			}
			fits(t, s.text, columns)
		}
	}
}

func fits(t *testing.T, text string, columns int) {
	t.Helper()
	for line := range strings.SplitSeq(plain(text), "\n") {
		if width := ui.DisplayWidth(line); width > columns {
			t.Errorf("%d columns on a terminal of %d: %q", width, columns, line)
		}
	}
}

// Catalogue text comes from anywhere. Whatever it holds, a terminal sees letters.
func TestHostileTextNeverReachesATerminal(t *testing.T) {
	t.Parallel()
	env := onTerminal(t)
	title := "\x1b[2J\x1b]0;owned\a\u009b31mred\r\nsecond\tline \u202eexe.txt\u2066 \u200b百年の孤独👩‍👩‍👧\x7f\x08"
	bazar(t, env, "books", "add", "--title", title, "--author", "\x1b[1mBold\x1b[0m\n", "--topic", "Traps\x1b[31m", "--price", "5",
		"--publisher", "P\u202e", "--stock", "3", "--description", "First\x1b[2J\nsecond\u202e\u0085third")
	bazar(t, env, "stock", "add", "33", "1", "--reason", "r\x1b[2J\n\u202e")
	order := bazar(t, env, "buy", "33", "-q")
	for _, args := range [][]string{
		{"search", "--topic", "traps-31m"},
		{"search", "--words", "second"},
		{"info", "33"},
		{"info", "33", "1"},
		{"topics"},
		{"history", "33"},
		{"orders", "list"},
		{"orders", "show", order},
		{"buy", "33", "--dry-run"},
		{"info", "33", "-o", "tsv"},
		{"info", "33", "-o", "csv"},
		{"info", "33", "--json"},
		{"info", "33", "-o", "ndjson"},
		{"info", "33", "--fields", "title,description"},
		{"info", "33", "--jq", ".title, .description, ."},
		{"info", "33", "--template", "{{.title}} {{json .}}"},
		{"export"},
		{"export", "--format", "ndjson"},
		{"search", title},
		{"info", title},
		{"buy", "33:99"},
	} {
		s := show(t, env, 60, args...)
		for r := range strings.SplitSeq(plain(s.text)+s.stderr, "") {
			if c := []rune(r)[0]; ui.Hidden(c) && c != '\n' && c != '\t' && c != '\r' && c != '\u200d' {
				t.Errorf("%q shows %U: %q", args, c, s.text+s.stderr)
				break
			}
		}
	}
	table := show(t, env, 60, "search", "--topic", "traps-31m")
	if rows := strings.Count(table.text, "\n"); rows != 3 {
		t.Errorf("one book takes %d lines:\n%s", rows, table.text)
	}
	fits(t, table.text, 60)
	fits(t, show(t, env, 60, "info", "33").text, 60)
}

// Who presses Ctrl-C while the shop does not answer learns how to go on, and
// going on buys once.
func TestCtrlCLeavesAPurchaseToResume(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := launchServices(home(dir), filepath.Join(dir, "services"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	env := append(home(dir), "TERM=xterm", "BAZAR_CATALOG_URL="+s.catalog.url())
	cmd := exec.Command("bazar", "buy", "3", "--timeout", "30s")
	cmd.Env = append(env, "BAZAR_ORDER_URL=http://"+silent.Addr().String())
	terminal := open(t, cmd, 100)
	call, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	if _, err := io.ReadFull(call, make([]byte, 20)); err != nil { // it has been sent
		t.Fatal(err)
	}
	if _, err := terminal.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	text := plain(readAll(t, terminal))
	_ = cmd.Wait() // its exit code tells
	if cmd.ProcessState.ExitCode() != 130 || !strings.Contains(text, "`bazar orders resume` settles it") {
		t.Fatalf("exit %d:\n%s", cmd.ProcessState.ExitCode(), text)
	}
	env = append(env, "BAZAR_ORDER_URL="+s.order.url())
	for range 2 {
		bazar(t, env, "orders", "resume")
		if stock := bazar(t, env, "info", "3", "--fields", "stock"); stock != "19" {
			t.Fatalf("stock is %s", stock)
		}
	}
}
