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
	// walLimit is how many pages the write-ahead log grows to before it is copied
	// into the database and begins anew.
	walLimit = 4096
	// pageSize is SQLite's own choice, in bytes.
	pageSize = 4096
	// walRest is how many pages are few enough to copy while writers wait.
	walRest = 128
	// walRounds is how often what came meanwhile is copied before that.
	walRounds = 8
	// walMoment is how long somebody may read an older state without being in the way.
	walMoment = 50 * time.Millisecond
	// lastCheckpoint is how long Close lets a checkpoint go on.
	lastCheckpoint = 250 * time.Millisecond
)

// checkpoints copies the write-ahead log into the database while others go on
// writing, and only what came meanwhile with the writers kept out. Left to
// itself SQLite does all of it in some writer's commit, and everybody waits. The
// log's file stays as large as it was: written over, it is synced sooner than a
// file that grows, of which the system has to sync its new size too.
type checkpoints struct {
	ctx    context.Context //nolint:containedctx // the life of the work in the background; Close ends it
	cancel context.CancelFunc

	mu      sync.Mutex
	running bool
	begun   int   // how many have
	limit   int64 // the log's pages at which the next one is due
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
func (c *checkpoints) start(ctx context.Context, db *DB, writer *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running || writer.broken || walSize(db.path) < walLimit*pageSize {
		return
	}
	log, copied, err := writer.logPages(ctx)
	if err == nil && log < walLimit { // it has begun anew, so that the reader has left
		c.limit = walLimit
	}
	if err != nil || log < c.limit || copied == log { // who writes or reads next is told what is wrong
		return
	}
	c.running = true
	c.begun++
	c.work.Go(func() {
		left, err := db.checkpoint(c.ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.running, c.limit = false, walLimit
		if err != nil { // a reader of an old state is in the way, for however long
			c.limit = max(log, left) + walLimit
		}
	})
}

// walSize is how many bytes the log's file has; some may be of a log before.
func walSize(path string) int64 {
	info, err := os.Stat(path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// logPages gives how many pages the log has, and how many of them have been
// copied: all of them means that the next write begins the log anew.
func (s *session) logPages(ctx context.Context) (log, copied int64, err error) {
	rows, err := s.QueryContext(ctx, "PRAGMA wal_checkpoint(NOOP)")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var busy int64
	if rows.Next() {
		err = rows.Scan(&busy, &log, &copied)
		return log, copied, err
	}
	return 0, 0, rows.Err()
}

// errLongReader says that a reader of an old state is in a checkpoint's way.
var errLongReader = errors.New("a reader of an old state is in the way")

// checkpoint copies the whole log, so that the next write begins it anew. It
// loses nothing where it fails: the log stays as it is, with so many pages.
func (db *DB) checkpoint(ctx context.Context) (pages int64, err error) {
	// Half-way there is no whole database, so that the log has to be.
	if err := db.mendInTurn(ctx); err != nil {
		return 0, err
	}
	if err := db.recopy(ctx); err != nil {
		return 0, err
	}
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return 0, err
	}
	s := &session{conn: conn}
	defer func() { _ = s.close() }() // nothing was written by it
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = 2"); err != nil {
		return 0, err
	}
	if pages, err = db.copyAlong(ctx, conn); err != nil {
		return pages, err
	}
	leave, err := db.gate.pass(ctx)
	if err != nil {
		return pages, err
	}
	defer leave()
	pages, copied, err := db.copyLog(ctx, conn, "RESTART")
	if err == nil && copied < pages {
		err = errLongReader
	}
	return pages, err
}

// copyAlong copies the log while others write it, until little is left. Who writes
// reads too, an older state than its own from its commit until it has ended, and
// keeps that commit from being copied; then more can be copied a moment later.
func (db *DB) copyAlong(ctx context.Context, conn *sql.Conn) (pages int64, err error) {
	before, stuck := int64(0), int64(-1) // where somebody was in the way when last looked
	for range walRounds {
		var copied int64
		if pages, copied, err = db.copyLog(ctx, conn, "PASSIVE"); err != nil {
			return pages, err
		}
		switch {
		case copied == pages && pages-before <= walRest:
			return pages, nil
		case copied == pages:
			before, stuck = pages, -1
		case copied == stuck:
			return pages, errLongReader
		default:
			stuck = copied
			select {
			case <-time.After(walMoment):
			case <-ctx.Done():
				return pages, ctx.Err()
			}
		}
	}
	return pages, nil
}

// copyLog copies what it can of the log, and gives how many pages that has, and how
// many of them are copied. It begins with a sync of the log, and ends with one of
// the database if it has copied all; either may have failed.
func (db *DB) copyLog(ctx context.Context, conn *sql.Conn, mode string) (pages, copied int64, err error) {
	var busy int64
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &copied)
	if primary(err) == sqlite3.SQLITE_IOERR {
		db.mistrust()
		db.mistrustCopy()
	}
	if err == nil && busy != 0 {
		err = errLongReader
	}
	return pages, copied, err
}
