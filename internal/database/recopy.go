package database

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"

	"gorm.io/gorm"
)

// What a checkpoint copies before it comes to the end of the log it does not
// sync, and it never copies that again. When a sync of the database fails later,
// the system takes all of it for written, and the next sync says that all is
// well. So after such a failure all pages that the log has are written into it
// once more: then they are behind what has been copied.

// mistrustCopy notes that a sync of the database has failed.
func (db *DB) mistrustCopy() { db.note(inCopy, &db.miscopied) }

func (db *DB) copyDoubted() (bool, error) {
	if db.miscopied.Load() {
		return true, nil
	}
	return db.doubts.any(inCopy)
}

// recopy has a doubted log copied once more, as a whole, by the next checkpoint.
// Until then it does not begin anew, because it has not been copied to its end.
func (db *DB) recopy(ctx context.Context) error {
	if doubted, err := db.copyDoubted(); err != nil || !doubted {
		return err
	}
	err := db.write(ctx, durable, func(tx *gorm.DB) error {
		pages, err := db.pagesOfLog()
		if err != nil {
			return err
		}
		for page := range pages {
			if _, err := Exec(tx, "UPDATE sqlite_dbpage SET data = data WHERE pgno = ?", page); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	db.miscopied.Store(false)
	return db.doubts.set(inCopy, false)
}

// recopyAtEnd is [DB.recopy] before the database is closed: the last who does
// that has SQLite copy the log and take it away.
func (db *DB) recopyAtEnd() error {
	if db.pool == nil { // it was not opened
		return nil
	}
	if doubted, err := db.copyDoubted(); err != nil || !doubted { // who can't ask could write nothing either
		return nil
	}
	return db.recopy(context.WithoutCancel(db.copying.ctx))
}

// pagesOfLog gives the numbers of all pages that the log's file has, of a log
// before as well (https://sqlite.org/fileformat2.html#the_write_ahead_log).
func (db *DB) pagesOfLog() (map[int64]bool, error) {
	pages := map[int64]bool{}
	log, err := db.openLog()
	if errors.Is(err, fs.ErrNotExist) {
		return pages, nil
	}
	if err != nil {
		return nil, err
	}
	const header, frameHeader = 32, 24
	var start [header]byte
	if _, err := log.ReadAt(start[:], 0); err != nil {
		return pages, orEnd(err)
	}
	frame := frameHeader + int64(binary.BigEndian.Uint32(start[8:]))
	var number [4]byte
	for at := int64(header); ; at += frame {
		if _, err := log.ReadAt(number[:], at); err != nil {
			return pages, orEnd(err)
		}
		pages[int64(binary.BigEndian.Uint32(number[:]))] = true
	}
}

func orEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
