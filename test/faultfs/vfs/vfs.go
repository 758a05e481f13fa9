// Package vfs has SQLite in this process keep its files in a file system of
// package faultfs where there is no FUSE: a VFS over SQLite's own for Unix. What
// is read, written, cut, synced, made and removed goes to the file system; locks,
// shared memory and all else stay with Unix, on the links that the directory has
// for these files.
package vfs

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/bazar-store/bazar/test/faultfs"
)

// VFS is registered as SQLite's default.
type VFS struct {
	unix, ours uintptr // SQLite's structures, in its own memory
	name       uintptr
	methods    *methods

	mu    sync.Mutex
	files map[uintptr]*file   // by SQLite's pointer
	over  map[uintptr]uintptr // Unix's methods, and ours over them
}

// file is one that SQLite has open.
type file struct {
	*faultfs.File
	unix *sqlite3.Tsqlite3_io_methods
	// made is the directory that is synced with the file's first sync, as its
	// name may be new.
	made string
}

// methods are what is answered here. SQLite has their addresses alone, so that
// they have to be kept.
type methods struct {
	open     func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	remove   func(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32
	close    func(tls *libc.TLS, file uintptr) int32
	read     func(tls *libc.TLS, file, data uintptr, n int32, off int64) int32
	write    func(tls *libc.TLS, file, data uintptr, n int32, off int64) int32
	truncate func(tls *libc.TLS, file uintptr, size int64) int32
	sync     func(tls *libc.TLS, file uintptr, flags int32) int32
}

// Register has SQLite open all files from now on in directories of a
// [faultfs.FS]. The VFS has to be kept for as long as SQLite is used: SQLite knows
// its methods by their addresses alone.
func Register() (*VFS, error) {
	tls := libc.NewTLS()
	defer tls.Close()
	v := &VFS{unix: sqlite3.Xsqlite3_vfs_find(tls, 0), files: map[uintptr]*file{}, over: map[uintptr]uintptr{}}
	if v.unix == 0 {
		return nil, errors.New("SQLite has no VFS of its own here")
	}
	var err error
	if v.name, err = libc.CString("faultfs"); err != nil {
		return nil, err
	}
	v.methods = &methods{v.open, v.remove, v.close, v.read, v.write, v.truncate, v.sync}
	if v.ours = copied[sqlite3.Tsqlite3_vfs](tls, v.unix); v.ours == 0 {
		return nil, errors.New("SQLite has no memory")
	}
	ours := at[sqlite3.Tsqlite3_vfs](v.ours)
	ours.FzName = v.name
	ours.FxOpen, ours.FxDelete = address(v.methods.open), address(v.methods.remove)
	if code := sqlite3.Xsqlite3_vfs_register(tls, v.ours, 1); code != sqlite3.SQLITE_OK {
		return nil, fmt.Errorf("registering a VFS: SQLite answers %d", code)
	}
	return v, nil
}

// Unregister takes it away; no file may be open.
func (v *VFS) Unregister() {
	tls := libc.NewTLS()
	defer tls.Close()
	sqlite3.Xsqlite3_vfs_unregister(tls, v.ours)
	for _, methods := range v.over {
		sqlite3.Xsqlite3_free(tls, methods)
	}
	sqlite3.Xsqlite3_free(tls, v.ours)
	libc.Xfree(tls, v.name)
}

// open opens a file both here and as Unix does, for the locks.
func (v *VFS) open(tls *libc.TLS, _, name, place uintptr, flags int32, outFlags uintptr) int32 {
	unixOpen := function(v.methods.open, at[sqlite3.Tsqlite3_vfs](v.unix).FxOpen)
	if name == 0 { // a temporary file
		return unixOpen(tls, v.unix, name, place, flags, outFlags)
	}
	base, path := at[sqlite3.Tsqlite3_file](place), libc.GoString(name)
	base.FpMethods = 0
	opened, err := faultfs.Open(path, flags&sqlite3.SQLITE_OPEN_CREATE != 0)
	if err != nil {
		return sqlite3.SQLITE_CANTOPEN
	}
	if code := unixOpen(tls, v.unix, name, place, flags, outFlags); code != sqlite3.SQLITE_OK {
		_ = opened.Close() // nothing was done
		return code
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	unix := base.FpMethods
	if base.FpMethods = v.put(tls, unix); base.FpMethods == 0 {
		base.FpMethods = unix // who closes it needs them
		_ = opened.Close()    // nothing was done
		return sqlite3.SQLITE_NOMEM
	}
	f := &file{File: opened, unix: at[sqlite3.Tsqlite3_io_methods](unix)}
	const journals = sqlite3.SQLITE_OPEN_MAIN_JOURNAL | sqlite3.SQLITE_OPEN_SUPER_JOURNAL | sqlite3.SQLITE_OPEN_WAL
	if flags&sqlite3.SQLITE_OPEN_CREATE != 0 && flags&journals != 0 {
		f.made = filepath.Dir(path)
	}
	v.files[place] = f
	return sqlite3.SQLITE_OK
}

// put gives Unix's methods with those put in that are answered here.
func (v *VFS) put(tls *libc.TLS, unix uintptr) uintptr {
	if v.over[unix] == 0 {
		place := copied[sqlite3.Tsqlite3_io_methods](tls, unix)
		if place == 0 {
			return 0
		}
		ours := at[sqlite3.Tsqlite3_io_methods](place)
		ours.FxClose, ours.FxSync = address(v.methods.close), address(v.methods.sync)
		ours.FxRead, ours.FxWrite, ours.FxTruncate = address(v.methods.read), address(v.methods.write), address(v.methods.truncate)
		v.over[unix] = place
	}
	return v.over[unix]
}

func (v *VFS) file(place uintptr) *file {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.files[place]
}

func (v *VFS) close(tls *libc.TLS, place uintptr) int32 {
	v.mu.Lock()
	f := v.files[place]
	delete(v.files, place)
	v.mu.Unlock()
	_ = f.Close() // a close promises nothing
	return function(v.methods.close, f.unix.FxClose)(tls, place)
}

// at is what C has at an address.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// copied is the address of a copy; 0 says that there is no memory for it.
func copied[T any](tls *libc.TLS, address uintptr) uintptr {
	place := sqlite3.Xsqlite3_malloc(tls, int32(unsafe.Sizeof(*at[T](address))))
	if place != 0 {
		*at[T](place) = *at[T](address)
	}
	return place
}

// address is that of a function for C, while something else keeps the function.
func address[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// function is the one of C at an address, which is like another one.
func function[F any](_ F, address uintptr) F { return *(*F)(unsafe.Pointer(&address)) }
