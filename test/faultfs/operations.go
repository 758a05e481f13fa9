package faultfs

import (
	"syscall"
	"time"
)

// What programs do to files and names, and the faults they meet, however they
// come here. The caller has entered.

func (f *FS) read(o *object, off, n int64) ([]byte, error) {
	if t := f.fault(Read, o.name); t != nil {
		return nil, t.Err
	}
	return o.read(off, n)
}

// write gives how many bytes there was space for.
func (f *FS) write(o *object, off int64, data []byte) (int, error) {
	if t := f.fault(Write, o.name); t != nil {
		return 0, t.Err
	}
	if more := off + int64(len(data)) - o.size; more > 0 {
		if t := f.fault(Grow, o.name); t != nil {
			return 0, t.Err
		}
		data = data[:max(0, int64(len(data))-more+f.room(o.name, more))]
		if len(data) == 0 {
			return 0, syscall.ENOSPC
		}
	}
	o.mtime = time.Now()
	return len(data), o.write(off, data)
}

func (f *FS) resize(o *object, size int64) error {
	op := Truncate
	if size > o.size {
		op = Grow
	}
	if t := f.fault(op, o.name); t != nil {
		return t.Err
	}
	o.mtime = time.Now()
	return o.truncate(size)
}

func (f *FS) sync(h *handle) error {
	if t := f.fault(Sync, h.of.name); t != nil {
		if t.Lossy {
			h.of.failSync(dice{f.random})
			h.told = h.of.failed
		}
		if t.Met != nil {
			t.Met()
		}
		return t.Err
	}
	if !f.deaf {
		h.of.sync()
	}
	if h.told < h.of.failed {
		h.told = h.of.failed
		return syscall.EIO
	}
	return nil
}

func (f *FS) syncDir(dir uint64) error {
	if t := f.fault(Sync, "."); t != nil {
		return t.Err
	}
	if !f.deaf {
		f.syncNames(dir)
	}
	return nil
}

// open gives a file that is open.
func (f *FS) open(o *object) *handle { return &handle{of: o, told: o.failed} }

func (f *FS) child(dir uint64, name string) *object {
	if d := f.objects[dir]; d != nil {
		return f.objects[d.entries[name]]
	}
	return nil
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
	return o, f.apply(change{{dir, called, o.id}})
}

// remove takes a name away.
func (f *FS) remove(dir uint64, called string) error {
	o := f.child(dir, called)
	switch {
	case o == nil:
		return syscall.ENOENT
	case len(o.entries) > 0:
		return syscall.ENOTEMPTY
	}
	return f.apply(change{{dir, called, 0}})
}
