package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// server is a process that serves on loopback.
type server struct {
	name string
	addr string
	cmd  *exec.Cmd
	log  string
	// gone is closed when the process has ended; end is then how.
	gone chan struct{}
	end  error
}

// serve starts a program and waits until it says in its log where it listens.
// The log goes to a file, as it would in production, and not through us.
func (b *bench) serve(ctx context.Context, name string, env []string, program string, args ...string) (*server, error) {
	s := &server{name: name, log: filepath.Join(b.dir, name+".log"), gone: make(chan struct{})}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own
	s.cmd = exec.CommandContext(ctx, program, args...)
	s.cmd.Env = append(b.environ(), env...)
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.end = s.cmd.Wait()
		close(s.gone)
	}()
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *server) await(ctx context.Context) error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if s.addr = readyAddr(s.log); s.addr != "" {
			return nil
		}
		select {
		case <-s.gone:
			said, _ := os.ReadFile(s.log) // for the message alone
			return fmt.Errorf("%s ended: %w\n%s", s.name, s.end, said)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s did not become ready", s.name)
}

// readyAddr finds the address in a server's log; "" if it is not there yet.
func readyAddr(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(data) {
		var said struct{ Msg, Addr string }
		if json.Unmarshal(line, &said) == nil && said.Msg == "ready" {
			return said.Addr
		}
	}
	return ""
}

// cpu is the CPU time that the server has had.
func (s *server) cpu() time.Duration { return cpuTime(s.cmd.Process.Pid) }

// stop tells the server to end, and waits for it.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.gone:
		return nil
	case <-time.After(20 * time.Second):
		return s.cmd.Process.Kill()
	}
}

// stopAll ends servers, some of which may not have started.
func stopAll(servers ...*server) {
	for _, s := range servers {
		if s == nil {
			continue
		}
		if err := s.stop(); err != nil {
			fmt.Fprintf(os.Stderr, "stopping %s: %v\n", s.name, err)
		}
	}
}

// environ is an environment without settings of the user's.
func (b *bench) environ() []string {
	return []string{
		"HOME=" + b.dir, "TMPDIR=" + os.TempDir(), "PATH=" + os.Getenv("PATH"),
		"XDG_STATE_HOME=" + filepath.Join(b.dir, "state"), profileVariable + "=" + os.Getenv(profileVariable),
	}
}

// serveStore starts `bazar serve` on a store's directory.
func (b *bench) serveStore(ctx context.Context, dir string) (*server, error) {
	return b.serve(ctx, filepath.Base(dir)+"-serve", []string{"BAZAR_DATA_DIR=" + dir},
		b.program("bazar-cli"), "serve", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0")
}

// bazar makes a `bazar` process on a store's directory.
func (b *bench) bazar(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.program("bazar-cli"), args...)
	cmd.Env = append(b.environ(), "BAZAR_DATA_DIR="+dir)
	return cmd
}

// exitPartly is how `bazar import` ends when it rejected some rows: real book
// files have wrong ISBNs.
const exitPartly = 8

// outcome is how a process ended.
type outcome struct {
	took time.Duration
	rss  int64 // the most memory it had at once, in bytes; 0 where the system does not tell
	out  []byte
}

// finish runs a process to its end; what it says on stderr is in the error.
func finish(cmd *exec.Cmd) (o outcome, err error) {
	var out, said bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &said
	start := time.Now()
	err = cmd.Run()
	o.took, o.out = time.Since(start), out.Bytes()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && ended.ExitCode() == exitPartly {
		err = nil
	}
	if err != nil {
		return o, fmt.Errorf("%s: %w\n%s", cmd, err, said.Bytes())
	}
	o.rss = peakRSS(cmd.ProcessState)
	return o, nil
}
