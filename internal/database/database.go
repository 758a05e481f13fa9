// Package database opens, migrates, reads and writes a service's database. It
// is the only place that knows a driver; GORM maps the tables above it.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver "sqlite": pure Go, so that no C compiler is needed

	"github.com/bazar-store/bazar/pkg/api"
)

// readers is how many read connections a database has: a read holds one for
// microseconds, and more of them than cores would only wait in turn.
const readers = 4

// forEver is how long GORM's prepared statements live: with any other time it
// starts a goroutine that looks for old ones and outlives the database, which
// then is never freed.
const forEver = 10 * 365 * 24 * time.Hour

// connections is how many a database has at most: the readers of single
// statements, those of snapshots, the writer and the one that takes its place,
// and a checkpoint. They come from one pool, and a command that lives for a
// moment uses the same one for all: opening one costs more than a purchase's
// statements.
const connections = 2*readers + 3

// DB is one service's SQLite database: a pool of readers, and one writer at a
// time over all processes that have it open.
type DB struct {
	path       string
	migrations fs.FS
	logOpener  func(path string) (Log, error)
	pool       *sql.DB
	read       *gorm.DB
	gate       *turnstile
	// writing holds the writer while nobody writes, and snapshots the readers
	// that no transaction uses; nil in them means not open yet. Close closes
	// both.
	writing   chan *session
	snapshots chan *session
	close     sync.Once
	copying   *checkpoints

	newest  int64 // the newest version of the schema that this program knows
	logging sync.Mutex
	log     Log
	syncing sync.Mutex
	doubts  *doubtFile
	// mistrusted is a doubt that could not be noted in the file.
	mistrusted atomic.Bool
	miscopied  atomic.Bool // the same of a doubt about the database
	// begun says that this process has had a turn with no doubt left over from
	// before.
	begun atomic.Bool
}

// Open opens the database that location names ("sqlite:PATH"), makes it if it
// is not there, and brings it up to the newest of migrations (goose SQL files,
// NNNNN_name.sql). A database that is damaged or that a newer program has
// migrated is refused.
func Open(ctx context.Context, location string, migrations fs.FS, options ...Option) (*DB, error) {
	path, ok := strings.CutPrefix(location, "sqlite:")
	if !ok || path == "" {
		return nil, api.Errorf(api.CodeInvalid, "%q is not a database: give sqlite:PATH", location)
	}
	path, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("database path: %w", err)
	}
	db := &DB{
		path: path, migrations: migrations, logOpener: openLogFile, gate: newTurnstile(path), copying: newCheckpoints(ctx), doubts: &doubtFile{path: path + ".sync"},
		writing: make(chan *session, 1), snapshots: make(chan *session, readers),
	}
	for _, set := range options {
		set(db)
	}
	db.writing <- nil
	for range readers {
		db.snapshots <- nil
	}
	if err := db.open(ctx); err != nil {
		return nil, errors.Join(opening(path, err), db.Close())
	}
	return db, nil
}

// realPath is where the database is, whatever links lead to it: SQLite keeps the
// log there, and all processes must meet at the same lock files.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if target, err = filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			return filepath.Join(target, filepath.Base(path)), nil
		}
		return path, nil // opening it says what is wrong
	}
	return target, err
}

func (db *DB) open(ctx context.Context) error {
	newest, err := newestVersion(db.migrations)
	if err != nil {
		return err
	}
	db.newest = newest
	if _, err := os.Stat(db.path); errors.Is(err, fs.ErrNotExist) {
		db.claim()
		if err := db.migrate(ctx); err != nil {
			return err
		}
	}
	if db.pool, err = connect(db.path, "mode=rw&_query_only=1", connections); err != nil {
		return err
	}
	if db.read, err = mapTables(db.pool); err != nil {
		return err
	}
	version, err := db.version(ctx)
	if err == nil && version < newest {
		if err = db.migrate(ctx); err == nil {
			version, err = db.version(ctx)
		}
	}
	if err == nil && version > newest {
		err = api.Errorf(api.CodeInternal, "it was written by a newer version of Bazar (schema %d, this program knows %d); use that version, or newer", version, newest)
	}
	return err
}

// claim makes the database's files before others do, for nobody else to read:
// SQLite gives its log the mode of the database.
func (db *DB) claim() {
	for _, suffix := range [...]string{"", ".turn", ".write", ".sync"} {
		f, err := os.OpenFile(db.path+suffix, os.O_CREATE|os.O_RDWR, 0o600)
		if err == nil {
			_ = f.Close() // nothing was written
		}
		// What can't be made says so when it is used.
	}
}

// connect makes a pool. Pragmas hold for a connection, so they stand in the
// DSN; busy_timeout is the backstop behind the turnstile.
func connect(path, query string, connections int) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	dsn := name.String() + "?" + query + "&_txlock=immediate&_busy_timeout=5000&_synchronous=FULL" +
		"&_pragma=cache_size(-2000)&_pragma=temp_store(2)&_pragma=wal_autocheckpoint(0)&_pragma=journal_size_limit(67108864)&_foreign_keys=1"
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, nil
}

func mapTables(pool *sql.DB) (*gorm.DB, error) {
	mapped, err := gorm.Open(&sqlite.Dialector{Conn: pool}, &gorm.Config{
		PrepareStmt: true, PrepareStmtTTL: forEver, SkipDefaultTransaction: true, DisableAutomaticPing: true, Logger: logger.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return mapped, nil
}

// Read gives a session that reads, each statement from the newest commit.
func (db *DB) Read(ctx context.Context) *gorm.DB { return db.read.WithContext(ctx) }

// Snapshot runs read in one read transaction: all its statements see the same
// state.
func (db *DB) Snapshot(ctx context.Context, read func(tx *gorm.DB) error) (err error) {
	var reader *session
	open := false
	select {
	case reader, open = <-db.snapshots:
	case <-ctx.Done():
		return busy(ctx.Err())
	}
	if !open {
		return closed()
	}
	defer func() { db.snapshots <- usable(reader) }()
	if reader == nil {
		if reader, err = openSession(ctx, db.pool); err != nil {
			return Explain(err)
		}
	}
	tx, err := reader.begin(db.read.Session(&gorm.Session{NewDB: true, Context: ctx}), "BEGIN")
	if err != nil {
		return Explain(err)
	}
	defer reader.rollback(ctx)
	return Explain(read(tx))
}

// enter waits for the writer, first among the callers of this process, then
// among processes.
func (db *DB) enter(ctx context.Context) (leave func(), writer *session, err error) {
	open := false
	select {
	case writer, open = <-db.writing:
	case <-ctx.Done():
		return nil, nil, busy(ctx.Err())
	}
	if !open {
		return nil, nil, closed()
	}
	if writer == nil || writer.broken {
		writer, err = db.replace(ctx, writer)
	}
	if err == nil {
		leave, err = db.gate.pass(ctx)
	}
	if err != nil {
		db.writing <- writer
		if ctx.Err() != nil {
			return nil, nil, busy(ctx.Err())
		}
		return nil, nil, Explain(err)
	}
	return leave, writer, nil
}

// replace opens a writer and then closes the one whose place it takes. The other
// way round that could be this store's last connection, with which SQLite takes
// the log and the shared memory away: on a full disk they can't be made again,
// and nobody could read.
func (db *DB) replace(ctx context.Context, broken *session) (*session, error) {
	writer, err := openWriter(ctx, db.pool)
	if err != nil {
		return broken, err
	}
	_ = broken.close() // whatever it says, it is not used again
	return writer, nil
}

func closed() error { return api.Errorf(api.CodeUnavailable, "the store has been closed") }

func busy(cause error) error {
	return api.Wrap(api.CodeUnavailable, cause, "the store is busy: others write and it did not come to this request's turn")
}

// Close closes all connections, after the writer is done. It may be called
// twice.
func (db *DB) Close() (err error) {
	db.close.Do(func() {
		if err = db.recopyAtEnd(); err != nil {
			db.copying.close()
			return // with its last connection SQLite would take the log away
		}
		err = closeAll(db.writing)
		db.copying.close() // which only writers start
		err = errors.Join(err, closeAll(db.snapshots), db.closeLog(), db.doubts.close(), closePool(db.pool))
	})
	return err
}

// closeAll waits for every session and closes it. Only who has taken one puts
// it back, so the channel can be closed after the last.
func closeAll(sessions chan *session) (err error) {
	for range cap(sessions) {
		err = errors.Join(err, (<-sessions).close())
	}
	close(sessions)
	return err
}

func closePool(pool *sql.DB) error {
	if pool == nil {
		return nil
	}
	if err := pool.Close(); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	return nil
}
