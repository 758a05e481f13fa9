package faultfs_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bazar-store/bazar/test/faultfs"
)

func openFile(t *testing.T, path string, create bool) *faultfs.File {
	t.Helper()
	f, err := faultfs.Open(path, create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestAFileOfAVFSIsAFileOfTheDirectory(t *testing.T) {
	f := mount(t, faultfs.Options{Form: faultfs.VFS})
	path := filepath.Join(f.Dir(), "a")
	if _, err := faultfs.Open(path, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
	a := openFile(t, path, true)
	long := strings.Repeat("long", 100_000)
	if n, err := a.WriteAt([]byte(long), 2); n != len(long) || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := errors.Join(a.Truncate(10), a.Sync(), faultfs.SyncDir(f.Dir())); err != nil {
		t.Error(err)
	}
	data := make([]byte, 100)
	if n, err := a.ReadAt(data, 1); string(data[:n]) != "\x00longlong" || !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", data[:n], err)
	}
	if seen, err := os.ReadFile(path); string(seen) != "\x00\x00longlong" || err != nil {
		t.Errorf("the directory has %q, %v", seen, err)
	}
	if err := faultfs.Remove(path); err != nil {
		t.Error(err)
	}
	if err := faultfs.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory has it still: %v", err)
	}
	lose(t, f, 1, faultfs.KeepNothing)
	if seen, err := os.ReadFile(path); string(seen) != "\x00\x00longlong" || err != nil {
		t.Errorf("that it was removed was not synced; the directory has %q, %v", seen, err)
	}
}

// A program may make the file first, as Bazar does with its databases.
func TestAFileThatAProgramHasMadeIsTakenOver(t *testing.T) {
	f := mount(t, faultfs.Options{Form: faultfs.VFS})
	path, other := filepath.Join(f.Dir(), "a"), filepath.Join(f.Dir(), "other")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.WriteFile(other, []byte("text"), 0o600)); err != nil {
		t.Fatal(err)
	}
	made, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	a := openFile(t, path, false)
	if _, err := a.WriteAt([]byte("text"), 0); err != nil {
		t.Error(err)
	}
	if now, err := os.Stat(path); err != nil || !os.SameFile(made, now) || now.Size() != 4 || now.Mode() != 0o600 {
		t.Errorf("%v, %v", now, err)
	}
	lose(t, f, 1, faultfs.KeepNothing)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its name was not synced: %v", err)
	}
	if data, err := os.ReadFile(other); string(data) != "text" || err != nil {
		t.Errorf("what it never saw: %q, %v", data, err)
	}
}

func TestEachWhoHasAFileOpenIsToldOfAFailedSyncOnce(t *testing.T) {
	f := mount(t, faultfs.Options{Form: faultfs.VFS})
	path := filepath.Join(f.Dir(), "a")
	a, b := openFile(t, path, true), openFile(t, path, false)
	defer f.Inject(faultfs.Fault{Names: []string{"a"}, Ops: faultfs.Sync, Err: syscall.EIO, Times: 1, Lossy: true})()
	for i, c := range []struct {
		file *faultfs.File
		want error
	}{{a, syscall.EIO}, {b, syscall.EIO}, {b, nil}, {a, nil}} {
		if err := c.file.Sync(); !errors.Is(err, c.want) {
			t.Errorf("sync %d: %v", i, err)
		}
	}
	if err := openFile(t, path, false).Sync(); err != nil {
		t.Errorf("who came later: %v", err)
	}
}

// Who asks a disk without power waits, until it is dead.
func TestAFileOnADiskWithoutPowerDoesNotAnswer(t *testing.T) {
	f := mount(t, faultfs.Options{Form: faultfs.VFS})
	a := openFile(t, filepath.Join(f.Dir(), "a"), true)
	cut := f.CutAfter(1)
	ended := make(chan error)
	go func() { ended <- a.Sync() }()
	<-cut
	select {
	case err := <-ended:
		t.Fatalf("it answers: %v", err)
	default:
	}
	f.Die()
	if err := <-ended; !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
}
