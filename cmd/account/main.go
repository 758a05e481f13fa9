// Command account keeps the accounts: names, passwords, roles and tokens.
package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"

	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/account"
	"github.com/bazar-store/bazar/internal/web"
)

func main() {
	settings := web.Settings{Addr: "127.0.0.1:8083", AdminAddr: "127.0.0.1:9083", Accounts: true}
	settings.FromEnv(os.Getenv)
	var options account.Options
	registration := cmp.Or(os.Getenv("BAZAR_REGISTRATION"), "closed")
	bindDatabase := func(fs *pflag.FlagSet) {
		fs.StringVar(&options.Database, "db", cmp.Or(os.Getenv("BAZAR_DB"), "sqlite:account.db"), "`database` of the accounts (BAZAR_DB)")
	}
	bind := func(fs *pflag.FlagSet) {
		bindDatabase(fs)
		settings.BindCalls(fs)
		fs.StringVar(&registration, "registration", registration, "who makes accounts: open to anybody, or closed to all but admins (BAZAR_REGISTRATION)")
	}
	command := web.Command("account", "Keep the accounts: names, passwords, roles, tokens", &settings, bind, func(ctx context.Context, log *slog.Logger) (err error) {
		options.Log = log
		service, err := account.OpenServed(ctx, options, registration)
		if err != nil {
			return err
		}
		door := web.Door{Identities: true}
		return web.Serve(ctx, log, settings, web.Service{Name: "account", Handler: service.Handler(door), Ready: service.Ready, Close: service.Close})
	})
	command.AddCommand(account.AdminCommand(&options.Database, bindDatabase))
	os.Exit(web.Main(context.Background(), command, os.Stderr))
}
