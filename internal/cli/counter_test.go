package cli_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/bazar-store/bazar/internal/account"
	"github.com/bazar-store/bazar/internal/batch"
	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/frontend"
	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// The states of a [wire]: it carries requests and answers, it ends connections
// before a request is through, or before its answer is, or keeps answers to itself
// until who waits for one leaves.
const (
	whole int64 = iota
	cut
	deafened
	deafenedOnce // and whole from then on
	silent
)

// wire is the way to a service, which can break.
type wire struct {
	to    http.Handler
	state atomic.Int64
	seen  atomic.Int64 // requests
}

func (w *wire) be(state int64) { w.state.Store(state) }

// ServeHTTP carries a request as far as it gets.
func (w *wire) ServeHTTP(reply http.ResponseWriter, r *http.Request) {
	w.seen.Add(1)
	state := w.state.Load()
	w.state.CompareAndSwap(deafenedOnce, whole)
	switch state {
	case cut:
		panic(http.ErrAbortHandler)
	case deafened, deafenedOnce:
		w.to.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case silent:
		w.to.ServeHTTP(httptest.NewRecorder(), r)
		<-r.Context().Done()
	default:
		w.to.ServeHTTP(reply, r)
	}
}

// counter is a shop that breaks on request, and a customer who has the programs.
// The customer's way to the catalog is always whole.
type counter struct {
	t                   *testing.T
	books               *catalog.Service
	orders              *order.Service
	toCatalog, toOrders *wire
	disk                string // the small one
	state               string // the customer's
	env                 []string
	orderURL            string
	ordersDB, catalogDB string // where the databases are
	token               string // the customer's
	patience            time.Duration
}

// openCounter opens a shop; small says whose disk can be filled, "" for none.
func openCounter(t *testing.T, small string) *counter {
	t.Helper()
	own := t.TempDir()
	c := &counter{t: t, env: home(own), state: filepath.Join(own, "state"), toCatalog: &wire{}, toOrders: &wire{}}
	c.patient()
	dir := func(program string) string {
		if program != small {
			return t.TempDir()
		}
		c.disk = smallDisk(t, 4096)
		return c.disk
	}
	c.openServices(dir("catalog"), dir("order"))
	if err := os.MkdirAll(c.state, 0o700); err != nil {
		t.Fatal(err)
	}
	c.stock()
	return c
}

func (c *counter) openServices(catalogDir, orderDir string) {
	c.t.Helper()
	log := slog.New(slog.DiscardHandler)
	c.catalogDB, c.ordersDB = filepath.Join(catalogDir, "catalog.db"), filepath.Join(orderDir, "order.db")
	var err error
	c.books, err = catalog.Open(c.t.Context(), catalog.Options{Database: "sqlite:" + c.catalogDB, Starter: bookfile.Starter, Log: log})
	if err != nil {
		c.t.Fatal(err)
	}
	c.toCatalog.to = c.books.Handler(false)
	c.orders, err = order.Open(c.t.Context(), order.Options{
		Database: "sqlite:" + c.ordersDB, Catalog: c.calls(client.Config{Catalog: []string{c.serve(c.toCatalog)}}), Log: log,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.toOrders.to = c.orders.Handler(false)
	c.orderURL = c.serve(c.toOrders)
	c.t.Cleanup(func() {
		if err := errors.Join(c.orders.Close(), c.books.Close()); err != nil && c.disk == "" {
			c.t.Errorf("close: %v", err)
		}
	})
	c.reach("BAZAR_CATALOG_URL", c.serve(c.books.Handler(false)))
	c.reach("BAZAR_ORDER_URL", c.orderURL)
}

func (c *counter) serve(h http.Handler) string {
	server := httptest.NewServer(h)
	c.t.Cleanup(server.Close)
	return server.URL
}

func (c *counter) calls(config client.Config) *client.Client {
	c.t.Helper()
	calls, err := client.New(config)
	if err != nil {
		c.t.Fatal(err)
	}
	return calls
}

// stock makes of the starter catalogue what plays need.
func (c *counter) stock() {
	c.t.Helper()
	none := int64(0)
	_, soldOut := c.books.Move(c.t.Context(), "5", api.NewID(), api.MovementRequest{Set: &none})
	_, euros := c.books.Edit(c.t.Context(), "6", nil, api.BookEdit{Price: api.Some(api.Money{Amount: 900, Currency: "EUR"})})
	_, retired := c.books.Edit(c.t.Context(), "7", nil, api.BookEdit{State: api.Some(api.Retired)})
	if err := errors.Join(soldOut, euros, retired); err != nil {
		c.t.Fatal(err)
	}
}

// reach sets a variable of the customer's: where a service is, or a token.
func (c *counter) reach(variable, value string) { c.env = append(c.env, variable+"="+value) }

// front puts a front end before the services, which has the order service at a
// URL.
func (c *counter) front(orderURL string) {
	c.t.Helper()
	calls := c.calls(client.Config{Catalog: []string{c.serve(c.books.Handler(false))}, Orders: []string{orderURL}})
	engine := web.NewEngine(web.EngineOptions{Log: slog.New(slog.DiscardHandler)}, frontend.New(calls).Routes())
	c.reach("BAZAR_CATALOG_URL", "")
	c.reach("BAZAR_ORDER_URL", "")
	c.reach("BAZAR_URL", c.serve(engine))
}

// guard has the order service ask accounts who buys; the customer shows a token,
// "" for none.
func (c *counter) guard(accounts web.Introspector, token string) {
	c.t.Helper()
	engine := web.NewEngine(web.EngineOptions{Log: slog.New(slog.DiscardHandler), Door: web.Door{Accounts: accounts}}, c.orders.Routes())
	c.toOrders = &wire{to: engine}
	c.reach("BAZAR_ORDER_URL", c.serve(c.toOrders))
	c.token = token
	c.reach("BAZAR_TOKEN", token)
}

// openAccounts opens an account service that knows ann, and gives a token of hers
// for the scopes.
func (c *counter) openAccounts(scopes ...api.Scope) (*account.Service, string) {
	c.t.Helper()
	accounts, err := account.Open(c.t.Context(), account.Options{
		Database: "sqlite:" + filepath.Join(c.t.TempDir(), "account.db"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := accounts.Close(); err != nil {
			c.t.Errorf("close: %v", err)
		}
	})
	const password = "a word that nobody guesses"
	_, err = accounts.Create(c.t.Context(), api.NewAccount{Name: "ann", Password: password}, api.RoleCustomer)
	if err != nil {
		c.t.Fatal(err)
	}
	issued, err := accounts.Login(c.t.Context(), api.TokenRequest{Account: "ann", Password: password, Name: "test", Scopes: scopes}, "127.0.0.1")
	if err != nil {
		c.t.Fatal(err)
	}
	return accounts, issued.Secret
}

// crowd keeps all writers of a database out, and has more ask than may wait. All
// ask again and again, so that no place stays free.
func (c *counter) crowd(database string, ask func(ctx context.Context, id string) error) {
	c.t.Helper()
	const mayWait, together, more = 4096, 256, 64 // the last of them are told
	leave, err := lockedfile.MutexAt(database + ".write").Lock()
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	var asking sync.WaitGroup
	c.t.Cleanup(func() { // before the services are closed
		cancel()
		leave()
		asking.Wait()
	})
	var refused atomic.Int64
	for range mayWait + together + more {
		asking.Go(func() {
			for ctx.Err() == nil {
				if _, full := errors.AsType[*batch.Full](ask(ctx, api.NewID())); full {
					refused.Add(1)
				}
				select {
				case <-time.After(20 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	eventually(c.t, "too many wait, again and again", func() bool { return refused.Load() > 4*more })
}

// address is where the customer's orders go.
func (c *counter) address() string {
	for _, name := range []string{"BAZAR_URL=", "BAZAR_ORDER_URL="} {
		for i := len(c.env) - 1; i >= 0; i-- {
			if url, found := strings.CutPrefix(c.env[i], name); found {
				if url != "" {
					return url
				}
				break
			}
		}
	}
	c.t.Fatal("the customer knows no order service")
	return ""
}

// patient makes the customer wait as long as it takes.
func (c *counter) patient() { c.patience = patience }

func (c *counter) place(account, id string, book int64, want api.OrderState) {
	c.t.Helper()
	o, _, err := c.orders.Place(c.t.Context(), account, id, api.OrderRequest{Lines: wanting(book, 1)})
	if rejected := api.CodeOf(err) == api.CodeOutOfStock && want == api.OrderRejected; !rejected && (err != nil || o.State != want) {
		c.t.Fatalf("placed: %s, %v; want %s", o.State, err, want)
	}
}

func (c *counter) cancel(id string, want api.OrderState) {
	c.t.Helper()
	if o, err := c.orders.Cancel(c.t.Context(), api.LocalAccount, id); err != nil || o.State != want {
		c.t.Fatalf("cancelled: %s, %v; want %s", o.State, err, want)
	}
}

func (c *counter) deliver(book int64) {
	c.t.Helper()
	five := int64(5)
	if _, err := c.books.Move(c.t.Context(), strconv.FormatInt(book, 10), api.NewID(), api.MovementRequest{Delta: &five}); err != nil {
		c.t.Fatalf("delivery of book %d: %v", book, err)
	}
}
