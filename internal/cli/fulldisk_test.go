package cli_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// On a full disk every command says so, nothing is recorded and nothing lost;
// when there is space again all goes on.
func TestAFullStoreSaysSoAndLosesNothing(t *testing.T) {
	disk := smallDisk(t, 4096)
	env := append(home(t.TempDir()), "BAZAR_DATA_DIR="+disk)
	bazar(t, env, "stock", "set", "3", "20")
	bazar(t, env, "buy", "3")
	before := bazar(t, env, "export")
	fill(t, disk)

	for _, command := range [][]string{{"buy", "3"}, {"stock", "add", "3", "5"}, {"price", "3", "1.00"}, {"import", newBooks(t)}} {
		r := run(t.Context(), env, "bazar", command...)
		if r.exit != 6 || !strings.Contains(r.stderr, "disk is full") {
			t.Errorf("%s on a full disk: exit %d: %s", command[0], r.exit, r.stderr)
		}
	}
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	if after := bazar(t, env, "export"); after != before {
		t.Errorf("the full disk has changed the books:\n%s\nbefore\n%s", after, before)
	}
	bazar(t, env, "buy", "3")
	agree(t, env)
}

// smallDisk gives a file system of so many KiB of its own; only root can.
func smallDisk(t *testing.T, kib int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", kib)); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("a file system can't be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill takes all the space that a disk has left.
func fill(t *testing.T, disk string) {
	t.Helper()
	file, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = file.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

func newBooks(t *testing.T) string {
	t.Helper()
	var rows strings.Builder
	rows.WriteString("title,price,currency,stock\n")
	for n := range 500 {
		fmt.Fprintf(&rows, "A book that needs space %d,9.99,USD,5\n", n)
	}
	path := filepath.Join(t.TempDir(), "new.csv")
	if err := os.WriteFile(path, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
