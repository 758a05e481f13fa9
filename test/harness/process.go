package harness

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bazar-store/bazar/test/faultfs"
)

// patience is how long to wait for what should take an instant.
const patience = 30 * time.Second

// Process is a server of ours at a fixed address: it may be killed and started
// again. Its log, a file of Run.Dir, holds what all of its lives said, but for the
// requests that went well.
type Process struct {
	Name string
	// Addr is where it serves, and stays so.
	Addr string

	program   string
	args, env []string
	log       string

	mu   sync.Mutex
	cmd  *exec.Cmd     // nil while there is none
	gone chan struct{} // closed when that has ended
	end  error         // how
}

// Process makes a server that is not started yet. A catalog or an order service
// whose disk is a VFS is this very program.
func (r *Run) Process(name, program string, env []string, args ...string) *Process {
	if r.form == faultfs.VFS && (program == "catalog" || program == "order") {
		return r.Service(name, program, env, args...)
	}
	return r.process(name, program, env, args...)
}

func (r *Run) process(name, program string, env []string, args ...string) *Process {
	addr, err := freeAddress()
	r.Must(err)
	p := &Process{
		Name: name, Addr: addr, program: r.Program(program), env: append(r.Env(name), env...),
		args: append(args, "--addr", addr, "--admin-addr", ""), log: filepath.Join(r.Dir, name+".log"),
	}
	r.processes = append(r.processes, p)
	return p
}

// Env is an environment without settings of the user's, with a home of its own
// for each name.
func (r *Run) Env(name string) []string {
	home := filepath.Join(r.Dir, "home-"+name)
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TZ=UTC", "TMPDIR=" + r.Dir,
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"), "XDG_DATA_HOME=" + filepath.Join(home, "data"),
		"XDG_STATE_HOME=" + filepath.Join(home, "state"),
	}
}

// freeAddress is on a port below those that the system gives to connections:
// nobody takes it while its server is dead.
func freeAddress() (string, error) {
	var failed error
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(20_000))
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
		if err == nil {
			return addr, l.Close()
		}
		failed = err
	}
	return "", failed
}

// URL is where it serves.
func (p *Process) URL() string { return "http://" + p.Addr }

// Start starts it and waits until it says that it is ready.
func (p *Process) Start(ctx context.Context) error {
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, p.program, p.args...)
	cmd.Env = p.env
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return errors.Join(err, log.Close())
	}
	ready, gone := make(chan struct{}), make(chan struct{})
	p.mu.Lock()
	p.cmd, p.gone = cmd, gone
	p.mu.Unlock()
	go p.follow(cmd, said, log, ready, gone)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ready:
		return nil
	case <-gone:
		return fmt.Errorf("%s did not start: %w\n%s", p.Name, p.end, tail(p.log, 10))
	case <-timer.C:
		return fmt.Errorf("%s is not ready after %s\n%s", p.Name, patience, tail(p.log, 10))
	}
}

// follow copies what a life says to the log until it ends.
func (p *Process) follow(cmd *exec.Cmd, said io.Reader, log io.WriteCloser, ready, gone chan struct{}) {
	once := sync.OnceFunc(func() { close(ready) })
	for lines := bufio.NewReader(said); ; {
		line, err := lines.ReadBytes('\n')
		var entry struct{ Level, Msg string }
		if json.Unmarshal(line, &entry) == nil && entry.Msg == "ready" {
			once()
		}
		if entry.Msg != "request" || entry.Level != "INFO" {
			_, _ = log.Write(line) // only to be looked at
		}
		if err != nil {
			break
		}
	}
	p.end = cmd.Wait()
	_ = log.Close() // only to be looked at
	close(gone)
}

// signal sends a signal to the living process; none is no error.
func (p *Process) signal(s syscall.Signal) (gone chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	_ = p.cmd.Process.Signal(s) // it may have ended
	return p.gone
}

// Kill ends it as a power cut would (SIGKILL), and waits until it is gone.
func (p *Process) Kill() {
	if gone := p.signal(syscall.SIGKILL); gone != nil {
		<-gone
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = nil
}

// Restart kills it and starts it again.
func (p *Process) Restart(ctx context.Context) error {
	p.Kill()
	return p.Start(ctx)
}

// Result is how a command ended; Exit is -1 if it was killed.
type Result struct {
	Out, Err string
	Exit     int
}

// Bazar is a `bazar` command that is not started yet; name is whose home it has.
func (r *Run) Bazar(ctx context.Context, name string, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.Program("bazar"), args...)
	cmd.Env = append(r.Env(name), env...)
	return cmd
}

// Finish runs a command to its end.
func Finish(cmd *exec.Cmd) Result { return FinishStarted(cmd, make(chan struct{})) }

// FinishStarted runs a command to its end and closes started once it has a
// process, or can't have one.
func FinishStarted(cmd *exec.Cmd, started chan<- struct{}) Result {
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Start()
	close(started)
	if err == nil {
		err = cmd.Wait()
	}
	if cmd.ProcessState == nil {
		return Result{Err: err.Error(), Exit: -1}
	}
	return Result{Out: out.String(), Err: said.String(), Exit: cmd.ProcessState.ExitCode()}
}

// Wait lets time pass, as faults at random moments need it.
func Wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
