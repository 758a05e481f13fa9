// Command catalog keeps the books: topics, search, stock and reservations.
package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"

	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/client"
)

func main() {
	settings := web.Settings{Addr: "127.0.0.1:8081", AdminAddr: "127.0.0.1:9081"}
	settings.FromEnv(os.Getenv)
	options := catalog.Options{Currency: os.Getenv("BAZAR_CURRENCY"), Starter: bookfile.Starter}
	bind := func(fs *pflag.FlagSet) {
		fs.StringVar(&options.Database, "db", cmp.Or(os.Getenv("BAZAR_DB"), "sqlite:catalog.db"), "`database` of the books (BAZAR_DB)")
		fs.StringVar(&options.Currency, "currency", options.Currency, "ISO 4217 `code` of a store that is made now (BAZAR_CURRENCY)")
		settings.BindAccounts(fs)
	}
	command := web.Command("catalog", "Keep the books: topics, search, stock, reservations", &settings, bind, func(ctx context.Context, log *slog.Logger) error {
		caller, err := settings.Caller(log, "catalog")
		if err != nil {
			return err
		}
		calls, err := client.New(client.Config{Accounts: client.Addresses(settings.AccountURL), Caller: caller})
		if err != nil {
			return err
		}
		options.Log = log
		return catalog.Serve(ctx, settings, options, calls)
	})
	os.Exit(web.Main(context.Background(), command, os.Stderr))
}
