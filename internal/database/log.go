package database

import (
	"io"
	"os"
)

// Log is the write-ahead log, for what is done to it past SQLite.
type Log interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes all of it durable, whoever wrote it.
	Sync() error
}

// Option is something about a database that is rarely wanted.
type Option func(*DB)

// WithLog has the log opened by open, nil for the system's files: where SQLite
// has a VFS of somebody else's, it is no file of theirs.
func WithLog(open func(path string) (Log, error)) Option {
	return func(db *DB) {
		if open != nil {
			db.logOpener = open
		}
	}
}

func openLogFile(path string) (Log, error) { return os.OpenFile(path, os.O_RDWR, 0) }

// openLog opens the write-ahead log, once: a descriptor that is open when a
// write fails is told so by its next sync, a new one may not be. While this
// process has the database open SQLite neither deletes nor replaces the file.
func (db *DB) openLog() (Log, error) {
	db.logging.Lock()
	defer db.logging.Unlock()
	if db.log == nil {
		log, err := db.logOpener(db.path + "-wal")
		if err != nil {
			return nil, err
		}
		db.log = log
	}
	return db.log, nil
}

func (db *DB) closeLog() error {
	db.logging.Lock()
	defer db.logging.Unlock()
	if db.log == nil {
		return nil
	}
	err := db.log.Close()
	db.log = nil
	return err
}
