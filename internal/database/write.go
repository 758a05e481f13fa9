package database

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"gorm.io/gorm"
)

// durability is whether a commit waits for the disk (SQLite's synchronous).
type durability string

const (
	durable  durability = "FULL"
	unsynced durability = "NORMAL"
)

// Write runs change in a transaction of its own, alone among all processes, and
// commits it durably if it returns nil. When it can't be told whether the commit
// took effect the error is [api.CodeOutcomeUnknown]; after every other error
// nothing has changed. Once its turn has come, a change runs to its end even if
// ctx is done.
func (db *DB) Write(ctx context.Context, change func(tx *gorm.DB) error) error {
	return db.write(ctx, durable, change)
}

// WriteUnsynced is [DB.Write] for work in many parts: it does not wait for the
// disk. A loss of power may undo it together with all that was committed after
// it, never before it; what [DB.Write] or [DB.Sync] came after it, or a
// checkpoint, makes it durable.
func (db *DB) WriteUnsynced(ctx context.Context, change func(tx *gorm.DB) error) error {
	return db.write(ctx, unsynced, change)
}

// Sync makes all that was committed before durable, while others go on writing.
// An error is [api.CodeOutcomeUnknown]: the changes are there, but a loss of
// power may undo them.
func (db *DB) Sync(context.Context) error {
	// Not being there, the log has been copied into the database and synced.
	log, err := os.OpenFile(db.path+"-wal", os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(log.Sync(), log.Close())
	}
	return explainCommit(err)
}

func (db *DB) write(ctx context.Context, d durability, change func(tx *gorm.DB) error) error {
	leave, writer, err := db.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	defer func() {
		db.copying.start(ctx, db)
		db.writing <- usable(writer)
	}()
	ctx = context.WithoutCancel(ctx)
	if writer == nil {
		if writer, err = openWriter(ctx, db.pool); err != nil {
			return Explain(err)
		}
	}
	if err := writer.be(ctx, d); err != nil {
		return Explain(err)
	}
	return transact(writer, db.read.Session(&gorm.Session{NewDB: true, Context: ctx}), change)
}

func transact(writer *session, db *gorm.DB, change func(tx *gorm.DB) error) error {
	tx, err := writer.begin(db, "BEGIN IMMEDIATE")
	if err != nil {
		return Explain(err)
	}
	ctx := tx.Statement.Context
	committing := false
	defer func() {
		if !committing {
			writer.rollback(ctx)
		}
	}()
	if err := change(tx); err != nil {
		return Explain(err)
	}
	committing = true
	return explainCommit(writer.commit(ctx))
}
