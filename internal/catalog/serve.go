package catalog

import (
	"context"

	"github.com/bazar-store/bazar/internal/web"
)

// Serve opens the catalog and answers until ctx ends. Callers are whom accounts
// knows, if the settings say that there are accounts.
func Serve(ctx context.Context, settings web.Settings, o Options, accounts web.Introspector) error {
	o.Accounts, o.Identities = settings.Checker(accounts), settings.Identities()
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	return web.Serve(ctx, o.Log, settings, web.Service{
		Name: "catalog", Handler: s.Handler(settings.AnyHost()), Ready: s.Ready, Close: s.Close,
	})
}
