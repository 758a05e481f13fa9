package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// newestApplied is the query for the schema's version.
const newestApplied = "SELECT coalesce(max(version_id), 0) FROM goose_db_version"

// newestVersion is the highest number among the migrations' names.
func newestVersion(migrations fs.FS) (int64, error) {
	files, err := fs.Glob(migrations, "*.sql")
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("migrations: none found: %w", err)
	}
	number, _, _ := strings.Cut(files[len(files)-1], "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	return version, nil
}

// version is the schema's version, 0 for a database without a schema. The first
// to open a WAL database after a crash recovers it under a lock that no busy
// timeout waits for, so others ask again.
func (db *DB) version(ctx context.Context) (version int64, err error) {
	deadline := time.Now().Add(5 * time.Second)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		_, err = ScanOne(db.Read(ctx), []any{&version}, newestApplied)
		if !isBusy(err) || time.Now().After(deadline) {
			break
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return 0, busy(ctx.Err())
		}
	}
	if err != nil && strings.Contains(err.Error(), "no such table: goose_db_version") {
		return 0, nil
	}
	return version, err
}

// migrate brings the database up to date, in WAL mode, behind the turnstile:
// goose knows no lock on SQLite.
func (db *DB) migrate(ctx context.Context) (err error) {
	leave, err := db.gate.pass(ctx)
	if err != nil {
		return err
	}
	defer leave()
	doubted, err := db.doubts.any(inCommit)
	if err == nil {
		err = db.doubts.set(inCommit, true)
	}
	if err != nil {
		return explainFile(err)
	}
	defer func() {
		if err == nil && !doubted {
			_ = db.doubts.set(inCommit, false) // if it stays, a write mends what is whole
		}
	}()
	writer, err := connect(db.path, "mode=rwc&_journal_mode=WAL", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, writer.Close()) }()
	return up(ctx, writer, db.migrations)
}

func up(ctx context.Context, pool *sql.DB, migrations fs.FS) error {
	provider, err := goose.NewProvider(database.DialectSQLite3, pool, migrations)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
