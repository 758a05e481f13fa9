// Package prompt reads secrets: typed at a terminal that does not show them,
// from a stream, or from a file that nobody else may read. A secret is never an
// argument, where every program on the machine could see it.
package prompt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// maxSecret is the longest secret that is read, in bytes.
const maxSecret = 4 << 10

// Terminal is where a person types. Questions go to out.
type Terminal struct {
	In  io.Reader
	Out io.Writer
}

// IsThere says whether somebody can type.
func (t Terminal) IsThere() bool { return t.descriptor() >= 0 }

func (t Terminal) descriptor() int {
	if f, ok := t.In.(interface{ Fd() uintptr }); ok && term.IsTerminal(int(f.Fd())) {
		return int(f.Fd())
	}
	return -1
}

// ErrInterrupted is that of who presses Ctrl-C, or Ctrl-D, instead of typing.
var ErrInterrupted = errors.New("interrupted")

// Ask asks for a secret, which the terminal does not show. Where ctx ends first
// the terminal is as it was.
func (t Terminal) Ask(ctx context.Context, question string) (string, error) {
	secrets, err := t.ask(ctx, question)
	if err != nil {
		return "", err
	}
	return secrets[0], nil
}

// AskNew asks for a secret that is made now, twice, because a slip can't be seen.
func (t Terminal) AskNew(ctx context.Context, question, again string) (string, error) {
	secrets, err := t.ask(ctx, question, again)
	switch {
	case err != nil:
		return "", err
	case secrets[0] != secrets[1]:
		return "", api.Errorf(api.CodeInvalid, "the two are not the same; nothing was done")
	}
	return secrets[0], nil
}

// ask asks for one secret after the other. The terminal shows nothing from before
// the first question until after the last answer, however fast somebody types.
func (t Terminal) ask(ctx context.Context, questions ...string) ([]string, error) {
	fd := t.descriptor()
	if fd < 0 {
		return nil, api.Errorf(api.CodeInvalid, "nobody can type a password here: standard input is no terminal")
	}
	before, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	type answers struct {
		secrets []string
		err     error
	}
	typed := make(chan answers, 1)
	go func() { // a read can't be called off; it ends with the process
		secrets, err := t.read(questions)
		typed <- answers{secrets, err}
	}()
	var a answers
	select {
	case a = <-typed:
	case <-ctx.Done():
		a.err = ctx.Err()
	}
	if err := term.Restore(fd, before); err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	if errors.Is(a.err, ErrInterrupted) {
		_, _ = fmt.Fprintln(t.Out) // what follows begins on a line of its own
	}
	return a.secrets, a.err
}

func (t Terminal) read(questions []string) ([]string, error) {
	line := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{t.In, t.Out}, "")
	secrets := make([]string, 0, len(questions))
	for _, question := range questions {
		secret, err := line.ReadPassword(question + " ")
		if errors.Is(err, io.EOF) {
			return nil, ErrInterrupted
		}
		if err != nil && !errors.Is(err, term.ErrPasteIndicator) {
			return nil, fmt.Errorf("terminal: %w", err)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// Lines reads so many secrets from a stream, one a line.
func Lines(in io.Reader, count int) ([]string, error) {
	lines := bufio.NewScanner(io.LimitReader(in, int64(count)*maxSecret))
	secrets := make([]string, 0, count)
	for len(secrets) < count && lines.Scan() {
		secrets = append(secrets, strings.TrimSuffix(lines.Text(), "\r"))
	}
	if err := lines.Err(); err != nil {
		return nil, api.Wrap(api.CodeInvalid, err, "standard input can't be read")
	}
	if len(secrets) < count {
		return nil, api.Errorf(api.CodeInvalid, "standard input has %d of %d lines; give one secret a line", len(secrets), count)
	}
	return secrets, nil
}

// File reads a secret from the first line of a file that nobody but its owner may
// read. Of one that others may read, the error says what to type.
func File(path string) (string, error) {
	if err := trust.CheckPrivate(path); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", api.Errorf(api.CodeInvalid, "%w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	secrets, err := Lines(f, 1)
	if err != nil {
		return "", api.Errorf(api.CodeInvalid, "%s has no secret in its first line", path)
	}
	return secrets[0], nil
}
