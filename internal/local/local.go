// Package local runs the whole store in this process: every service on SQLite
// files in one directory, called by the shared client without a network.
package local

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// Hosts that stand for the services in the URLs of the transport.
const (
	catalogHost = "catalog.local"
	orderHost   = "order.local"
)

// Options says which store to open.
type Options struct {
	// Dir is the store's directory; it is made if it is not there.
	Dir string
	// Currency and Starter are for a store that is made now; see
	// [catalog.Options].
	Currency string
	Starter  func() ([]api.ImportRow, error)
	Log      *slog.Logger
}

// Store is a store in this process. Its services open when they are first
// called, so that a command pays only for what it uses.
type Store struct {
	options Options
	client  *client.Client
	calls   *transport

	mu      sync.Mutex
	catalog *catalog.Service
	orders  *order.Service
	closed  bool
}

// Open prepares the store; nothing is opened yet.
func Open(o Options) (*Store, error) {
	s := &Store{options: o}
	s.calls = newTransport(s.handler)
	var err error
	s.client, err = client.New(client.Config{
		Catalog: []string{"http://" + catalogHost}, Orders: []string{"http://" + orderHost}, Transport: s.calls,
	})
	return s, err
}

// Client calls the store's services.
func (s *Store) Client() *client.Client { return s.client }

// Close waits for calls that are under way and closes what was opened; nothing
// is opened after it.
func (s *Store) Close() error {
	s.calls.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	if s.orders != nil {
		errs = append(errs, s.orders.Close())
	}
	if s.catalog != nil {
		errs = append(errs, s.catalog.Close())
	}
	return errors.Join(errs...)
}

// Ready says whether every service can answer.
func (s *Store) Ready(ctx context.Context) error {
	_, catalogErr := s.client.Store(ctx)
	_, orderErr := s.client.Orders(ctx, 1, "", false)
	return errors.Join(catalogErr, orderErr)
}

// Recover drives on orders that were cut off, until ctx ends.
func (s *Store) Recover(ctx context.Context) error {
	orders, err := s.openOrders(ctx)
	if err != nil {
		return err
	}
	return orders.Recover(ctx)
}

// handler opens the service that a host stands for, within ctx; the service
// outlives it.
func (s *Store) handler(ctx context.Context, host string) (http.Handler, error) {
	if host == orderHost {
		orders, err := s.openOrders(ctx)
		if err != nil {
			return nil, err
		}
		return orders.Handler(true), nil
	}
	books, err := s.openCatalog(ctx)
	if err != nil {
		return nil, err
	}
	return books.Handler(true), nil
}

func (s *Store) openCatalog(ctx context.Context) (_ *catalog.Service, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.catalog != nil {
		return s.catalog, nil
	}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	s.catalog, err = catalog.Open(ctx, catalog.Options{
		Database: "sqlite:" + filepath.Join(s.options.Dir, "catalog.db"),
		Currency: s.options.Currency, Starter: s.options.Starter, Log: s.options.Log,
	})
	return s.catalog, err
}

func (s *Store) openOrders(ctx context.Context) (_ *order.Service, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.orders != nil {
		return s.orders, nil
	}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	s.orders, err = order.Open(ctx, order.Options{
		Database: "sqlite:" + filepath.Join(s.options.Dir, "order.db"),
		Catalog:  s.client, Log: s.options.Log,
	})
	return s.orders, err
}

// prepare makes the directory, unless the store is closed.
func (s *Store) prepare() error {
	if s.closed {
		return api.Errorf(api.CodeUnavailable, "the store has been closed")
	}
	err := os.MkdirAll(s.options.Dir, 0o700)
	if err == nil {
		return nil
	}
	code := api.CodeUnavailable
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTDIR) {
		code = api.CodeInvalid
	}
	return api.Errorf(code, "the store's directory can't be made: %w", err)
}
