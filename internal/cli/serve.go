package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/frontend"
	"github.com/bazar-store/bazar/internal/local"
	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

func (a *app) serveCommand() *cobra.Command {
	cmd := frontend.Command(a.getenv, func() string { return a.settings.AccountURL }, a.openServed)
	cmd.Long = "Serve the whole store behind one address: the store in the data directory, or, with\n" +
		"BAZAR_CATALOG_URL and BAZAR_ORDER_URL, the services there. With BAZAR_ACCOUNT_URL too,\n" +
		"people log in; the services must then know the same accounts."
	cmd.Example = "  bazar serve\n  curl http://127.0.0.1:8080/info/2"
	return cmd
}

// openServed opens the store that is served. A front end does not stand before
// another one, so BAZAR_URL does not count here.
func (a *app) openServed(log *slog.Logger, caller trust.Caller) (frontend.Store, error) {
	services := settings{CatalogURL: a.settings.CatalogURL, OrderURL: a.settings.OrderURL, AccountURL: a.settings.AccountURL}
	if remote, set := services.remote(); set {
		if services.CatalogURL == "" || services.OrderURL == "" {
			return nil, api.Errorf(api.CodeInvalid, "set both BAZAR_CATALOG_URL and BAZAR_ORDER_URL, or neither; BAZAR_ACCOUNT_URL needs both")
		}
		remote.Caller = caller
		remote.Caller.CAFile = cmp.Or(a.settings.CAFile, caller.CAFile)
		calls, err := client.New(remote)
		return frontend.Remote{Calls: calls, Accounts: services.AccountURL != ""}, err
	}
	return local.Open(local.Options{
		Dir: a.settings.DataDir, Currency: a.settings.Currency, Starter: bookfile.Starter, Log: log,
	})
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which build this is", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.streams.Out, "bazar %s %s %s/%s\n", frontend.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// health is how one service is.
type health struct {
	Service   string  `json:"service"`
	Address   string  `json:"address"`
	Reachable bool    `json:"reachable"`
	Detail    string  `json:"detail"`
	LatencyMS float64 `json:"latency_ms"`
}

func healthView() view[health] {
	return view[health]{
		fields: []field[health]{
			{name: "service", value: func(h *health) any { return h.Service }},
			{name: "address", value: func(h *health) any { return h.Address }},
			{name: "reachable", value: func(h *health) any { return h.Reachable }, cell: reachableCell},
			{name: "latency_ms", value: func(h *health) any { return h.LatencyMS }, right: true},
			{name: "detail", value: func(h *health) any { return h.Detail }, flex: true},
		},
		columns: []string{"service", "address", "reachable", "latency_ms", "detail"},
		table:   []string{"service", "address", "reachable", "latency_ms", "detail"},
		id:      "service",
	}
}

func reachableCell(h *health) ui.Cell {
	if h.Reachable {
		return ui.Cell{Text: "yes", Role: ui.Good}
	}
	return ui.Cell{Text: "no", Role: ui.Bad}
}

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show which store this is and whether it can be reached", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context()) },
	}
}

func (a *app) status(ctx context.Context) error {
	out, err := newPrinter(a.streams, a.output, healthView(), asList)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, a.settings.Timeout)
	defer cancel()
	catalog := a.examine("catalog", a.settings.CatalogURL, func() (string, error) {
		store, err := c.Store(ctx)
		return "store " + store.StoreID + ", " + store.Currency, err
	})
	orders := a.examine("order", a.settings.OrderURL, func() (string, error) {
		_, err := c.Orders(ctx, 1, "", true)
		return "", err
	})
	services := []*health{catalog, orders}
	if accounts := a.examineAccounts(ctx); accounts != nil {
		services = append(services, accounts)
	}
	for _, h := range services {
		if err := out.print(h); err != nil {
			return err
		}
	}
	if err := out.close(ctx); err != nil {
		return err
	}
	if slices.ContainsFunc(services, func(h *health) bool { return !h.Reachable }) {
		return &ending{exit: exitUnavailable}
	}
	return nil
}

// examineAccounts gives nothing where there are no accounts.
func (a *app) examineAccounts(ctx context.Context) *health {
	if a.settings.accountTarget() == "" {
		return nil
	}
	local := false
	h := a.examine("account", a.settings.AccountURL, func() (string, error) {
		me, err := a.me(ctx)
		local = me.ID == api.LocalAccount
		return "you are " + me.Name + ", " + string(me.Role), err
	})
	if local {
		return nil
	}
	return h
}

func (a *app) examine(service, address string, ask func() (string, error)) *health {
	h := &health{Service: service, Address: cmp.Or(a.settings.URL, address)}
	if a.store != nil {
		h.Address = a.settings.DataDir
	}
	start := time.Now()
	detail, err := ask()
	h.LatencyMS = float64(time.Since(start).Microseconds()) / 1000
	h.Reachable, h.Detail = err == nil, detail
	switch api.CodeOf(err) {
	case "":
	case api.CodeUnauthenticated, api.CodeForbidden: // it answers
		h.Reachable, h.Detail = true, "you are not logged in"
	default:
		h.Detail = err.Error()
	}
	return h
}

func (a *app) configCommand() *cobra.Command {
	return &cobra.Command{
		Use: "config", Short: "Show the settings in force and where they can be set", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			var b strings.Builder
			fmt.Fprintf(&b, "# %s\n", configFile(a.getenv))
			for _, s := range allSettings() {
				fmt.Fprintf(&b, "%s = %q\n", s.key, *s.into(&a.settings))
			}
			fmt.Fprintf(&b, "timeout = %q\n", a.settings.Timeout)
			_, err := a.streams.Out.Write([]byte(b.String()))
			return err
		},
	}
}
