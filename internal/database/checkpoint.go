package database

import (
	"context"
	"os"
	"sync"
)

// walLimit is how large the write-ahead log grows, in bytes, before it is copied
// into the database.
const walLimit = 16 << 20

// checkpoints copies the write-ahead log into the database while others go on
// writing, and only what came meanwhile with the writers kept out. Left to
// itself SQLite does all of it in some writer's commit, and everybody waits.
type checkpoints struct {
	mu      sync.Mutex
	running bool
	work    sync.WaitGroup
}

// start begins one in the background if the log is long enough and none is
// under way. It belongs to the database: Close waits for it.
func (c *checkpoints) start(ctx context.Context, db *DB) {
	if info, err := os.Stat(db.path + "-wal"); err != nil || info.Size() < walLimit {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running {
		return
	}
	c.running = true
	c.work.Go(func() {
		db.checkpoint(context.WithoutCancel(ctx))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.running = false
	})
}

// checkpoint loses nothing where it fails: the log stays as it is, and the next
// write tries again. Readers of an old state may prevent the second part.
func (db *DB) checkpoint(ctx context.Context) {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return
	}
	s := &session{conn: conn}
	defer func() { _ = s.close() }() // nothing was written by it
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = 20"); err != nil {
		return
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		return
	}
	leave, err := db.gate.pass(ctx)
	if err != nil {
		return
	}
	defer leave()
	_, _ = conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)") // as above
}
