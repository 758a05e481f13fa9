// Package harness is what the programs that break real processes have in
// common: their flags, seed and report; the real programs, built once, started,
// killed, stopped and started again at the same address; a wire between them
// that can be cut anywhere; buyers who remember what they were told; and the
// proof at the end that all of it is so.
package harness

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bazar-store/bazar/test/faultfs"
)

// Size is how much a run does.
type Size string

// The sizes: a few seconds, what a plain `go test` does; what the CI does; and
// for people, as much as the time that -for gives holds.
const (
	Taste Size = "taste"
	CI    Size = "ci"
	Long  Size = "long"
)

// Room is a package of such programs: its flags, and the programs it breaks.
type Room struct {
	name   string
	seed   uint64
	size   Size
	within time.Duration
	report string
	code   string // what a report says that it is about

	building sync.Once
	programs string // their directory
	failed   error
}

// NewRoom binds the flags -seed, -size, -for and -report of the package in the
// directory test/name.
func NewRoom(name string, flags *flag.FlagSet) *Room {
	r := &Room{name: name, size: Taste}
	flags.Uint64Var(&r.seed, "seed", 0, "repeat the run of this `SEED`; 0: a new one")
	flags.Func("size", "how much to do: `taste` (a few seconds), ci or long", r.setSize)
	flags.DurationVar(&r.within, "for", time.Hour, "how `LONG` a long run takes")
	flags.StringVar(&r.report, "report", "", "write a report of each run into this `DIRECTORY`")
	return r
}

func (r *Room) setSize(text string) error {
	switch size := Size(text); size {
	case Taste, CI, Long:
		r.size = size
		return nil
	}
	return fmt.Errorf("a size is taste, ci or long, not %q", text)
}

// Main is what a package's TestMain calls; it removes what was built. A program
// that was started as a [Run.Service] is nothing else.
func (r *Room) Main(m *testing.M) int {
	if service := os.Getenv(serviceEnv); service != "" {
		return serve(service)
	}
	flag.Parse()
	if r.report != "" {
		r.code = describe() // before a report is written
	}
	defer func() {
		if r.programs != "" {
			_ = os.RemoveAll(r.programs) // a temporary directory
		}
	}()
	return m.Run()
}

// build makes the programs, as a release does.
func (r *Room) build() {
	if r.programs, r.failed = os.MkdirTemp("", "bazar-programs-"); r.failed != nil {
		return
	}
	const module = "github.com/bazar-store/bazar/cmd/"
	cmd := exec.CommandContext(context.Background(), "go", "build", "-tags", "nomsgpack", "-o", r.programs+string(filepath.Separator),
		module+"bazar-cli", module+"catalog", module+"order")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		r.failed = fmt.Errorf("%s: %w\n%s", cmd, err, out)
		return
	}
	r.failed = os.Rename(filepath.Join(r.programs, "bazar-cli"), filepath.Join(r.programs, "bazar"))
}

// Run is one run of one program: its seed, its directory, and what there is to
// report.
type Run struct {
	testing.TB

	// Seed repeats what the run decides by chance.
	Seed uint64
	Size Size
	// Dir is the run's own directory; it stays if the run fails.
	Dir string
	// Shown is what the run has shown if it does not fail; "" for that nothing
	// was lost, doubled or oversold.
	Shown string

	room      *Room
	form      faultfs.Form // of its disks
	name      string
	command   string
	began     time.Time
	processes []*Process

	mu         sync.Mutex
	rows       [][2]string
	violations []string
}

// mostViolations is how many are told; one cause often has thousands.
const mostViolations = 20

// Begin begins the run of a test; name is its report's. It is skipped under the
// race detector, which sees nothing of other processes, and in short mode;
// `make break` runs it.
func (r *Room) Begin(t *testing.T, name string) *Run {
	if raceEnabled || testing.Short() {
		t.Skip("not in short mode, nor under the race detector, which sees nothing of other processes; `make break` runs it")
	}
	dir, err := os.MkdirTemp("", "bazar-"+name+"-")
	if err != nil {
		t.Fatal(err)
	}
	run := &Run{TB: t, Seed: r.seed, Size: r.size, Dir: dir, room: r, name: name, began: time.Now()}
	if run.Seed == 0 {
		run.Seed = uint64(run.began.UnixNano())
	}
	run.command = fmt.Sprintf("go test ./test/%s -run '^%s$' -count 1 -v -size %s -seed %d", r.name, t.Name(), r.size, run.Seed)
	if r.size == Long {
		run.command += fmt.Sprintf(" -for %s -timeout 0", r.within)
	}
	t.Logf("seed %d; to repeat it: %s", run.Seed, run.command)
	t.Cleanup(run.end)
	return run
}

// Rand gives a source of chance of its own to each number.
func (r *Run) Rand(n uint64) *rand.Rand { return rand.New(rand.NewPCG(r.Seed, n)) }

// Program is the path of one of Bazar's programs: bazar, catalog or order; an
// absolute path is itself.
func (r *Run) Program(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	r.room.building.Do(r.room.build)
	r.Must(r.room.failed)
	return filepath.Join(r.room.programs, name)
}

// More says whether there is time for more; the last tenth of a long run is for
// its proof.
func (r *Run) More() bool {
	return r.Size != Long || time.Since(r.began) < r.room.within*9/10
}

// Pick chooses by the run's size.
func Pick[T any](r *Run, taste, ci, long T) T {
	switch r.Size {
	case CI:
		return ci
	case Long:
		return long
	default:
		return taste
	}
}

// Tell adds a line to the report, and to the test's log.
func (r *Run) Tell(what, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.Logf("%s: %s", what, text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, [2]string{what, text})
}

// Violation reports something that must not be, and fails the test at its end.
func (r *Run) Violation(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.mu.Lock()
	r.violations = append(r.violations, text)
	n := len(r.violations)
	r.mu.Unlock()
	if r.Fail(); n <= mostViolations {
		r.Logf("violation: %s", text)
	}
}

// Must ends the test if err is one: the run itself can't go on.
func (r *Run) Must(err error) {
	if err != nil {
		r.Helper()
		r.Fatal(err)
	}
}

// end stops what still runs, shows the logs of a run that failed, and writes
// the report.
func (r *Run) end() {
	for _, p := range r.processes {
		p.Kill()
	}
	if r.Failed() {
		for _, p := range r.processes {
			r.Logf("the end of %s:\n%s", p.log, tail(p.log, 12))
		}
		r.Logf("to repeat it: %s", r.command)
	} else if err := os.RemoveAll(r.Dir); err != nil {
		r.Error(err)
	}
	if r.room.report == "" {
		return
	}
	err := os.MkdirAll(r.room.report, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(r.room.report, r.name+".md"), []byte(r.markdown()), 0o644)
	}
	if err != nil {
		r.Error(err)
	}
}

func tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
