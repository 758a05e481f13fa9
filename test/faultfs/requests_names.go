package faultfs

import (
	"maps"
	"slices"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Lookup finds a name.
func (f *FS) Lookup(_ <-chan struct{}, in *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	err := f.enter(false)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	o := f.child(in.NodeId, name)
	if o == nil {
		return fuse.ENOENT
	}
	o.entry(out)
	return fuse.OK
}

func (f *FS) child(dir uint64, name string) *object {
	if d := f.objects[dir]; d != nil {
		return f.objects[d.entries[name]]
	}
	return nil
}

// Create makes a file and opens it.
func (f *FS) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	err := f.enter(true)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	o, err := f.make(in.NodeId, name, func() (*object, error) { return f.newFile(name, in.Mode) })
	if err != nil {
		return status(err)
	}
	o.entry(&out.EntryOut)
	f.open(o, &out.OpenOut)
	return fuse.OK
}

// Mkdir makes a directory.
func (f *FS) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	err := f.enter(true)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	o, err := f.make(in.NodeId, name, func() (*object, error) {
		f.last++
		d := newDirectory(f.last, in.Mode)
		f.objects[d.id] = d
		return d, nil
	})
	if err != nil {
		return status(err)
	}
	o.entry(out)
	return fuse.OK
}

// make gives a directory a new name.
func (f *FS) make(dir uint64, called string, newObject func() (*object, error)) (*object, error) {
	if t := f.fault(Grow, called); t != nil {
		return nil, t.Err
	}
	if f.child(dir, called) != nil {
		return nil, syscall.EEXIST
	}
	o, err := newObject()
	if err != nil {
		return nil, err
	}
	f.apply(change{{dir, called, o.id}})
	return o, nil
}

// Unlink removes a file's name.
func (f *FS) Unlink(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return f.remove(in.NodeId, name)
}

// Rmdir removes a directory.
func (f *FS) Rmdir(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return f.remove(in.NodeId, name)
}

func (f *FS) remove(dir uint64, called string) fuse.Status {
	err := f.enter(true)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	o := f.child(dir, called)
	switch {
	case o == nil:
		return fuse.ENOENT
	case len(o.entries) > 0:
		return fuse.Status(syscall.ENOTEMPTY)
	}
	f.apply(change{{dir, called, 0}})
	return fuse.OK
}

// Rename gives a file another name, and takes it from whatever had it.
func (f *FS) Rename(_ <-chan struct{}, in *fuse.RenameIn, oldName, newName string) fuse.Status {
	err := f.enter(true)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	o := f.child(in.NodeId, oldName)
	switch {
	case in.Flags != 0:
		return fuse.EINVAL
	case o == nil:
		return fuse.ENOENT
	}
	o.name = newName
	f.apply(change{{in.NodeId, oldName, 0}, {in.Newdir, newName, o.id}})
	return fuse.OK
}

// OpenDir opens a directory.
func (f *FS) OpenDir(_ <-chan struct{}, _ *fuse.OpenIn, _ *fuse.OpenOut) fuse.Status {
	err := f.enter(false)
	defer f.mu.Unlock()
	return status(err)
}

// ReadDir lists a directory.
func (f *FS) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	err := f.enter(false)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	entries := f.objects[in.NodeId].entries
	for i, name := range slices.Sorted(maps.Keys(entries)) {
		o := f.objects[entries[name]]
		if uint64(i) < in.Offset {
			continue
		}
		if !out.AddDirEntry(fuse.DirEntry{Name: name, Mode: o.mode, Ino: o.id, Off: uint64(i) + 1}) {
			break
		}
	}
	return fuse.OK
}

// FsyncDir makes the names in a directory durable.
func (f *FS) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	err := f.enter(true)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	if t := f.fault(Sync, "."); t != nil {
		return status(t.Err)
	}
	if !f.deaf {
		f.syncNames(in.NodeId)
	}
	return fuse.OK
}

// GetAttr says how long a file is, and so on.
func (f *FS) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	err := f.enter(false)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	f.attr(in.NodeId, out)
	return fuse.OK
}

func (f *FS) attr(id uint64, out *fuse.AttrOut) {
	f.objects[id].attr(&out.Attr)
	out.SetTimeout(time.Hour)
}

// StatFs says how much space there is, which is not true.
func (f *FS) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	const blocks = 1 << 20
	out.Bsize, out.Frsize, out.NameLen = pageSize, pageSize, 255
	out.Blocks, out.Bfree, out.Bavail = blocks, blocks, blocks
	return fuse.OK
}
