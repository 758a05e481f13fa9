package harness

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite", to look at databases that no service has opened

	"github.com/bazar-store/bazar/pkg/api"
)

// Found is what the databases hold that a loss of power has left, before any
// service has seen them.
type Found struct {
	Orders       map[string]api.OrderState
	Stock        map[int64]int64
	reservations map[string]reservation
}

type reservation struct {
	state api.ReservationState
	lines []api.ReservedLine
}

// Find reads a copy of the databases, which SQLite recovers from their logs. One
// that is not there is empty; one that is damaged is an error.
func Find(ctx context.Context, dir string) (f Found, err error) {
	f = Found{Orders: map[string]api.OrderState{}, Stock: map[int64]int64{}, reservations: map[string]reservation{}}
	err = rows(ctx, filepath.Join(dir, "order.db"), "SELECT id, state FROM orders", func(scan scanner) error {
		var id, state string
		err := scan(&id, &state)
		f.Orders[id] = api.OrderState(state)
		return err
	})
	if err != nil {
		return f, err
	}
	catalog := filepath.Join(dir, "catalog.db")
	err = rows(ctx, catalog, "SELECT id, state, lines FROM reservations", func(scan scanner) error {
		var id, state, lines string
		err := scan(&id, &state, &lines)
		r := reservation{state: api.ReservationState(state)}
		err = errors.Join(err, json.Unmarshal([]byte(lines), &r.lines))
		f.reservations[id] = r
		return err
	})
	if err != nil {
		return f, err
	}
	return f, rows(ctx, catalog, "SELECT id, stock FROM books", func(scan scanner) error {
		var id, copies int64
		err := scan(&id, &copies)
		f.Stock[id] = copies
		return err
	})
}

type scanner func(into ...any) error

func rows(ctx context.Context, path, query string, each func(scanner) error) (err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// A copy that is thrown away need not wait for the disk when it is closed.
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	verdict := ""
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		return fmt.Errorf("%s is damaged: %s, %w", filepath.Base(path), verdict, err)
	}
	list, err := db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	for list.Next() {
		if err := each(list.Scan); err != nil {
			return err
		}
	}
	return list.Err()
}

// Faults says where the two databases can't have come to be what they are: what
// an order says was decided before it was written.
func (f *Found) Faults(before map[int64]int64) (wrong []string) {
	for id, state := range f.Orders {
		r := f.reservations[id].state
		fits := map[api.OrderState]bool{
			api.OrderConfirmed: r == api.Taken || r == api.Released,
			api.OrderRejected:  r == api.Refused,
			api.OrderCancelled: r == api.Released || r == api.Refused,
		}
		if fit, settled := fits[state]; settled && !fit {
			wrong = append(wrong, fmt.Sprintf("order %s is %s; its reservation is %q", id, state, r))
		}
	}
	left := maps.Clone(before)
	for _, r := range f.reservations {
		for _, l := range r.lines {
			if r.state == api.Taken {
				left[l.BookID] -= l.Quantity
			}
		}
	}
	for book, copies := range left {
		if f.Stock[book] != copies || copies < 0 {
			wrong = append(wrong, fmt.Sprintf("of book %d there are %d copies; what was taken leaves %d", book, f.Stock[book], copies))
		}
	}
	return wrong
}

// Unbacked says which orders their buyers were told an end of that the catalog's
// database does not have.
func (f *Found) Unbacked(account *Account) (wrong []string) {
	account.mu.Lock()
	defer account.mu.Unlock()
	for id, b := range account.bought {
		r := f.reservations[id].state
		switch {
		case b.Heard == api.OrderConfirmed && r != api.Taken && r != api.Released,
			b.Heard == api.OrderRejected && r != api.Refused,
			b.Heard == api.OrderCancelled && r != api.Released && r != api.Refused:
			wrong = append(wrong, fmt.Sprintf("of order %s its buyer was told that it is %s; its reservation is %q", id, b.Heard, r))
		}
	}
	return wrong
}
