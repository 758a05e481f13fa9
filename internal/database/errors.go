package database

import (
	"context"
	"errors"
	"syscall"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/bazar-store/bazar/pkg/api"
)

// primary is SQLite's primary result code in err, 0 if there is none.
func primary(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

func isBusy(err error) bool {
	code := primary(err)
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

// IsConstraint says whether err is a refused constraint (a duplicate, a failed
// check): something that one request can cause.
func IsConstraint(err error) bool { return primary(err) == sqlite3.SQLITE_CONSTRAINT }

// Explain turns an error of the surroundings (busy, full, read-only, damaged)
// into an [api.Error]; constraints and everything else it gives back as they
// are.
func Explain(err error) error {
	if _, known := errors.AsType[*api.Error](err); err == nil || known {
		return err
	}
	switch primary(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy(err)
	case sqlite3.SQLITE_FULL:
		return full(err)
	case sqlite3.SQLITE_IOERR:
		if isShm(err) { // the shared memory file could not grow
			return full(err)
		}
		return api.Wrap(api.CodeUnavailable, err, "the store's disk reports an error; the log has the details")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return api.Wrap(api.CodeUnavailable, err, "the store is read-only: its files or their directory can't be written")
	case sqlite3.SQLITE_CANTOPEN:
		return api.Wrap(api.CodeUnavailable, err, "the store's files can't be opened")
	case sqlite3.SQLITE_CORRUPT:
		// SQLite makes no difference between a read that fails with EIO and one
		// that gives what makes no sense; the first may pass.
		return api.Wrap(api.CodeUnavailable, err, "the store's disk can't be read, or its database is damaged; if that stays so, restore it from a backup")
	case sqlite3.SQLITE_NOTADB:
		return api.Wrap(api.CodeInternal, err, "the store's database is damaged; restore it from a backup")
	default:
		return err
	}
}

func isShm(err error) bool {
	e, _ := errors.AsType[*sqlite.Error](err)
	return e != nil && (e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE || e.Code() == sqlite3.SQLITE_IOERR_SHMMAP)
}

func full(cause error) error {
	return api.Wrap(api.CodeStorageFull, cause, "the store's disk is full; nothing was recorded")
}

// explainFile is [Explain] for a file beside the database that can't be written.
func explainFile(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return full(err)
	}
	return api.Wrap(api.CodeUnavailable, err, "the store's disk reports an error; the log has the details")
}

// explainCommit is [Explain] for COMMIT: only a full disk or a lock is known to
// have rolled back. After a failed sync the change may be there all the same.
func explainCommit(err error) error {
	switch primary(err) {
	case 0:
		if err == nil {
			return nil
		}
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_READONLY:
		return Explain(err)
	}
	return unsure(err)
}

func unsure(cause error) error {
	return api.Wrap(api.CodeOutcomeUnknown, cause, "the disk failed while the change was being written; whether it was recorded is not known")
}

// opening says of which file an error at opening speaks.
func opening(path string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return api.Wrap(api.CodeUnavailable, err, "opening "+path+" was given up before it was done")
	}
	e := api.AsError(Explain(err))
	if e.Code == api.CodeInternal && primary(err) == 0 && errors.Unwrap(e) != nil {
		return api.Wrap(api.CodeInternal, err, "opening "+path+": "+err.Error())
	}
	return api.Wrap(e.Code, err, "opening "+path+": "+e.Detail)
}
