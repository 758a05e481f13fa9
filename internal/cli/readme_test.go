package cli_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// What README.md tells people to type works as typed.
func TestReadme(t *testing.T) { runDocument(t, "README.md") }

// So does what docs/operations.md tells them.
func TestOperations(t *testing.T) { runDocument(t, "docs/operations.md") }

// So does what docs/shop.md tells them.
func TestShopkeeping(t *testing.T) { runDocument(t, "docs/shop.md") }

// runDocument runs a document's sh blocks, in their order and in one new home,
// from the checkout, and compares its console blocks with what really comes.
// The blocks that need a Docker engine are run by test/docker/run.sh.
func runDocument(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```(sh|console)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	blocks = slices.DeleteFunc(blocks, func(block []string) bool {
		return regexp.MustCompile(`(?m)^docker\b`).MatchString(block[2])
	})
	if len(blocks) == 0 {
		t.Fatalf("%s has no sh or console block", name)
	}
	dir := checkout(t)
	env := home(t.TempDir())
	for n, block := range blocks {
		t.Run(fmt.Sprintf("%d %s", n+1, block[1]), func(t *testing.T) {
			if block[1] == "sh" {
				runBlock(t, dir, env, block[2])
			} else {
				compareBlock(t, dir, env, block[2])
			}
		})
	}
}

// checkout is a directory that has everything of the repository, and takes what
// commands leave behind.
func checkout(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// commands leaves out what a test must not do again: fetch, build and test.
func commands(block string) string {
	var lines []string
	for line := range strings.Lines(block) {
		bare := strings.TrimPrefix(line, "CGO_ENABLED=0 ")
		if regexp.MustCompile(`^(git clone|cd bazar|make|go test|go build)\b`).MatchString(bare) {
			continue
		}
		lines = append(lines, strings.ReplaceAll(bare, "go run ./cmd/bazar-cli", "bazar"))
	}
	return strings.Join(lines, "")
}

func runBlock(t *testing.T, dir string, env []string, block string) {
	t.Helper()
	script := commands(block)
	if regexp.MustCompile(`(?m)&$`).MatchString(script) {
		needPorts(t)
	}
	if _, err := exec.LookPath("curl"); err != nil && strings.Contains(script, "curl") {
		skip(t, err)
	}
	// At its end the shell stops what it has left in the background.
	const stop = `trap 'trap "" TERM; kill 0; wait' EXIT` + "\n"
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", stop+script)
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
}

// needPorts skips where other programs have the ports that the README names.
func needPorts(t *testing.T) {
	t.Helper()
	for _, port := range []string{"8080", "8081", "8082", "8083", "9080", "9081", "9082", "9083"} {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			skip(t, err)
		}
		l.Close()
	}
}

// compareBlock runs the lines that begin with a prompt and compares what each
// prints with the lines below it.
func compareBlock(t *testing.T, dir string, env []string, block string) {
	t.Helper()
	for sample := range strings.SplitSeq(strings.TrimPrefix(block, "$ "), "\n$ ") {
		line, want, _ := strings.Cut(sample, "\n")
		cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", commands(line))
		cmd.Dir, cmd.Env = dir, env
		got, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(got)) != strings.TrimSpace(want) {
			t.Errorf("$ %s\n%s(%v), not\n%s", line, got, err, want)
		}
	}
}

// skip leaves a block out where this machine can't run it; CI's must.
func skip(t *testing.T, why error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}
