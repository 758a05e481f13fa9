package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"syscall"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// childCommand makes the benchmark a server: a service with its batches bounded,
// which its program has no flag for, or a bare one to compare with.
const childCommand = "child"

// profileVariable names a directory where such servers leave CPU profiles.
const profileVariable = "BENCH_PROFILE"

func child(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if dir := os.Getenv(profileVariable); dir != "" {
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%d.pprof", args[0], os.Getpid())))
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	switch {
	case len(args) == 1 && args[0] == "hello":
		return serveHello(ctx, log)
	case len(args) == 3 && args[0] == "catalog":
		return serveCatalog(ctx, log, args[1], args[2])
	case len(args) == 4 && args[0] == "order":
		return serveOrders(ctx, log, args[1], args[2], args[3])
	case len(args) == 3 && args[0] == "echo-catalog":
		return serveEchoCatalog(ctx, log)
	case len(args) == 4 && args[0] == "echo-order":
		return serveEchoOrders(ctx, log, args[3])
	default:
		return fmt.Errorf("there is no server %q", args)
	}
}

// serveHello serves the least that net/http can.
func serveHello(ctx context.Context, log *slog.Logger) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // on loopback, for a minute
		_, _ = w.Write([]byte("hello\n")) // the load counts what arrives
	})}
	log.InfoContext(ctx, "ready", "addr", listener.Addr().String())
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func settings() web.Settings {
	s := web.Settings{Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0"}
	s.FromEnv(os.Getenv)
	return s
}

// beforeCatalog are the settings of an order service, and its way to the
// catalog. Buyers come in plain HTTP always: what may differ is this way.
func beforeCatalog(log *slog.Logger, url string) (web.Settings, *client.Client, error) {
	s := settings()
	caller, err := s.Caller(log, "order")
	if err != nil {
		return s, nil, err
	}
	s.TLS = web.TLS{ServiceKey: s.TLS.ServiceKey}
	calls, err := client.New(client.Config{Catalog: []string{url}, Accounts: client.Addresses(s.AccountURL), Caller: caller})
	return s, calls, err
}

func serveCatalog(ctx context.Context, log *slog.Logger, database, batch string) error {
	callers, err := strconv.Atoi(batch)
	if err != nil {
		return err
	}
	serving := settings()
	service, err := catalog.Open(ctx, catalog.Options{
		Database: database, Starter: shelfful, Identities: serving.Identities(), Log: log, BatchCallers: callers,
	})
	if err != nil {
		return err
	}
	return web.Serve(ctx, log, serving, web.Service{
		Name: "catalog", Handler: service.Handler(false), Ready: service.Ready, Close: service.Close,
	})
}

func serveOrders(ctx context.Context, log *slog.Logger, database, batch, catalogURL string) error {
	callers, err := strconv.Atoi(batch)
	if err != nil {
		return err
	}
	serving, calls, err := beforeCatalog(log, catalogURL)
	if err != nil {
		return err
	}
	service, err := order.Open(ctx, order.Options{
		Database: database, Catalog: calls, Accounts: serving.Checker(calls), Log: log, BatchCallers: callers,
	})
	if err != nil {
		return err
	}
	return web.Serve(ctx, log, serving, web.Service{
		Name: "order", Handler: service.Handler(false), Ready: service.Ready, Run: service.Recover, Close: service.Close,
	})
}

// shelfful is a small catalogue that does not run out.
func shelfful() ([]api.ImportRow, error) {
	rows := make([]api.ImportRow, purchaseBooks)
	for i := range rows {
		title, stock := fmt.Sprintf("Book %d", i+1), int64(api.MaxStock)
		rows[i] = api.ImportRow{Line: i + 1, Title: &title, Price: &api.Money{Amount: int64(100 + i), Currency: "USD"}, Stock: &stock}
	}
	return rows, nil
}
