package database_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/faultfs"
)

// A child process of these tests counts, and little else.
func TestMain(m *testing.M) {
	if path := os.Getenv("DATABASE_TEST_COUNT"); path != "" {
		times, _ := strconv.Atoi(os.Getenv("DATABASE_TEST_TIMES"))
		if err := countInChild(path, times); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if path := os.Getenv("DATABASE_TEST_OBEY"); path != "" {
		if err := obeyInChild(path, faultfs.Form(os.Getenv("DATABASE_TEST_DISK"))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func countInChild(path string, times int) error {
	db, err := database.Open(context.Background(), "sqlite:"+path, counters())
	if err != nil {
		return err
	}
	for range times {
		if err := db.Write(context.Background(), count); err != nil {
			return err
		}
	}
	return db.Close()
}

// child is this test binary, about to count in the database at path.
func child(t *testing.T, path string, times int) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "DATABASE_TEST_COUNT="+path, "DATABASE_TEST_TIMES="+strconv.Itoa(times))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

// counters is a schema with one counter that stands at 0.
func counters() fstest.MapFS {
	return fstest.MapFS{"00001_counter.sql": {Data: []byte(`-- +goose Up
CREATE TABLE counter (id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0), data BLOB);
INSERT INTO counter VALUES (1, 0, NULL);
`)}}
}

// names is the schema after counters: one more table.
func names() fstest.MapFS {
	files := counters()
	files["00002_names.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE names (name TEXT NOT NULL);\n")}
	return files
}

func open(t testing.TB, path string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), "sqlite:"+path, counters())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "test.db") }

// count reads the counter and writes it back one higher: whoever writes in
// between loses a count.
func count(tx *gorm.DB) error {
	var n int64
	if err := tx.Raw("SELECT n FROM counter WHERE id = 1").Scan(&n).Error; err != nil {
		return err
	}
	return tx.Exec("UPDATE counter SET n = ? WHERE id = 1", n+1).Error
}

func counted(t testing.TB, db *database.DB) (n int64) {
	t.Helper()
	if err := db.Read(t.Context()).Raw("SELECT n FROM counter WHERE id = 1").Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// wants fails unless err has the code and says every one of the texts.
func wants(t testing.TB, err error, code api.Code, texts ...string) {
	t.Helper()
	if api.CodeOf(err) != code {
		t.Fatalf("error %v (%s), want code %s", err, api.CodeOf(err), code)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

// mountSmall gives a file system of so many KiB of its own; only root can.
func mountSmall(t *testing.T, kib int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", kib)); err != nil {
		skip(t, fmt.Errorf("a file system can't be mounted here: %w", err))
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// makeReadOnly takes the right to write in dir away, for root as well.
func makeReadOnly(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() == 0 {
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			skip(t, fmt.Errorf("nothing is read-only to root here: %w", err))
		}
		return
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
}

func dirToSeal(t *testing.T) string {
	t.Helper()
	if os.Geteuid() == 0 {
		return mountSmall(t, 4096)
	}
	return t.TempDir()
}

// skip leaves a test out where this machine can't run it; CI's must.
func skip(t *testing.T, why error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}
