package database

import (
	"context"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/pkg/api"
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
// it, never before it; a [DB.Write] after it that changes something, [DB.Sync]
// or a checkpoint makes it durable.
func (db *DB) WriteUnsynced(ctx context.Context, change func(tx *gorm.DB) error) error {
	return db.write(ctx, unsynced, change)
}

// Sync makes all that was committed before durable, while others go on writing.
// An error is [api.CodeOutcomeUnknown]: the changes are there, but a loss of
// power may undo them. Nothing more is written then, nor after a [DB.Write] that
// ended so, by any process, before the log has been made whole.
func (db *DB) Sync(ctx context.Context) error {
	if err := db.sync(ctx); err != nil {
		return unsure(err)
	}
	return nil
}

func (db *DB) sync(ctx context.Context) error {
	log, err := db.openLog()
	if err != nil {
		return err
	}
	if err := db.syncLog(log); err != nil {
		return err
	}
	return db.mendInTurn(ctx)
}

// syncLog syncs the log. A failure is told to one of those who sync at once, and
// the others must not go on before it is noted.
func (db *DB) syncLog(log Log) error {
	db.syncing.Lock()
	defer db.syncing.Unlock()
	if err := db.doubts.set(whileSyncing, true); err != nil {
		return err
	}
	err := log.Sync()
	if err != nil {
		db.mistrust()
	}
	_ = db.doubts.set(whileSyncing, false) // if it stays, somebody mends what is whole
	return err
}

// enterSure enters, and sees that nothing that was written before may be lost.
func (db *DB) enterSure(ctx context.Context) (leave func(), writer *session, err error) {
	leave, writer, err = db.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := db.mend(); err != nil {
		db.writing <- writer
		leave()
		return nil, nil, err
	}
	return leave, writer, nil
}

func (db *DB) write(ctx context.Context, d durability, change func(tx *gorm.DB) error) error {
	leave, writer, err := db.enterSure(ctx)
	if err != nil {
		return err
	}
	defer leave()
	ctx = context.WithoutCancel(ctx)
	defer func() {
		db.copying.start(ctx, db, writer)
		db.writing <- writer // or what is left of it: the next one replaces it
	}()
	if err := writer.be(ctx, d); err != nil {
		return Explain(err)
	}
	if d == unsynced {
		if _, err := db.openLog(); err != nil {
			return Explain(err)
		}
	}
	return db.transact(writer, db.read.Session(&gorm.Session{NewDB: true, Context: ctx}), change)
}

func (db *DB) transact(writer *session, in *gorm.DB, change func(tx *gorm.DB) error) error {
	tx, err := writer.begin(in, "BEGIN IMMEDIATE")
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
	if err := db.stillKnown(tx); err != nil {
		return err
	}
	if err := change(tx); err != nil {
		return Explain(err)
	}
	if err := db.doubts.set(inCommit, true); err != nil {
		return explainFile(err)
	}
	committing = true
	if err = explainCommit(writer.commit(ctx)); api.CodeOf(err) != api.CodeOutcomeUnknown {
		_ = db.doubts.set(inCommit, false) // if it stays, the next one mends what is whole
	}
	return err
}

// stillKnown refuses to write where a newer program has migrated the database
// since it was opened.
func (db *DB) stillKnown(tx *gorm.DB) error {
	version := int64(0)
	if _, err := ScanOne(tx, []any{&version}, newestApplied); err != nil {
		return Explain(err)
	}
	if version > db.newest {
		return api.Errorf(api.CodeUnavailable, "a newer version of Bazar has taken the store over (schema %d, this program knows %d); start that version", version, db.newest)
	}
	return nil
}
