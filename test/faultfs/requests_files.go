package faultfs

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Open opens a file.
func (f *FS) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	err := f.enter(in.Flags&syscall.O_TRUNC != 0)
	defer f.mu.Unlock()
	o := f.objects[in.NodeId]
	switch {
	case err != nil:
		return status(err)
	case o == nil:
		return fuse.ENOENT
	case in.Flags&syscall.O_TRUNC != 0:
		if err := o.truncate(0); err != nil {
			return status(err)
		}
	}
	f.opened(o, out)
	return fuse.OK
}

// Release closes a file.
func (f *FS) Release(_ <-chan struct{}, in *fuse.ReleaseIn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.handles, in.Fh)
}

// Flush is each close of a file, which promises nothing.
func (f *FS) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }

// Read reads from a file.
func (f *FS) Read(_ <-chan struct{}, in *fuse.ReadIn, _ []byte) (fuse.ReadResult, fuse.Status) {
	err := f.enter(false)
	defer f.mu.Unlock()
	if err != nil {
		return nil, status(err)
	}
	data, err := f.read(f.objects[in.NodeId], int64(in.Offset), int64(in.Size))
	return fuse.ReadResultData(data), status(err)
}

// Write writes to a file, as much as there is space for.
func (f *FS) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	err := f.enter(true)
	defer f.mu.Unlock()
	if err != nil {
		return 0, status(err)
	}
	n, err := f.write(f.objects[in.NodeId], int64(in.Offset), data)
	return uint32(n), status(err)
}

// SetAttr makes a file shorter or longer; the rest of it matters to nobody.
func (f *FS) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	err := f.enter(true)
	defer f.mu.Unlock()
	o := f.objects[in.NodeId]
	switch {
	case err != nil:
		return status(err)
	case o == nil:
		return fuse.ENOENT
	}
	if mode, ok := in.GetMode(); ok {
		o.mode = o.mode&syscall.S_IFMT | mode&0o777
	}
	if size, ok := in.GetSize(); ok {
		if err := f.resize(o, int64(size)); err != nil {
			return status(err)
		}
	}
	f.attr(in.NodeId, out)
	return fuse.OK
}

// Fsync makes what was written to a file durable.
func (f *FS) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	err := f.enter(true)
	defer f.mu.Unlock()
	if err != nil {
		return status(err)
	}
	return status(f.sync(f.handles[in.Fh]))
}
