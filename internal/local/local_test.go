package local_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/local"
	"github.com/bazar-store/bazar/pkg/api"
)

// A child process of these tests buys, and does nothing else.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LOCAL_TEST_BUY_IN"); dir != "" {
		os.Exit(buyInChild(dir))
	}
	os.Exit(m.Run())
}

const ordersOfAChild = 50

// buyInChild places orders of a copy of book 1, and prints what became of each.
func buyInChild(dir string) int {
	s, err := local.Open(options(dir))
	if err != nil {
		return 1
	}
	defer s.Close()
	var wg sync.WaitGroup
	for range ordersOfAChild {
		wg.Go(func() { fmt.Fprintln(os.Stderr, buy(context.Background(), s, 1)) })
	}
	wg.Wait()
	return 0
}

// buy says what became of an order of a copy.
func buy(ctx context.Context, s *local.Store, book int64) string {
	order, err := s.Client().PlaceOrder(ctx, api.NewID(), api.OrderRequest{Lines: []api.LineRequest{{BookID: book, Quantity: 1}}})
	if err != nil {
		return string(api.CodeOf(err))
	}
	return string(order.State)
}

func options(dir string) local.Options {
	return local.Options{Dir: dir, Starter: bookfile.Starter, Log: slog.New(slog.DiscardHandler)}
}

func open(t *testing.T, dir string) *local.Store {
	t.Helper()
	s, err := local.Open(options(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func stock(t *testing.T, s *local.Store, book string) int64 {
	t.Helper()
	b, err := s.Client().Book(t.Context(), book)
	if err != nil {
		t.Fatal(err)
	}
	return b.Stock
}

func TestAStoreIsMadeWhenItIsFirstCalled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet", "there")
	s := open(t, dir)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("it is there already: %v", err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestTwoStoresInOneDirectoryAreOne(t *testing.T) {
	dir := t.TempDir()
	stores := []*local.Store{open(t, dir), open(t, dir)}
	for i := range 10 { // each sees at once what the other did
		if got := buy(t.Context(), stores[i%2], 2); got != "confirmed" {
			t.Fatal(got)
		}
		if left := stock(t, stores[(i+1)%2], "2"); left != int64(19-i) {
			t.Fatalf("%d left after %d orders", left, i+1)
		}
		title := fmt.Sprint("Fresh ", i)
		added, err := stores[i%2].Client().AddBook(t.Context(), api.BookEdit{Title: api.Some(title), Price: api.Some(api.Money{Amount: 1, Currency: "USD"})})
		if err != nil {
			t.Fatal(err)
		}
		found, err := stores[(i+1)%2].Client().Books(t.Context(), api.BookQuery{Q: title, Limit: 5})
		if err != nil || len(found.Books) != 1 || found.Books[0].ID != added.ID {
			t.Fatalf("%q is not found by the other: %v, %v", title, found.Books, err)
		}
	}
	var confirmed atomic.Int64
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			switch got := buy(t.Context(), stores[i%2], 1); got {
			case "confirmed":
				confirmed.Add(1)
			case "out_of_stock":
			default:
				t.Error(got)
			}
		})
	}
	wg.Wait()
	if confirmed.Load() != 20 || stock(t, stores[0], "1") != 0 {
		t.Errorf("%d of 20 were sold", confirmed.Load())
	}
}

func TestProcessesNeverOversell(t *testing.T) {
	const processes = 4
	dir := t.TempDir() // the first of the processes makes the store
	var wg sync.WaitGroup
	outputs := make([]string, processes)
	for i := range processes {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "LOCAL_TEST_BUY_IN="+dir)
		wg.Go(func() {
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("a process: %v", err)
			}
			outputs[i] = string(out)
		})
	}
	wg.Wait()
	all := strings.Fields(strings.Join(outputs, ""))
	count := map[string]int{}
	for _, what := range all {
		count[what]++
	}
	if len(all) != processes*ordersOfAChild || count["confirmed"] != 20 || count["out_of_stock"] != len(all)-20 {
		t.Errorf("%v", count)
	}
	s := open(t, dir)
	page, err := s.Client().AllOrders(t.Context(), 1000, "")
	if err != nil || len(page.Orders) != len(all) || stock(t, s, "1") != 0 {
		t.Errorf("%d orders, %d left, %v", len(page.Orders), stock(t, s, "1"), err)
	}
}

func TestCloseWaitsForCallsInFlight(t *testing.T) {
	dir := t.TempDir()
	s, other := open(t, dir), open(t, dir)
	if err := errors.Join(s.Ready(t.Context()), other.Ready(t.Context())); err != nil {
		t.Fatal(err)
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(dir, "order.db.write")).Lock() // as another process that writes
	if err != nil {
		t.Fatal(err)
	}
	bought, closed := make(chan string, 1), make(chan error, 1)
	go func() { bought <- buy(t.Context(), s, 1) }()
	select {
	case got := <-bought:
		t.Fatalf("bought past the lock: %s", got)
	case <-time.After(50 * time.Millisecond):
	}
	go func() { closed <- s.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("closed under a call: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	unlock()
	if got, err := <-bought, <-closed; got != "confirmed" || err != nil {
		t.Errorf("bought: %s, closed: %v", got, err)
	}
	if left := stock(t, other, "1"); left != 19 {
		t.Errorf("%d left", left)
	}
}

func TestAClosedStoreRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := open(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Client().Store(t.Context()); api.CodeOf(err) != api.CodeUnavailable {
		t.Errorf("never used, it is opened after its end: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("and made: %v", err)
	}
	used := open(t, dir)
	if err := errors.Join(used.Ready(t.Context()), used.Close()); err != nil {
		t.Fatal(err)
	}
	if got := buy(t.Context(), used, 1); got != "unavailable" {
		t.Errorf("buying: %s", got)
	}
}

// Opening a new store takes its locks, and these may be another's for long.
func TestOpeningGivesUpWithItsCall(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lockedfile.MutexAt(filepath.Join(dir, "catalog.db.write")).Lock()
	if err != nil {
		t.Fatal(err)
	}
	unlock = sync.OnceFunc(unlock)
	defer unlock()
	s := open(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := s.Client().Store(ctx)
		ended <- err
	}()
	select {
	case err := <-ended:
		if api.CodeOf(err) != api.CodeUnavailable {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it waits on")
	}
	unlock()
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("later: %v", err)
	}
}

func TestADirectoryThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		_, err := open(t, dir).Client().Store(t.Context())
		if api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), "directory") {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
