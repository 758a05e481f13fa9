package database

import (
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"
)

// ScanOne reads the first row that query gives into dest, and says whether
// there was one. GORM's own Row panics, with prepared statements, where the
// statement can't be prepared: on a damaged page, or for a caller who has left.
func ScanOne(tx *gorm.DB, dest []any, query string, args ...any) (found bool, err error) {
	rows, err := tx.Statement.ConnPool.QueryContext(tx.Statement.Context, query, args...)
	if err != nil {
		return false, fmt.Errorf("query: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		return true, rows.Scan(dest...)
	}
	return false, rows.Err()
}

// ScanAll has scan read each row that query gives, by hand: GORM's reflection
// costs more than most rows do.
func ScanAll(tx *gorm.DB, scan func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := tx.Statement.ConnPool.QueryContext(tx.Statement.Context, query, args...)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Exec runs a statement and says how many rows it changed. A transaction keeps
// the statement prepared: run again and again, it costs less than one statement
// that takes all rows out of JSON.
func Exec(tx *gorm.DB, statement string, args ...any) (changed int64, err error) {
	result, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, statement, args...)
	if err != nil {
		return 0, fmt.Errorf("statement: %w", err)
	}
	return result.RowsAffected()
}

// Plain gives what a pointer points to, or nil: the driver takes plain values
// without reflection.
func Plain[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
