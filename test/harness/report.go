package harness

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// markdown is the report of a run.
func (r *Run) markdown() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n`%s`\n\n", r.name, r.command)
	fmt.Fprintf(&b, "| | |\n|---|---|\n| outcome | %s |\n", r.outcome())
	for _, row := range [][2]string{
		{"seed", fmt.Sprint(r.Seed)},
		{"size", string(r.Size)},
		{"code", r.room.code},
		{"began", r.began.UTC().Format(time.RFC3339)},
		{"took", time.Since(r.began).Round(100 * time.Millisecond).String()},
		{"machine", fmt.Sprintf("%d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
	}
	for _, row := range r.rows {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], strings.ReplaceAll(strings.TrimSpace(row[1]), "\n", "<br>"))
	}
	if len(r.violations) > 0 {
		fmt.Fprintf(&b, "\n%d violations:\n\n", len(r.violations))
	}
	for _, v := range r.violations[:min(len(r.violations), mostViolations)] {
		fmt.Fprintf(&b, "- %s\n", v)
	}
	return b.String()
}

func (r *Run) outcome() string {
	switch {
	case len(r.violations) > 0:
		return fmt.Sprintf("%d violations", len(r.violations))
	case r.Failed():
		return "broken off"
	case r.Shown != "":
		return r.Shown
	default:
		return "nothing lost, nothing doubled, nothing oversold"
	}
}

// describe names the commit that a room is built from, as git does; "-dirty" is
// for what is not committed.
func describe() string {
	said, err := exec.CommandContext(context.Background(), "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown: " + err.Error()
	}
	return strings.TrimSpace(string(said))
}
