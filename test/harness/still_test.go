package harness

import (
	"os/exec"
	"syscall"
	"testing"
)

func TestAProcessThatIsPausedStandsStillAtOnce(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if standsStill(cmd.Process.Pid) {
		t.Error("it stands still before it was told to")
	}
	Pause(cmd)
	if !standsStill(cmd.Process.Pid) {
		t.Error("it does not stand still")
	}
	_ = cmd.Process.Signal(syscall.SIGCONT)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if !standsStill(cmd.Process.Pid) {
		t.Error("it has ended, and does not stand still")
	}
}
