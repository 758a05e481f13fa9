package web

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// drainTime is how long requests that are under way may take to end once a
// server is told to stop, and then its background work.
const drainTime = 10 * time.Second

// writeTime is how long a request may take from its headers to the last byte of
// its reply.
const writeTime = time.Minute

// Service is what [Serve] serves. All but Name and Handler may be nil.
type Service struct {
	Name    string
	Handler http.Handler
	// Ready says why requests cannot be answered now.
	Ready func(ctx context.Context) error
	// Run is work in the background; it ends when its context does. An error
	// stops the server.
	Run func(ctx context.Context) error
	// Close is called last, however Serve ends.
	Close func() error
}

// Serve binds both addresses, says so in the log ("ready" with addr and
// admin_addr as they are) and serves until ctx ends. It then answers /readyz
// with 503, takes no new connections, lets requests under way end (at most 10
// s), ends Run and closes the service. It gives the first error.
func Serve(ctx context.Context, log *slog.Logger, s Settings, svc Service) error {
	// A server lives on few megabytes; by Go's default it would go through
	// them many times a second.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	return serve(ctx, log, s, svc, drainTime)
}

func serve(ctx context.Context, log *slog.Logger, s Settings, svc Service, drain time.Duration) error {
	err := s.check()
	if err == nil {
		err = listenAndServe(ctx, log, s, svc, drain)
	}
	if svc.Close != nil {
		err = first(err, svc.Close())
	}
	return err
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func listenAndServe(ctx context.Context, log *slog.Logger, s Settings, svc Service, drain time.Duration) error {
	key, err := s.serviceKey(svc.Name)
	if err != nil {
		return err
	}
	if svc.Name == string(api.FrontEnd) {
		key = trust.Key{} // it shows the key to others; no service calls it
	}
	public, admin, err := listenBoth(ctx, log, s)
	if err != nil {
		return err
	}
	// What is under way outlives the order to stop.
	lasting := context.WithoutCancel(ctx)
	serving, endServing := context.WithCancel(lasting)
	defer endServing()
	running, endRun := context.WithCancel(lasting)
	defer endRun()

	var draining atomic.Bool
	publicServer := newServer(serving, log, recognize(log, svc.Name, key, svc.Handler))
	adminServer := newServer(serving, log, newAdmin(log, &draining, svc.Ready)) // requests bring their own
	failed := make(chan error, 3)                                               // one from each of the goroutines
	go serveOn(publicServer, public, failed)
	go serveOn(adminServer, admin, failed)
	finished := background(running, svc.Run, failed)
	announce(ctx, log, s, svc.Name, public, admin)

	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	draining.Store(true)
	log.InfoContext(ctx, "stopping", "service", svc.Name)
	err = first(err, shutDown(lasting, publicServer, drain))
	endRun()
	return first(err, await(finished, drain), late(failed), adminServer.Close())
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, api.Errorf(api.CodeInternal, "cannot serve on %s: %w", addr, err)
	}
	return l, nil
}

// listenBoth gives a nil listener for an empty admin address. The public one
// speaks TLS if there is a certificate; health is asked for on this machine, in
// plain HTTP.
func listenBoth(ctx context.Context, log *slog.Logger, s Settings) (public, admin net.Listener, err error) {
	config, err := s.TLS.config(log)
	if err != nil {
		return nil, nil, err
	}
	if public, err = listen(ctx, s.Addr); err != nil {
		return nil, nil, err
	}
	if config != nil {
		public = tls.NewListener(public, config)
	}
	if s.AdminAddr == "" {
		return public, nil, nil
	}
	if admin, err = listen(ctx, s.AdminAddr); err != nil {
		return nil, nil, first(err, public.Close())
	}
	return public, admin, nil
}

func announce(ctx context.Context, log *slog.Logger, s Settings, name string, public, admin net.Listener) {
	switch {
	case s.Insecure && s.hasAccounts() && s.TLS.Cert == "":
		log.WarnContext(ctx, "insecure: no TLS; passwords and tokens can be read on the way")
	case s.hasAccounts():
	case s.AnyHost():
		log.WarnContext(ctx, "insecure: no accounts and no guard; anyone who reaches this address may do anything")
	case s.Insecure:
		log.WarnContext(ctx, "insecure: no accounts; anyone who reaches this address and calls it localhost may do anything")
	default:
		log.InfoContext(ctx, `without an account service everyone on this machine is "local" and may do anything`)
	}
	attrs := []slog.Attr{
		slog.String("service", name),
		slog.String("addr", public.Addr().String()),
		slog.Bool("tls", s.TLS.Cert != ""),
		slog.String("version", Version()),
	}
	if admin != nil {
		attrs = append(attrs, slog.String("admin_addr", admin.Addr().String()))
	}
	log.LogAttrs(ctx, slog.LevelInfo, "ready", attrs...)
}

// newServer bounds what a slow or endless client can hold.
func newServer(ctx context.Context, log *slog.Logger, h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      writeTime,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
}

func serveOn(server *http.Server, l net.Listener, failed chan<- error) {
	if l == nil {
		return
	}
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		failed <- err
	}
}

// background starts the service's work and gives a channel that is closed when
// it has ended.
func background(ctx context.Context, run func(context.Context) error, failed chan<- error) <-chan struct{} {
	finished := make(chan struct{})
	if run == nil {
		close(finished)
		return finished
	}
	go func() {
		defer close(finished)
		if err := run(ctx); err != nil && ctx.Err() == nil {
			failed <- err
		}
	}()
	return finished
}

func shutDown(ctx context.Context, server *http.Server, drain time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return first(api.Errorf(api.CodeInternal, "requests still ran after %s and were cut off: %w", drain, err), server.Close())
	}
	return nil
}

func await(finished <-chan struct{}, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-finished:
		return nil
	case <-timer.C:
		return api.Errorf(api.CodeInternal, "the work in the background did not end within %s", limit)
	}
}

// late gives an error that came while the server was stopping.
func late(failed <-chan error) error {
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
