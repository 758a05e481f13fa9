package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/pkg/api"
)

// Exit codes of a service program.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// Command builds the commands of a service program: the name alone runs it,
// "healthcheck" asks the admin address of a running one whether it is ready
// (for containers), "version" says what this is. settings are filled (see
// [Settings.FromEnv]); bindMore, which may be nil, adds the program's own
// flags; run gets a logger to stderr.
func Command(
	name, short string, settings *Settings, bindMore func(*pflag.FlagSet),
	run func(ctx context.Context, log *slog.Logger) error,
) *cobra.Command {
	root := &cobra.Command{
		Use: name, Short: short,
		Args:          noArgs,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := NewLogger(cmd.ErrOrStderr(), settings.LogLevel)
			if err != nil {
				return err
			}
			return run(cmd.Context(), log)
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return api.Errorf(api.CodeInvalid, "%w", err)
	})
	settings.Bind(root.PersistentFlags())
	if bindMore != nil {
		bindMore(root.Flags())
	}
	root.AddCommand(healthcheckCommand(settings), versionCommand(name))
	return root
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return api.Errorf(api.CodeInvalid, "%s does not know %q", cmd.CommandPath(), args[0])
	}
	return nil
}

func versionCommand(name string) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which build this is", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s\n", name, Version(), runtime.Version())
			return err
		},
	}
}

func healthcheckCommand(settings *Settings) *cobra.Command {
	return &cobra.Command{
		Use: "healthcheck", Short: "Ask a running server on this machine whether it is ready", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return healthcheck(cmd.Context(), settings.AdminAddr)
		},
	}
}

func healthcheck(ctx context.Context, adminAddr string) error {
	host, port, err := net.SplitHostPort(adminAddr)
	if err != nil {
		return api.Errorf(api.CodeInvalid, "admin address %q: %w", adminAddr, err)
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime+time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", http.NoBody)
	if err != nil {
		return api.Errorf(api.CodeInvalid, "admin address %q: %w", adminAddr, err)
	}
	// Its own transport: the way to this machine leads through no proxy.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Do(request)
	if err != nil {
		return api.Errorf(api.CodeUnavailable, "not reachable: %w", err)
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode == http.StatusOK {
		return nil
	}
	var problem api.Error
	if err := json.NewDecoder(io.LimitReader(reply.Body, 1<<16)).Decode(&problem); err != nil || problem.Detail == "" {
		problem.Detail = reply.Status
	}
	return api.Errorf(api.CodeUnavailable, "not ready: %s", problem.Detail)
}

// Main runs a command until it is told to stop (SIGINT, SIGTERM), writes what failed and what to do about it, and gives
// the exit code: 0, 1, or 2 for wrong usage.
func Main(ctx context.Context, cmd *cobra.Command, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who asks twice is not kept waiting
	defer stop()
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	message := "error: " + err.Error() + "\n"
	if hint := hintFor(cmd, err); hint != "" {
		message += "hint: " + hint + "\n"
	}
	// Where stderr is closed, the exit code still tells.
	_, _ = io.WriteString(stderr, message)
	if code := api.CodeOf(err); code == api.CodeInvalid || code == api.CodeForbidden {
		return exitUsage
	}
	return exitError
}

func hintFor(cmd *cobra.Command, err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program serves there; choose an address with --addr or --admin-addr"
	case api.CodeOf(err) == api.CodeForbidden:
		return "use a loopback address such as 127.0.0.1:8080, or --insecure if everyone who reaches it may do anything"
	case api.CodeOf(err) == api.CodeInvalid:
		return fmt.Sprintf("%s --help", cmd.CommandPath())
	default:
		return ""
	}
}
