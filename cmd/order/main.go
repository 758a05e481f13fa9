// Command order keeps the orders: the purchase and its recovery.
package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"

	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/client"
)

func main() {
	settings := web.Settings{Addr: "127.0.0.1:8082", AdminAddr: "127.0.0.1:9082"}
	settings.FromEnv(os.Getenv)
	var options order.Options
	var catalogURL string
	bind := func(fs *pflag.FlagSet) {
		fs.StringVar(&options.Database, "db", cmp.Or(os.Getenv("BAZAR_DB"), "sqlite:order.db"), "`database` of the orders (BAZAR_DB)")
		fs.StringVar(&catalogURL, "catalog-url", cmp.Or(os.Getenv("BAZAR_CATALOG_URL"), "http://127.0.0.1:8081"), "`URLs` of the catalog, comma-separated (BAZAR_CATALOG_URL)")
		settings.BindAccounts(fs)
	}
	command := web.Command("order", "Keep the orders: the purchase and its recovery", &settings, bind, func(ctx context.Context, log *slog.Logger) error {
		caller, err := settings.Caller(log, "order")
		if err != nil {
			return err
		}
		calls, err := client.New(client.Config{Catalog: client.Addresses(catalogURL), Accounts: client.Addresses(settings.AccountURL), Caller: caller})
		if err != nil {
			return err
		}
		options.Catalog, options.Log = calls, log
		return order.Serve(ctx, settings, options, calls)
	})
	os.Exit(web.Main(context.Background(), command, os.Stderr))
}
