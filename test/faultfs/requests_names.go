package faultfs

import (
	"maps"
	"slices"
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
	f.opened(o, &out.OpenOut)
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

// Unlink removes a file's name.
func (f *FS) Unlink(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return f.unlink(in.NodeId, name)
}

// Rmdir removes a directory.
func (f *FS) Rmdir(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return f.unlink(in.NodeId, name)
}

func (f *FS) unlink(dir uint64, called string) fuse.Status {
	err := f.enter(true)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	return status(f.remove(dir, called))
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
	return status(f.apply(change{{in.NodeId, oldName, 0}, {in.Newdir, newName, o.id}}))
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
	return status(f.syncDir(in.NodeId))
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
