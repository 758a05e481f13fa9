// Package cli is the command line of Bazar: the commands, what they print, and
// the exit code that says how they ended.
package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/frontend"
	"github.com/bazar-store/bazar/internal/local"
	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// app is one run of a command.
type app struct {
	streams  *ui.Streams
	getenv   func(string) string
	output   outputFlags
	flags    settingFlags
	settings settings
	// understood says that the command line was: what fails later is no
	// mistake in usage. Until then asksJSON tells whether a program asks.
	understood, asksJSON bool

	store *local.Store
	calls *client.Client
	token func() (string, error) // the one that is sent along, "" for none
}

// Main runs the command that args (without the program's name) ask for and
// gives its exit code.
func Main(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, getenv func(string) string) int {
	a := &app{streams: ui.NewStreams(in, out, errs, getenv), getenv: getenv, asksJSON: slices.Contains(args, "--json")}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	command, err := root.ExecuteContextC(ctx)
	err = errors.Join(err, a.close())
	return a.finish(ctx, command, err)
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "bazar",
		Short: "A book store in your terminal",
		Long: "Bazar is a book store in your terminal. With nothing set up it opens a store of its own;\n" +
			"with BAZAR_URL it shops in someone else's.",
		Example: "  bazar search distributed-systems\n  bazar info 2\n  bazar buy 3",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version: frontend.Version(), SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.begin(cmd) },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.SetVersionTemplate("bazar {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = false
	a.flags.bind(root.PersistentFlags())
	a.output.bind(root.PersistentFlags())
	root.AddGroup(&cobra.Group{ID: "shop", Title: "Shop:"}, &cobra.Group{ID: "keep", Title: "Keep the shop:"},
		&cobra.Group{ID: "accounts", Title: "Accounts:"}, &cobra.Group{ID: "run", Title: "Run it:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("shop", a.searchCommand(), a.infoCommand(), a.buyCommand(), a.topicsCommand(), a.ordersCommand())
	add("keep", a.stockCommand(), a.priceCommand(), a.booksCommand(), a.importCommand(), a.importsCommand(), a.exportCommand(), a.historyCommand())
	add("accounts", a.registerCommand(), a.loginCommand(), a.logoutCommand(), a.whoamiCommand(), a.passwdCommand(), a.tokenCommand(), a.accountsCommand())
	add("run", a.serveCommand(), a.certsCommand(), a.auditCommand(), a.statusCommand(), a.configCommand(), a.versionCommand())
	root.AddCommand(helpTopics()...)
	root.SetHelpCommand(helpCommand())
	root.SetHelpCommandGroupID("run")
	root.SetCompletionCommandGroupID("run")
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.RunE = showHelp // so that a shell it does not know is refused
	}
	return root
}

// begin reads the settings once the command line is understood.
func (a *app) begin(cmd *cobra.Command) error {
	var err error
	if a.settings, err = a.flags.settle(cmd.Flags(), a.getenv); err != nil {
		return err
	}
	if err := a.streams.SetColor(a.settings.Color); err != nil {
		return err
	}
	a.output.preset = a.settings.Output
	a.token = sync.OnceValues(a.findToken)
	a.understood = true
	return nil
}

// client gives the way to the store: over the network if an address is set,
// else to the store in the data directory, opened in this process.
func (a *app) client() (*client.Client, error) {
	if a.calls != nil {
		return a.calls, nil
	}
	if remote, set := a.settings.remote(); set {
		remote.Token = a.token
		c, err := client.New(remote)
		if err != nil {
			return nil, err
		}
		a.calls = c.Within(a.settings.Timeout)
		return a.calls, nil
	}
	log, err := a.log()
	if err != nil {
		return nil, err
	}
	a.store, err = local.Open(local.Options{
		Dir: a.settings.DataDir, Currency: a.settings.Currency, Starter: bookfile.Starter, Log: log,
	})
	if err != nil {
		return nil, err
	}
	a.calls = a.store.Client().Within(a.settings.Timeout)
	return a.calls, nil
}

// log is silent unless a level is asked for: what a person must know, the
// command itself says.
func (a *app) log() (*slog.Logger, error) {
	text := a.getenv("BAZAR_LOG_LEVEL")
	if text == "" {
		return slog.New(slog.DiscardHandler), nil
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return nil, api.Errorf(api.CodeInvalid, "BAZAR_LOG_LEVEL is debug, info, warn or error, not %q", text)
	}
	return slog.New(slog.NewTextHandler(a.streams.Err, &slog.HandlerOptions{Level: level})), nil
}

func (a *app) close() error {
	if a.store == nil {
		return nil
	}
	return a.store.Close()
}

// currency is what an amount without a code is in: the one that is set, or the
// store's.
func (a *app) currency(ctx context.Context) (string, error) {
	if a.settings.Currency != "" {
		return a.settings.Currency, nil
	}
	c, err := a.client()
	if err != nil {
		return "", err
	}
	store, err := c.Store(ctx)
	return store.Currency, err
}

// money reads an amount that was typed; "" is nil. The store is asked for its
// currency only if the amount names none.
func (a *app) money(ctx context.Context, typed string) (*api.Money, error) {
	if typed == "" {
		return nil, nil // no amount was typed
	}
	m, err := api.ParseMoney(typed, "USD")
	if err != nil || strings.ContainsAny(typed, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
		return &m, err
	}
	currency, err := a.currency(ctx)
	if err != nil {
		return nil, err
	}
	m, err = api.ParseMoney(typed, currency)
	return &m, err
}

// group is a command that only has subcommands.
func group(use, short string, subcommands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: use, Short: short, RunE: showHelp}
	g.AddCommand(subcommands...)
	return g
}

// showHelp is what a command does that only has subcommands.
func showHelp(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return api.Errorf(api.CodeInvalid, "%s does not know %q", cmd.CommandPath(), args[0])
	}
	return cmd.Help()
}

// needs says how many arguments a command takes: at least, and at most unless
// that is 0.
func needs(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return api.Errorf(api.CodeInvalid, "%s needs %s", cmd.CommandPath(), what)
		case most > 0 && len(args) > most:
			return api.Errorf(api.CodeInvalid, "%s takes only %s, not also %q", cmd.CommandPath(), what, args[most])
		}
		return nil
	}
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return api.Errorf(api.CodeInvalid, "%s takes no arguments, but got %q", cmd.CommandPath(), args[0])
	}
	return nil
}
