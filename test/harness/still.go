package harness

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Pause makes it stand still (SIGSTOP), and Resume go on.
func (p *Process) Pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		Pause(p.cmd)
	}
}

// Resume lets a process that stands still go on.
func (p *Process) Resume() { p.signal(syscall.SIGCONT) }

// Pause makes a command stand still. The signal reaches one of its threads, and
// the others run on until that one has had a processor: it waits for the last.
func Pause(cmd *exec.Cmd) {
	if cmd.Process.Signal(syscall.SIGSTOP) != nil {
		return // it has ended
	}
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !standsStill(cmd.Process.Pid) && time.Now().Before(deadline); {
		<-tick.C
	}
}

// standsStill says whether no thread of a process runs, or it has ended.
func standsStill(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return true
	}
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // that one has ended
		}
		_, state, _ := bytes.Cut(stat, []byte(") ")) // 4711 (name) T …
		if len(state) > 0 && !bytes.ContainsRune([]byte("TtZX"), rune(state[0])) {
			return false
		}
	}
	return true
}
