package database

import (
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// InsertAll inserts rows by as few prepared statements as it takes; values
// appends a row's values, in the order of columns. GORM's own Create reflects
// over every row, which costs more than SQLite's insert does. After an error some
// rows are there, and the transaction has to be rolled back: SQLite then need not
// keep, for each statement, what pages were before it.
func InsertAll[T any](tx *gorm.DB, table string, columns []string, rows []T, values func([]any, T) []any) error {
	head := "INSERT OR FAIL INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES "
	tuple := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
	for _, size := range [...]int{100, 10, 1} { // few sizes, so that prepared statements are met again
		if len(rows) < size {
			continue
		}
		query := head + strings.TrimSuffix(strings.Repeat(tuple+",", size), ",")
		args := make([]any, 0, size*len(columns))
		for len(rows) >= size {
			args = args[:0]
			for _, row := range rows[:size] {
				args = values(args, row)
			}
			if _, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, query, args...); err != nil {
				return fmt.Errorf("insert into %s: %w", table, err)
			}
			rows = rows[size:]
		}
	}
	return nil
}
