package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"
)

// bench is one run of the benchmark: its directory, the programs, and what was
// measured.
type bench struct {
	dir     string
	kept    bool
	short   bool
	bin     string
	rows    []row
	missed  []string
	met     int
	began   time.Time
	current string
}

// row is one line of a table: what was measured, and what it should be.
type row struct{ what, measured, target, verdict string }

// newBench makes the directory and builds the programs into it.
func newBench(ctx context.Context, dir string, short bool) (*bench, error) {
	b := &bench{dir: dir, kept: dir != "", short: short}
	var err error
	if b.kept {
		if b.dir, err = filepath.Abs(dir); err == nil {
			err = os.MkdirAll(b.dir, 0o700)
		}
	} else {
		b.dir, err = os.MkdirTemp("", "bazar-bench-")
	}
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	b.bin = filepath.Join(b.dir, "bin")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "nomsgpack", "-o", b.bin+string(filepath.Separator), "./cmd/...", "./bench/floor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build (run it in the module's directory): %w\n%s", err, out)
	}
	fmt.Printf("%s, %s/%s, %d cores, %s\n", time.Now().UTC().Format(time.RFC3339), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	return b, nil
}

func (b *bench) close() {
	if !b.kept {
		_ = os.RemoveAll(b.dir) // what is left there, the system sweeps
	}
}

// program is the path of one of our programs, by its directory in cmd.
func (b *bench) program(name string) string {
	path := filepath.Join(b.bin, name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	return path
}

// amount picks how much is measured.
func (b *bench) amount(full, short int) int {
	if b.short {
		return short
	}
	return full
}

// fresh makes an empty directory.
func (b *bench) fresh(name string) (string, error) {
	path := filepath.Join(b.dir, name)
	if err := os.RemoveAll(path); err != nil {
		return "", fmt.Errorf("old store: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	return path, nil
}

func (b *bench) begin(m measurement) {
	b.rows, b.began, b.current = nil, time.Now(), m.name
	fmt.Printf("\n%s: %s\n", m.name, m.about)
}

// note adds a line that has no target.
func (b *bench) note(what, measured string) {
	b.rows = append(b.rows, row{what: what, measured: measured})
}

// judge adds a line with its target, and whether it was met.
func (b *bench) judge(what, measured, target string, met bool) {
	verdict := "met"
	if met {
		b.met++
	} else {
		verdict = "MISSED"
		b.missed = append(b.missed, fmt.Sprintf("%s: %s: %s, target %s", b.current, what, measured, target))
	}
	b.rows = append(b.rows, row{what, measured, target, verdict})
}

// end prints the table.
func (b *bench) end(m measurement) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	for _, r := range append([]row{{"what", "measured", "target", ""}}, b.rows...) {
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", r.what, r.measured, r.target, r.verdict) // Flush tells
	}
	_ = w.Flush() // to stdout; there is nobody to tell
	short := ""
	if b.short {
		short = "-short "
	}
	fmt.Printf("  again, in %s: go run ./bench %s%s\n", time.Since(b.began).Round(time.Second), short, m.name)
}

func (b *bench) summary() {
	fmt.Printf("\n%d targets met, %d missed\n", b.met, len(b.missed))
	for _, line := range b.missed {
		fmt.Println("  " + line)
	}
	if b.short {
		fmt.Println("  (-short: these amounts are too small to judge by)")
	}
}
