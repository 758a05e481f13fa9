package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should take an instant.
const patience = 30 * time.Second

// TestMain builds the programs and puts them first in PATH: what these tests
// start is what people start.
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
	args := []string{"build", "-tags", "nomsgpack", "-o", dir + string(filepath.Separator)}
	if raceEnabled {
		args = append(args, "-race")
	}
	args = append(args, "../../cmd/bazar-cli", "../../cmd/catalog", "../../cmd/order", "../../cmd/account")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // a test runs them as nobody
		return err
	}
	return os.Rename(filepath.Join(dir, "bazar-cli"), filepath.Join(dir, "bazar"))
}

// server is a running program that serves.
type server struct {
	cmd         *exec.Cmd
	addr, admin string
	tls         bool
	exited      chan struct{}
	err         error // once it has exited

	mu  sync.Mutex
	log bytes.Buffer
}

// launch starts a server and waits until its log says that it is ready.
func launch(env []string, name string, args ...string) (*server, error) {
	s := &server{cmd: exec.Command(name, args...), exited: make(chan struct{})}
	s.cmd.Env = env
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	go s.follow(stderr, ready)
	select {
	case <-ready:
		return s, nil
	case <-s.exited:
		return nil, fmt.Errorf("%s %q: %w\n%s", name, args, s.err, s.said())
	case <-time.After(patience):
		s.kill()
		return nil, fmt.Errorf("%s %q is not ready\n%s", name, args, s.said())
	}
}

func (s *server) follow(stderr io.Reader, ready chan<- struct{}) {
	defer close(s.exited)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		s.mu.Lock()
		s.log.Write(append(lines.Bytes(), '\n'))
		s.mu.Unlock()
		var line struct {
			Msg   string `json:"msg"`
			Addr  string `json:"addr"`
			Admin string `json:"admin_addr"`
			TLS   bool   `json:"tls"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
			s.addr, s.admin, s.tls = line.Addr, line.Admin, line.TLS
			close(ready)
		}
	}
	s.err = s.cmd.Wait()
}

func (s *server) url() string {
	if s.tls {
		return "https://" + s.addr
	}
	return "http://" + s.addr
}

// said is the log so far.
func (s *server) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// kill ends the server as a power cut would. Its exit code can't tell of data
// races then.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
	if said := s.said(); strings.Contains(said, "DATA RACE") {
		panic(said)
	}
}

// stop asks the server to end, and says how it did.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.exited:
		return s.err
	case <-time.After(patience):
		s.kill()
		return errors.New("it does not stop")
	}
}

// home is a user's directories and the environment that points there.
func home(dir string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TZ=UTC", "TMPDIR=" + os.TempDir(),
		"XDG_CONFIG_HOME=" + filepath.Join(dir, "config"),
		"XDG_DATA_HOME=" + filepath.Join(dir, "data"),
		"XDG_STATE_HOME=" + filepath.Join(dir, "state"),
	}
	if raceEnabled {
		// By default a program waits for a second before it exits.
		env = append(env, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	}
	return env
}

// anyPort are the flags of a server that takes free ports.
func anyPort(more ...string) []string {
	return append([]string{"--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"}, more...)
}

// services are the catalog and the order service as processes of their own.
type services struct{ catalog, order *server }

// launchServices starts both, with their databases in dir.
func launchServices(env []string, dir string) (s services, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return s, err
	}
	s.catalog, err = launch(env, "catalog", anyPort("--db", "sqlite:"+filepath.Join(dir, "catalog.db"))...)
	if err != nil {
		return s, err
	}
	s.order, err = launch(env, "order", anyPort("--db", "sqlite:"+filepath.Join(dir, "order.db"), "--catalog-url", s.catalog.url())...)
	if err != nil {
		s.catalog.kill()
	}
	return s, err
}

func (s services) env() []string {
	return []string{"BAZAR_CATALOG_URL=" + s.catalog.url(), "BAZAR_ORDER_URL=" + s.order.url()}
}

func (s services) kill() {
	s.order.kill()
	s.catalog.kill()
}

// result is how a command ended.
type result struct {
	stdout, stderr string
	exit           int
}

// run runs a program to its end; it is interrupted when ctx ends.
func run(ctx context.Context, env []string, name string, args ...string) result {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, patience
	var out, errs strings.Builder
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return result{stderr: err.Error(), exit: -1}
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// bazar runs a command that has to succeed, and gives what it printed.
func bazar(t *testing.T, env []string, args ...string) string {
	t.Helper()
	r := run(t.Context(), env, "bazar", args...)
	if r.exit != 0 {
		t.Fatalf("bazar %q: exit %d\n%s%s", args, r.exit, r.stdout, r.stderr)
	}
	return strings.TrimSuffix(r.stdout, "\n")
}

// eventually waits for a condition, looking often.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after %s it is still not so: %s", patience, what)
		}
	}
}
