package database

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/bazar-store/bazar/pkg/api"
)

// doubt is why the log may lack what its readers see: after a failed sync the
// system takes what it could not write for written, and the next sync says that
// all is well.
type doubt int64

const (
	// inCommit stands while somebody commits. It is taken back when that went
	// well, and so stays where the sync failed, and where the process was killed
	// before it could be told. Whoever has the turn sets it and takes it back.
	inCommit doubt = iota
	// inSync stands after a sync outside of any turn has failed.
	inSync
	// whileSyncing stands while somebody syncs outside of any turn, and after
	// that one was killed. Those who had the log open then are told by the
	// system, so that it is a doubt for those alone who come later.
	whileSyncing
	// inCopy stands after a sync of the database has failed. It is a doubt about
	// the database, not the log: who has it writes on, and sees that all of the log
	// is copied once more.
	inCopy
	doubts
)

// doubtFile keeps the doubts, a byte each, in the file PATH.sync, where every
// process sees them, also after the one that had them was killed. It needs no
// sync: after a loss of power the log is what is on the disk, and SQLite looks
// how much of that is whole.
type doubtFile struct {
	path string

	mu   sync.Mutex
	file *os.File
}

// any says whether one of these doubts stands.
func (d *doubtFile) any(these ...doubt) (bool, error) {
	file, err := d.open()
	if err != nil {
		return false, err
	}
	var all [doubts]byte
	if _, err := file.ReadAt(all[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return slices.ContainsFunc(these, func(which doubt) bool { return all[which] != 0 }), nil
}

// set notes a doubt, or takes it back.
func (d *doubtFile) set(which doubt, stands bool) error {
	file, err := d.open()
	if err != nil {
		return err
	}
	value := [1]byte{}
	if stands {
		value[0] = 1
	}
	_, err = file.WriteAt(value[:], int64(which))
	return err
}

func (d *doubtFile) open() (_ *os.File, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file == nil {
		d.file, err = os.OpenFile(d.path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	return d.file, err
}

func (d *doubtFile) close() (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file != nil {
		err, d.file = d.file.Close(), nil
	}
	return err
}

// mistrust notes that a sync outside of any turn has failed.
func (db *DB) mistrust() { db.note(inSync, &db.mistrusted) }

// note has a doubt stand for everybody, or for this process where the disk does
// not take the note.
func (db *DB) note(which doubt, here *atomic.Bool) {
	here.Store(true)
	if db.doubts.set(which, true) == nil {
		here.Store(false)
	}
}

// doubted says whether the log may lack what its readers see.
func (db *DB) doubted() (bool, error) {
	if db.mistrusted.Load() {
		return true, nil
	}
	if !db.begun.Load() {
		return db.doubts.any(inCommit, inSync, whileSyncing)
	}
	return db.doubts.any(inCommit, inSync)
}

// mend makes a doubted log whole, in the caller's turn. Until that works nobody
// writes: what is durable stands on all that was written before.
func (db *DB) mend() error {
	doubted, err := db.doubted()
	if err == nil && doubted {
		err = db.rewrite()
	}
	if err == nil {
		db.begun.Store(true)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return full(err)
	default:
		return api.Wrap(api.CodeUnavailable, err, "the store's disk has failed to keep what was written before; nothing more is written until it does")
	}
}

// mendInTurn is [DB.mend] for whoever has no turn yet.
func (db *DB) mendInTurn(ctx context.Context) error {
	if doubted, err := db.doubted(); err != nil || !doubted {
		return err
	}
	leave, err := db.gate.pass(ctx) // perhaps somebody was committing, no more
	if err != nil {
		return err
	}
	defer leave()
	return db.mend()
}

// rewrite writes the log over itself, so that the system has it to write once
// more, and syncs it. A checkpoint would not do: it has to wait for readers, and
// if the power went half-way there would be neither a whole log nor a whole
// database.
func (db *DB) rewrite() error {
	if err := db.doubts.set(inCommit, true); err != nil {
		return err
	}
	// Before anything is read: a sync that fails meanwhile is a new doubt.
	db.mistrusted.Store(false)
	if err := errors.Join(db.doubts.set(inSync, false), db.doubts.set(whileSyncing, false)); err != nil {
		return err
	}
	log, err := db.openLog()
	if errors.Is(err, fs.ErrNotExist) { // it was left out of a backup
		return db.doubts.set(inCommit, false)
	}
	if err != nil {
		return err
	}
	// Who had the log open when the sync failed is told so once more.
	if err := rewriteAndSync(log); err != nil {
		if err := rewriteAndSync(log); err != nil {
			return err
		}
	}
	return db.doubts.set(inCommit, false)
}

func rewriteAndSync(log Log) error {
	part := make([]byte, 1<<20)
	for at := int64(0); ; {
		n, err := log.ReadAt(part, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n == 0 {
			return log.Sync()
		}
		if _, err := log.WriteAt(part[:n], at); err != nil {
			return err
		}
		at += int64(n)
	}
}
