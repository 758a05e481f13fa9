package faultfs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// object is a file or a directory.
type object struct {
	id    uint64
	mode  uint32
	mtime time.Time

	// Of a directory: the names that programs see, and those on the disk.
	entries, durable map[string]uint64

	// Of a file.
	name   string // the last that it had
	data   *os.File
	size   int64
	synced int64           // its size on the disk
	pages  map[int64]*page // what was written and not synced
	failed int             // how many of its syncs have
}

func newDirectory(id uint64, mode uint32) *object {
	return &object{
		id: id, mode: syscall.S_IFDIR | mode&0o777, mtime: time.Now(),
		entries: map[string]uint64{}, durable: map[string]uint64{},
	}
}

func (f *FS) newFile(name string, mode uint32) (*object, error) {
	f.last++
	data, err := f.newData(name, f.last)
	if err != nil {
		return nil, err
	}
	info, err := data.Stat()
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	o := &object{id: f.last, mode: syscall.S_IFREG | mode&0o777, mtime: time.Now(), name: name, data: data, pages: map[int64]*page{}}
	o.size, o.synced = info.Size(), info.Size()
	f.objects[o.id] = o
	return o, nil
}

// newData makes what a file is kept in; with a VFS that is the file that a program
// may have made by that name past SQLite.
func (f *FS) newData(name string, id uint64) (*os.File, error) {
	path := filepath.Join(f.store, strconv.FormatUint(id, 10))
	if f.form == VFS {
		if err := os.Link(filepath.Join(f.dir, name), path); err == nil {
			return os.OpenFile(path, os.O_RDWR, 0)
		}
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

func (o *object) isDir() bool { return o.entries != nil }

// close closes what the file system keeps a file in.
func (o *object) close() error {
	if o.isDir() {
		return nil
	}
	return errors.Join(o.data.Close(), os.Remove(o.data.Name()))
}

// read gives what there is of so many bytes.
func (o *object) read(off, n int64) ([]byte, error) {
	data := make([]byte, max(0, min(n, o.size-off)))
	got, err := o.data.ReadAt(data, off)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return data[:got], err
}

func (o *object) attr(out *fuse.Attr) {
	out.Ino, out.Mode, out.Nlink = o.id, o.mode, 1
	out.Owner = fuse.Owner{Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid())}
	out.Size, out.Blksize = uint64(o.size), pageSize
	out.Blocks = (out.Size + sectorSize - 1) / sectorSize
	out.SetTimes(&o.mtime, &o.mtime, &o.mtime)
}

// entry answers with an object. The kernel may remember it: all changes pass
// through it.
func (o *object) entry(out *fuse.EntryOut) {
	out.NodeId, out.Generation = o.id, 1
	o.attr(&out.Attr)
	out.SetEntryTimeout(time.Hour)
	out.SetAttrTimeout(time.Hour)
}

// handle is an open file.
type handle struct {
	of *object
	// told is how many failed syncs of the file its holder knows of. Who has the
	// file open when one fails hears of it at the next sync; who opens it later
	// does not, as with Linux.
	told int
}

func (f *FS) opened(o *object, out *fuse.OpenOut) {
	f.last++
	f.handles[f.last] = f.open(o)
	out.Fh = f.last
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	if f.direct && !isShared(o.name) {
		out.OpenFlags = fuse.FOPEN_DIRECT_IO
	}
}

// isShared says whether programs share a file by mapping it into memory.
func isShared(name string) bool {
	const suffix = "-shm"
	return len(name) > len(suffix) && name[len(name)-len(suffix):] == suffix
}
