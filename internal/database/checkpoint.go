package database

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// walLimit is how large the write-ahead log grows, in bytes, before it is
	// copied into the database.
	walLimit = 16 << 20
	// walRest is how many pages are few enough to copy while writers wait.
	walRest = 128
	// walRounds is how often what came meanwhile is copied before that.
	walRounds = 8
	// lastCheckpoint is how long Close lets a checkpoint go on.
	lastCheckpoint = 250 * time.Millisecond
)

// checkpoints copies the write-ahead log into the database while others go on
// writing, and only what came meanwhile with the writers kept out. Left to
// itself SQLite does all of it in some writer's commit, and everybody waits.
type checkpoints struct {
	ctx    context.Context //nolint:containedctx // the life of the work in the background; Close ends it
	cancel context.CancelFunc

	mu      sync.Mutex
	running bool
	begun   int   // how many have
	limit   int64 // the log's size at which the next one is due, in bytes
	work    sync.WaitGroup
}

func newCheckpoints(ctx context.Context) *checkpoints {
	c := &checkpoints{limit: walLimit}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return c
}

// close ends what is under way, or breaks it off where that takes long, which
// loses nothing.
func (c *checkpoints) close() {
	late := time.AfterFunc(lastCheckpoint, c.cancel)
	c.work.Wait()
	late.Stop()
	c.cancel()
}

// start begins one in the background if the log is long enough and none is
// under way.
func (c *checkpoints) start(db *DB) {
	size := walSize(db.path)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running || size < c.limit {
		return
	}
	c.running = true
	c.begun++
	c.work.Go(func() {
		err := db.checkpoint(c.ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.running, c.limit = false, walLimit
		if err != nil { // a reader of an old state is in the way, for however long
			c.limit = walSize(db.path) + walLimit
		}
	})
}

func walSize(path string) int64 {
	info, err := os.Stat(path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// errLongReader says that a reader of an old state is in a checkpoint's way.
var errLongReader = errors.New("a reader of an old state is in the way")

// checkpoint copies the whole log, so that it begins anew. It loses nothing
// where it fails: the log stays as it is.
func (db *DB) checkpoint(ctx context.Context) error {
	// Half-way there is no whole database, so that the log has to be.
	if err := db.mendInTurn(ctx); err != nil {
		return err
	}
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	s := &session{conn: conn}
	defer func() { _ = s.close() }() // nothing was written by it
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = 2"); err != nil {
		return err
	}
	before := int64(0)
	for range walRounds {
		log, copied, err := db.copyLog(ctx, conn, "PASSIVE")
		if err != nil {
			return err
		}
		if copied < log {
			return errLongReader
		}
		if log-before <= walRest {
			break
		}
		before = log
	}
	leave, err := db.gate.pass(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if _, _, err = db.copyLog(ctx, conn, "TRUNCATE"); err == nil && walSize(db.path) > 0 {
		err = errLongReader
	}
	return err
}

// copyLog gives how many pages the log has, and how many of them have been
// copied. It begins with a sync of the log, which may have failed.
func (db *DB) copyLog(ctx context.Context, conn *sql.Conn, mode string) (log, copied int64, err error) {
	var busy int64
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &log, &copied)
	if primary(err) == sqlite3.SQLITE_IOERR {
		db.mistrust()
	}
	return log, copied, err
}
