package power

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/bazar-store/bazar/pkg/api"
)

// found is what the databases hold that a loss of power has left, before any
// service has seen them.
type found struct {
	orders       map[string]api.OrderState
	reservations map[string]reservation
	stock        map[int64]int64
}

type reservation struct {
	state api.ReservationState
	lines []api.ReservedLine
}

// read reads a copy of the databases, which SQLite recovers from their logs. One
// that is not there is empty; one that is damaged is an error.
func read(dir string) (f found, err error) {
	f = found{orders: map[string]api.OrderState{}, reservations: map[string]reservation{}, stock: map[int64]int64{}}
	err = rows(filepath.Join(dir, "order.db"), "SELECT id, state FROM orders", func(scan scanner) error {
		var id, state string
		err := scan(&id, &state)
		f.orders[id] = api.OrderState(state)
		return err
	})
	if err != nil {
		return f, err
	}
	catalog := filepath.Join(dir, "catalog.db")
	err = rows(catalog, "SELECT id, state, lines FROM reservations", func(scan scanner) error {
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
	return f, rows(catalog, "SELECT id, stock FROM books", func(scan scanner) error {
		var id, copies int64
		err := scan(&id, &copies)
		f.stock[id] = copies
		return err
	})
}

type scanner func(into ...any) error

func rows(path, query string, each func(scanner) error) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	verdict := ""
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		return fmt.Errorf("%s is damaged: %s, %w", filepath.Base(path), verdict, err)
	}
	list, err := db.Query(query)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	defer list.Close()
	for list.Next() {
		if err := each(list.Scan); err != nil {
			return err
		}
	}
	return list.Err()
}

// faults says where the two databases can't have come to be what they are: what
// an order says was decided before it was written.
func (f *found) faults(before map[int64]int64) (wrong []string) {
	for id, state := range f.orders {
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
		if f.stock[book] != copies || copies < 0 {
			wrong = append(wrong, fmt.Sprintf("of book %d there are %d copies; what was taken leaves %d", book, f.stock[book], copies))
		}
	}
	return wrong
}
