// Package faultfs is a file system for tests that breaks as disks do: it
// forgets what was not synced when the power goes, it fills up, and it reports
// errors where it is told to. It is in this process, and others use it by its
// directory: over FUSE, or, where the kernel has none, SQLite alone over a VFS
// (package vfs). This process must not: it would wait for itself.
package faultfs

import (
	"cmp"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Form is how programs come to a file system.
type Form string

const (
	// FUSE has the kernel ask for whatever a program does in the directory.
	FUSE Form = "fuse"
	// VFS has SQLite ask alone, by a VFS in the program; its locks and shared
	// memory, and all that a program does past SQLite, are the directory's own.
	VFS Form = "vfs"
)

// Options is how a file system is made.
type Options struct {
	// Form is FUSE if it is empty.
	Form Form
	// Seed decides what is left to chance.
	Seed uint64
	// Direct has every read of a file come to the file system, too: past the
	// kernel's cache, but for "*-shm", which programs map into memory; or from a
	// VFS, which otherwise reads what is in the directory.
	Direct bool
}

// FS is an open file system. What files hold is in a directory of its own,
// which names are durable, and which bytes, in memory.
type FS struct {
	fuse.RawFileSystem // what is not implemented

	form       Form
	way        way
	direct     bool
	dir, store string
	closed     atomic.Bool

	mu      sync.Mutex
	thawed  *sync.Cond
	life    life
	cut     int64         // so many changes until the power goes, if positive
	isCut   chan struct{} // closed when it has
	deaf    bool          // syncs do nothing, and say that they did
	random  *rand.Rand
	faults  []*Fault
	objects map[uint64]*object
	handles map[uint64]*handle
	last    uint64 // of the numbers of objects and handles
	changes []change
}

// way is what lets programs in.
type way interface {
	open() error
	// close waits until nobody is in there any more.
	close() error
}

// life is how a file system is.
type life int

const (
	running life = iota
	// frozen is without power, before anybody has noticed: nothing answers.
	frozen
	// dead answers with errors alone, so that who waits for it can end.
	dead
)

// New makes an empty file system and opens it in dir, which has to be there and
// empty; store is an empty directory, on the same disk, that it keeps its files
// in.
func New(dir, store string, o Options) (*FS, error) {
	f := &FS{
		RawFileSystem: fuse.NewDefaultRawFileSystem(), form: cmp.Or(o.Form, FUSE), direct: o.Direct, dir: dir, store: store,
		random:  rand.New(rand.NewPCG(o.Seed, o.Seed)),
		objects: map[uint64]*object{}, handles: map[uint64]*handle{}, last: fuse.FUSE_ROOT_ID,
	}
	f.thawed = sync.NewCond(&f.mu)
	f.objects[fuse.FUSE_ROOT_ID] = newDirectory(fuse.FUSE_ROOT_ID, 0o755)
	f.way = &mount{fs: f}
	if f.form == VFS {
		f.way = &service{fs: f}
	}
	return f, f.way.open()
}

// Dir is where programs find it.
func (f *FS) Dir() string { return f.dir }

// Form is how programs come to it.
func (f *FS) Form() Form { return f.form }

// Close takes it away; nobody may use it any more. It may be called twice.
func (f *FS) Close() error {
	f.Die()
	if f.closed.Swap(true) {
		return nil
	}
	err := f.way.close()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.objects {
		err = errors.Join(err, o.close())
	}
	return err
}

// Export copies all files, as programs see them now, into a directory.
func (f *FS) Export(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.export(f.objects[fuse.FUSE_ROOT_ID], dir)
}

func (f *FS) export(from *object, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for name, id := range from.entries {
		o, path := f.objects[id], filepath.Join(dir, name)
		if o.isDir() {
			if err := f.export(o, path); err != nil {
				return err
			}
			continue
		}
		data, err := o.read(0, o.size)
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// status is the answer to a request.
func status(err error) fuse.Status {
	if err == nil {
		return fuse.OK
	}
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return fuse.Status(no)
	}
	return fuse.EIO
}
