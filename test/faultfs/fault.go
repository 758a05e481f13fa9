package faultfs

import (
	"path"
	"slices"
	"syscall"
)

// Op is what a program does to a file; several may be joined.
type Op int

const (
	// Read is reading from a file; most reads never come here, unless the file
	// system is direct.
	Read Op = 1 << iota
	// Write is writing to a file, wherever.
	Write
	// Grow is writing after a file's end, making it longer, or making a new one.
	Grow
	// Sync is fsync or fdatasync, of files and of directories.
	Sync
	// Truncate is making a file shorter.
	Truncate
)

// Fault is an error that programs meet.
type Fault struct {
	// Names are patterns, as in [path.Match], of the names of files.
	Names []string
	Ops   Op
	Err   syscall.Errno
	// Space is how many bytes files may still grow by before growing fails.
	Space int64
	// Skip is how many go well before the first that fails.
	Skip int
	// Times is how many fail; 0 is all until it is lifted.
	Times int
	// Chance is how likely each is to fail; 0 is certainly.
	Chance float64
	// Lossy has a sync that fails lose some of what was to be synced, and no
	// later sync make up for it, as with Linux.
	Lossy bool
	// Met is called, if it is there, after the harm is done and before the one
	// who meets the fault is told: kill it, and it never is.
	Met func()

	hits int
}

// Inject makes programs meet a fault, until lift is called.
func (f *FS) Inject(fault Fault) (lift func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	injected := &fault
	f.faults = append(f.faults, injected)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.faults = slices.DeleteFunc(f.faults, func(other *Fault) bool { return other == injected })
	}
}

// Hits is how many operations have failed by faults that are not lifted.
func (f *FS) Hits() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.faults {
		n += fault.hits
	}
	return n
}

// Full is a disk that has no more than so many bytes left for these files.
func Full(space int64, names ...string) Fault {
	return Fault{Names: names, Ops: Grow, Err: syscall.ENOSPC, Space: space}
}

// meets says whether a fault is met by an operation.
func (t *Fault) meets(op Op, name string) bool {
	return t.Ops&op != 0 && slices.ContainsFunc(t.Names, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

// fault gives the fault that an operation meets, if any.
func (f *FS) fault(op Op, name string) *Fault {
	for _, t := range f.faults {
		if t.Space > 0 || !t.meets(op, name) || (t.Times > 0 && t.hits >= t.Times) {
			continue
		}
		if t.Skip > 0 {
			t.Skip--
			continue
		}
		if t.Chance > 0 && f.random.Float64() >= t.Chance {
			continue
		}
		t.hits++
		return t
	}
	return nil
}

// room gives how many of so many bytes there is space for.
func (f *FS) room(name string, bytes int64) int64 {
	for _, t := range f.faults {
		if t.Space > 0 && t.meets(Grow, name) {
			bytes = min(bytes, t.Space)
			t.Space -= bytes
		}
	}
	return bytes
}
