package harness

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

var room = NewRoom("harness", flag.CommandLine)

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }

// listener is a test that notes violations and does not fail by them.
type listener struct{ testing.TB }

func (listener) Fail() {}

// An order that its buyer was told of and that is gone would come back when it is
// asked for again, and all would agree.
func TestAnOrderThatIsLostBeforeItHasAnEndIsReported(t *testing.T) {
	run := room.Begin(t, "lost")
	ctx := t.Context()
	shop, account := run.Open(ctx, "", "", map[int64]int64{1: 100}), NewAccount()
	lines := []api.LineRequest{{BookID: 1, Quantity: 1}}
	calls := run.Client(shop.Catalog.URL(), shop.Orders.URL()).Within(2 * time.Second)
	kept, pending, cancelling := api.NewID(), api.NewID(), api.NewID()
	for _, id := range []string{kept, cancelling} {
		account.Place(ctx, calls, id, lines)
	}
	shop.Catalog.Kill()
	account.Place(ctx, calls, pending, lines)
	account.Cancel(ctx, calls, cancelling)
	told := account.Counts()
	if told[api.OrderPending] != 1 || told[api.OrderCancelling] != 1 || told[api.OrderConfirmed] != 1 {
		t.Fatalf("the buyers were told %v", told)
	}

	shop.Orders.Kill()
	run.Must(forget(ctx, filepath.Join(run.Dir, "order.db"), pending, cancelling))
	run.Must(shop.Catalog.Start(ctx))
	run.Must(shop.Orders.Start(ctx))
	run.TB = listener{t}
	shop.Prove(ctx, account, time.Now())
	run.TB = t

	found := run.violations
	run.violations = nil
	want := []string{"order " + pending + " is lost; its buyer was told pending", "order " + cancelling + " is lost; its buyer was told cancelling"}
	for _, w := range want {
		if !slices.Contains(found, w) {
			t.Errorf("%q is not among %q", w, found)
		}
	}
	if slices.ContainsFunc(found, func(v string) bool { return strings.Contains(v, kept) }) {
		t.Errorf("the order that was kept is among %q", found)
	}
}

// forget removes orders from a database that nobody has open.
func forget(ctx context.Context, path string, ids ...string) (err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(1)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, id := range ids {
		if _, err := db.ExecContext(ctx, "DELETE FROM orders WHERE id = ?", id); err != nil {
			return err
		}
	}
	return nil
}
