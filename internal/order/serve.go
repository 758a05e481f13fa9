package order

import (
	"context"

	"github.com/bazar-store/bazar/internal/web"
)

// Serve opens the order service, answers and recovers orders until ctx ends.
// Callers are whom accounts knows, if the settings say that there are accounts.
func Serve(ctx context.Context, settings web.Settings, o Options, accounts web.Introspector) error {
	o.Accounts = settings.Checker(accounts)
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	return web.Serve(ctx, o.Log, settings, web.Service{
		Name: "order", Handler: s.Handler(settings.AnyHost()), Ready: s.Ready, Run: s.Recover, Close: s.Close,
	})
}
