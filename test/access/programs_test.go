// Package access shows who may do what in a store with accounts: on the real
// programs, that speak TLS and know each other by certificates.
package access_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what should take an instant.
const patience = 30 * time.Second

// TestMain builds the programs and puts them first in PATH.
func TestMain(m *testing.M) { os.Exit(withPrograms(m.Run)) }

func withPrograms(run func() int) int {
	dir, err := os.MkdirTemp("", "bazar-programs-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		err = build(dir)
	}
	if err == nil {
		err = os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}

func build(dir string) error {
	for name, room := range map[string]string{"bazar": "bazar-cli", "catalog": "catalog", "order": "order", "account": "account"} {
		out, err := exec.Command("go", "build", "-tags", "nomsgpack", "-o", filepath.Join(dir, name), "../../cmd/"+room).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", room, err, out)
		}
	}
	return nil
}

// program is a running server.
type program struct {
	cmd    *exec.Cmd
	addr   string
	admin  string
	exited chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

// launch starts a server and waits until its log says that it is ready.
func launch(env []string, name string, args ...string) (*program, error) {
	p := &program{cmd: exec.Command(name, args...), exited: make(chan struct{})}
	p.cmd.Env = env
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	go p.follow(stderr, ready)
	select {
	case <-ready:
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("%s %q ended\n%s", name, args, p.said())
	case <-time.After(patience):
		p.kill()
		return nil, fmt.Errorf("%s %q is not ready\n%s", name, args, p.said())
	}
}

func (p *program) follow(stderr io.Reader, ready chan<- struct{}) {
	defer close(p.exited)
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.log.Write(append(lines.Bytes(), '\n'))
		p.mu.Unlock()
		var line struct {
			Msg, Addr string
			Admin     string `json:"admin_addr"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
			p.addr, p.admin = line.Addr, line.Admin
			close(ready)
		}
	}
	_ = p.cmd.Wait() // it is ended by a signal
}

// said is the log so far.
func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// run runs a command to its end, which has to be a good one, and gives what it
// printed.
func run(t testing.TB, env []string, stdin, name string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var out, errs strings.Builder
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, errs.String())
	}
	return out.String(), errs.String()
}
