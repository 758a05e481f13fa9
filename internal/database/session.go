package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"gorm.io/gorm"
)

// keptStatements is how many prepared statements a session keeps; a service has
// fewer, except that lists make variants of some.
const keptStatements = 200

// session is one connection that runs transactions and keeps its prepared
// statements from one to the next ([gorm.ConnPool]). A [sql.Tx] and GORM's own
// cache prepare every statement again in every transaction, which costs more
// than most statements do.
type session struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt // those that give rows
	commands   map[string]driver.Stmt
	values     []driver.NamedValue // of the command at hand
	durability durability
	// broken says that it can't be told what state the connection is in.
	broken bool
}

// openSession takes a connection of the pool, for good.
func openSession(ctx context.Context, pool *sql.DB) (*session, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return &session{conn: conn, statements: map[string]*sql.Stmt{}, commands: map[string]driver.Stmt{}, durability: durable}, nil
}

// openWriter takes a connection, and lets it write.
func openWriter(ctx context.Context, pool *sql.DB) (*session, error) {
	s, err := openSession(ctx, pool)
	if err != nil {
		return nil, err
	}
	if _, err := s.conn.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: %w", err), s.close())
	}
	return s, nil
}

// usable gives a session back if it can go on, and closes it if not.
func usable(s *session) *session {
	if s == nil || !s.broken {
		return s
	}
	_ = s.close() // whatever it says, it is not used again
	return nil
}

// close closes the connection, which nobody else may have after what it was
// used for; nil is closed.
func (s *session) close() error {
	if s == nil {
		return nil
	}
	err := s.forget()
	if lost := s.conn.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(lost, driver.ErrBadConn) {
		err = errors.Join(err, lost)
	}
	if closed := s.conn.Close(); !errors.Is(closed, sql.ErrConnDone) { // it was, by what Raw was told
		err = errors.Join(err, closed)
	}
	return err
}

func (s *session) forget() (err error) {
	for _, statement := range s.statements {
		err = errors.Join(err, statement.Close())
	}
	clear(s.statements)
	return errors.Join(err, s.forgetCommands())
}

func (s *session) forgetCommands() error {
	if len(s.commands) == 0 {
		return nil
	}
	return s.conn.Raw(func(any) error { return s.closeCommands() })
}

func (s *session) closeCommands() (err error) {
	for _, command := range s.commands {
		err = errors.Join(err, command.Close())
	}
	clear(s.commands)
	return err
}

// be makes the commits that follow as durable as wanted.
func (s *session) be(ctx context.Context, wanted durability) error {
	if s.durability == wanted {
		return nil
	}
	s.broken = true // unless it works
	// It takes effect when it is prepared, and so is never kept.
	if _, err := s.conn.ExecContext(ctx, "PRAGMA synchronous = "+string(wanted)); err != nil {
		return err
	}
	s.durability, s.broken = wanted, false
	return nil
}

// begin starts a transaction; what tx gives back runs in it.
func (s *session) begin(tx *gorm.DB, statement string) (*gorm.DB, error) {
	if _, err := s.ExecContext(tx.Statement.Context, statement); err != nil {
		s.broken = !isBusy(err)
		return nil, err
	}
	tx.Statement.ConnPool = s
	return tx, nil
}

func (s *session) rollback(ctx context.Context) {
	// SQLite may have rolled back by itself, or not have understood.
	if _, err := s.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		s.broken = true
	}
}

func (s *session) commit(ctx context.Context) error {
	_, err := s.ExecContext(ctx, "COMMIT")
	if err != nil {
		s.rollback(ctx) // the transaction may still be open, and keep others out
		s.broken = true
	}
	return err
}

func (s *session) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement := s.statements[query]; statement != nil {
		return statement, nil
	}
	if len(s.statements) >= keptStatements {
		if err := s.forget(); err != nil {
			return nil, err
		}
	}
	statement, err := s.conn.PrepareContext(ctx, query)
	if err == nil {
		s.statements[query] = statement
	}
	return statement, err
}

// PrepareContext prepares a statement that the caller closes.
func (s *session) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return s.conn.PrepareContext(ctx, query)
}

// ExecContext runs a statement. It asks the driver itself: on its way through
// package sql each argument is looked at and copied, of which an import has
// millions.
func (s *session) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = s.conn.Raw(func(conn any) error {
		command, err := s.command(ctx, conn, query)
		if err != nil {
			return err
		}
		if err := s.bind(args); err != nil {
			return err
		}
		defer clear(s.values) // what they hold on to is not kept
		result, err = command.ExecContext(ctx, s.values)
		return err
	})
	return result, err
}

// command prepares a statement that gives no rows.
func (s *session) command(ctx context.Context, conn any, query string) (driver.StmtExecContext, error) {
	if command, ok := s.commands[query].(driver.StmtExecContext); ok {
		return command, nil
	}
	if len(s.commands) >= keptStatements {
		if err := s.closeCommands(); err != nil {
			return nil, err
		}
	}
	preparer, ok := conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, fmt.Errorf("sqlite: a connection that prepares nothing: %T", conn)
	}
	prepared, err := preparer.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	command, ok := prepared.(driver.StmtExecContext)
	if !ok {
		return nil, fmt.Errorf("sqlite: a statement that does not run: %T", prepared)
	}
	s.commands[query] = prepared
	return command, nil
}

// bind makes arguments the driver's values.
func (s *session) bind(args []any) error {
	s.values = s.values[:0]
	for n, arg := range args {
		value, err := driver.Value(arg), error(nil)
		switch arg.(type) {
		case nil, int64, string:
		default:
			value, err = driver.DefaultParameterConverter.ConvertValue(arg)
		}
		if err != nil {
			return fmt.Errorf("sqlite: argument %d: %w", n+1, err)
		}
		s.values = append(s.values, driver.NamedValue{Ordinal: n + 1, Value: value})
	}
	return nil
}

// QueryContext runs a statement that gives rows.
func (s *session) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext runs a statement that gives one row.
func (s *session) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return s.conn.QueryRowContext(ctx, query, args...)
}
