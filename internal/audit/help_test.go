package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // a test changes a store behind its services' backs

	"github.com/bazar-store/bazar/internal/audit"
	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/local"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// open opens the store in a directory, with the starter catalogue if it is new.
func open(t testing.TB, dir string) *client.Client {
	t.Helper()
	s, err := local.Open(local.Options{Dir: dir, Starter: bookfile.Starter, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.Client()
}

// execute changes one of the store's databases behind everybody's back: as who
// does not know the rules, constraints included.
func execute(t testing.TB, dir, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, file)+"?_pragma=busy_timeout(10000)&_pragma=ignore_check_constraints(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func lines(bookAndQuantity ...int64) (r api.OrderRequest) {
	for i := 0; i < len(bookAndQuantity); i += 2 {
		r.Lines = append(r.Lines, api.LineRequest{BookID: bookAndQuantity[i], Quantity: bookAndQuantity[i+1]})
	}
	return r
}

// auditor runs audits of a store; hurried ones on a clock that runs fast.
type auditor struct {
	store           audit.Store
	repair, hurried bool
	ahead           time.Duration
}

// run gives what an audit found, a line each, and the sums.
func (a *auditor) run(ctx context.Context) (found []string, sums audit.Sums, err error) {
	sums, err = audit.Run(ctx, a.store, audit.Options{
		Repair: a.repair, Progress: func(int64) {},
		Now: func() time.Time {
			if a.hurried {
				a.ahead += time.Second
			}
			return time.Now().Add(a.ahead)
		},
		Fault: func(f audit.Fault) error {
			found = append(found, describe(f))
			return nil
		},
	})
	return found, sums, err
}

// describe is a fault as text: check, what it is about, amounts and detail.
func describe(f audit.Fault) string {
	s := string(f.Check) + ":"
	if f.OrderID != nil {
		s += " order " + *f.OrderID
	}
	if f.BookID != nil {
		s += fmt.Sprintf(" book %d", *f.BookID)
	}
	if f.MovementID != nil {
		s += fmt.Sprintf(" movement %d", *f.MovementID)
	}
	if f.Expected != nil {
		s += fmt.Sprintf(" expected %d", *f.Expected)
	}
	if f.Found != nil {
		s += fmt.Sprintf(" found %d", *f.Found)
	}
	if f.Currency != nil {
		s += " " + *f.Currency
	}
	return s + ": " + f.Detail
}
