package vfs

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/bazar-store/bazar/test/faultfs"
)

// The methods give the codes that SQLite's own give for the same errors.

func (v *VFS) remove(_ *libc.TLS, _, name uintptr, syncDir int32) int32 {
	path := libc.GoString(name)
	switch err := faultfs.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return sqlite3.SQLITE_IOERR_DELETE_NOENT
	case err != nil:
		return sqlite3.SQLITE_IOERR_DELETE
	}
	if syncDir&1 != 0 && faultfs.SyncDir(filepath.Dir(path)) != nil {
		return sqlite3.SQLITE_IOERR_DIR_FSYNC
	}
	return sqlite3.SQLITE_OK
}

func (v *VFS) read(tls *libc.TLS, place, data uintptr, n int32, off int64) int32 {
	f := v.file(place)
	if !f.Direct {
		return function(v.methods.read, f.unix.FxRead)(tls, place, data, n, off)
	}
	into := unsafe.Slice(at[byte](data), n)
	got, err := f.ReadAt(into, off)
	switch {
	case err == nil:
		return sqlite3.SQLITE_OK
	case errors.Is(err, io.EOF):
		clear(into[got:])
		return sqlite3.SQLITE_IOERR_SHORT_READ
	case errors.Is(err, syscall.EIO):
		return sqlite3.SQLITE_IOERR_CORRUPTFS
	default:
		return sqlite3.SQLITE_IOERR_READ
	}
}

func (v *VFS) write(_ *libc.TLS, place, data uintptr, n int32, off int64) int32 {
	_, err := v.file(place).WriteAt(unsafe.Slice(at[byte](data), n), off)
	switch {
	case err == nil:
		return sqlite3.SQLITE_OK
	case errors.Is(err, syscall.ENOSPC):
		return sqlite3.SQLITE_FULL
	default:
		return sqlite3.SQLITE_IOERR_WRITE
	}
}

func (v *VFS) truncate(_ *libc.TLS, place uintptr, size int64) int32 {
	if v.file(place).Truncate(size) != nil {
		return sqlite3.SQLITE_IOERR_TRUNCATE
	}
	return sqlite3.SQLITE_OK
}

// sync syncs a file, and once the directory that it may be new in; whether that
// went well nobody asks.
func (v *VFS) sync(_ *libc.TLS, place uintptr, _ int32) int32 {
	f := v.file(place)
	if f.Sync() != nil {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	if f.made != "" {
		_ = faultfs.SyncDir(f.made)
		f.made = ""
	}
	return sqlite3.SQLITE_OK
}
