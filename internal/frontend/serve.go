package frontend

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// Store is what a front end stands before: services in this process, or
// elsewhere.
type Store interface {
	// Client calls its services.
	Client() *client.Client
	// Ready says whether all of them can answer.
	Ready(ctx context.Context) error
	// Recover drives on orders that were cut off, until ctx ends.
	Recover(ctx context.Context) error
	Close() error
}

// guardEvery is how often a front end makes sure that its services ask for
// tokens.
const guardEvery = 2 * time.Second

// Remote is a store whose services run elsewhere, and look after themselves.
type Remote struct {
	Calls *client.Client
	// Accounts says that the services judge callers by their tokens.
	Accounts bool
}

// Client calls the services.
func (r Remote) Client() *client.Client { return r.Calls }

// Ready says whether all services can be reached.
func (r Remote) Ready(ctx context.Context) error {
	if _, err := r.Calls.Store(ctx); err != nil {
		return err
	}
	_, err := r.Calls.Orders(ctx, 1, "", false)
	if refused(err) {
		return nil // it answers
	}
	return err
}

// refused says whether a service wants a token, which a server has none of its
// own; one that it knows by its certificate is told otherwise than others.
func refused(err error) bool {
	code := api.CodeOf(err)
	return code == api.CodeUnauthenticated || code == api.CodeForbidden
}

// Recover waits for the end: the order service recovers its own orders. Where
// there are accounts it ends at once if a service does not know them: the front
// end leaves it to its services who may do what, and to such a one everybody is
// an admin.
func (r Remote) Recover(ctx context.Context) error {
	tick := time.NewTicker(guardEvery)
	defer tick.Stop()
	for {
		if err := r.guarded(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// guarded wants no service to tell nobody what needs a token.
func (r Remote) guarded(ctx context.Context) error {
	if !r.Accounts {
		return nil
	}
	_, err := r.Calls.Imports(ctx, 1, "")
	if err == nil {
		return unguarded(api.Catalog)
	}
	if _, err = r.Calls.Orders(ctx, 1, "", false); err == nil {
		return unguarded(api.Orders)
	}
	return nil
}

func unguarded(service api.Service) error {
	return api.Errorf(api.CodeInvalid,
		"the %s service knows no accounts, so that anybody could do anything there; start it with BAZAR_ACCOUNT_URL, too", service)
}

// Close does nothing.
func (r Remote) Close() error { return nil }

// Command is `bazar serve`, with its healthcheck: it opens a store, to which
// it calls as caller, and answers for it until it is told to stop. accountURL
// says where its services know callers by, "" if nowhere.
func Command(
	getenv func(string) string, accountURL func() string, open func(log *slog.Logger, caller trust.Caller) (Store, error),
) *cobra.Command {
	settings := &web.Settings{Addr: "127.0.0.1:8080", AdminAddr: "127.0.0.1:9080"}
	settings.FromEnv(getenv)
	return web.Command("serve", "Serve the whole store behind one address", settings, nil,
		func(ctx context.Context, log *slog.Logger) error {
			settings.AccountURL = accountURL()
			caller, err := settings.Caller(log, string(api.FrontEnd))
			if err != nil {
				return err
			}
			store, err := open(log, caller)
			if err != nil {
				return err
			}
			front := New(store.Client())
			return web.Serve(ctx, log, *settings, web.Service{
				Name:    string(api.FrontEnd),
				Handler: front.Handler(log, settings),
				Ready:   store.Ready, Run: store.Recover, Close: store.Close,
			})
		})
}

// Handler answers the front end's routes. Where there are accounts, the services
// behind it judge who comes.
func (f *FrontEnd) Handler(log *slog.Logger, s *web.Settings) http.Handler {
	return web.NewEngine(web.EngineOptions{
		Log: log, AnyHost: s.AnyHost(), Door: web.Door{Forwards: s.AccountURL != ""}, LargeAtOnce: largeAtOnce,
	}, f.Routes())
}

// Version is the program's version.
func Version() string { return web.Version() }
