package faultfs

import (
	"encoding/gob"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// mostBytes is how much is written at a time, as with FUSE.
const mostBytes = 128 << 10

// File is a file in a file system of the form VFS, as another program has it
// open. Its errors are those of the system.
type File struct {
	// Direct says that each read has to come to the file system.
	Direct bool

	mu   sync.Mutex
	conn net.Conn
	in   *gob.Decoder
	out  *gob.Encoder
}

// Open opens a file, and makes it if it may, or if the program has made it by
// other ways already.
func Open(path string, create bool) (*File, error) {
	f, err := dial(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	a, err := f.ask(request{Op: openFile, Name: name})
	if errors.Is(err, fs.ErrNotExist) {
		if _, missing := os.Lstat(path); create || missing == nil {
			a, err = f.ask(request{Op: makeFile, Name: name})
		}
	}
	if err != nil {
		_ = f.Close() // nothing was done
		return nil, err
	}
	f.Direct = a.Direct
	return f, nil
}

// Remove takes a file's name away.
func Remove(path string) error {
	return ask(filepath.Dir(path), request{Op: removeFile, Name: filepath.Base(path)})
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error { return ask(dir, request{Op: syncNames}) }

// ReadAt reads; after the end there is an [io.EOF].
func (f *File) ReadAt(data []byte, off int64) (int, error) {
	a, err := f.ask(request{Op: readFile, Off: off, Size: int64(len(data))})
	n := copy(data, a.Data)
	if err == nil && n < len(data) {
		err = io.EOF
	}
	return n, err
}

// WriteAt writes as much as there is space for.
func (f *File) WriteAt(data []byte, off int64) (n int, err error) {
	for n < len(data) {
		a, err := f.ask(request{Op: writeFile, Off: off + int64(n), Data: data[n:min(len(data), n+mostBytes)]})
		if n += a.N; err != nil {
			return n, err
		}
	}
	return n, nil
}

// Truncate makes the file so long.
func (f *File) Truncate(size int64) error {
	_, err := f.ask(request{Op: resizeFile, Off: size})
	return err
}

// Sync makes what was written durable.
func (f *File) Sync() error {
	_, err := f.ask(request{Op: syncFile})
	return err
}

// Close closes it.
func (f *File) Close() error { return f.conn.Close() }

func dial(dir string) (*File, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: filepath.Join(dir, socketName), Net: "unix"})
	if err != nil {
		return nil, err
	}
	return &File{conn: conn, in: gob.NewDecoder(conn), out: gob.NewEncoder(conn)}, nil
}

func ask(dir string, r request) error {
	f, err := dial(dir)
	if err != nil {
		return err
	}
	_, err = f.ask(r)
	return errors.Join(err, f.Close())
}

// ask asks for something and waits for the answer; a file system that is gone
// answers like one that is dead.
func (f *File) ask(r request) (a answer, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.out.Encode(r) != nil || f.in.Decode(&a) != nil {
		return a, syscall.EIO
	}
	if a.Err != 0 {
		return a, a.Err
	}
	return a, nil
}
