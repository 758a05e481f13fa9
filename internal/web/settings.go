package web

import (
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/bazar-store/bazar/pkg/api"
)

// Settings are what every server reads: flag, then environment, then the
// default that the program put here. Addresses are host:port; port 0 takes a
// free one. AdminAddr serves health; empty means nowhere. LogLevel is debug,
// info, warn or error.
type Settings struct {
	Addr      string
	AdminAddr string
	LogLevel  string
	// TLS is for HTTPS, and for what services show each other.
	TLS TLS
	// Accounts says that this program keeps the accounts itself.
	Accounts bool
	// AccountURL is where a service checks tokens: the account service's URLs,
	// comma-separated; empty where there are no accounts.
	AccountURL string
	// Insecure lets a server listen beyond this machine without accounts, or
	// without TLS.
	Insecure bool
	// LocalhostOnly keeps an insecure server to requests that name this machine
	// and come from no web page.
	LocalhostOnly bool
}

// AnyHost says whether requests may name any host and come from any origin (see
// [EngineOptions]): with accounts a web page has nothing to abuse, because no
// browser sends a token by itself.
func (s *Settings) AnyHost() bool { return s.hasAccounts() || s.Insecure && !s.LocalhostOnly }

// hasAccounts says whether callers are asked who they are.
func (s *Settings) hasAccounts() bool { return s.Accounts || s.AccountURL != "" }

// Checker is how a service checks tokens, by a client of the account service: nil
// where there are no accounts.
func (s *Settings) Checker(accounts Introspector) Introspector {
	if s.AccountURL == "" {
		return nil
	}
	return Cached(accounts)
}

// Identities says that services show which one they are (see [Door]).
func (s *Settings) Identities() bool {
	return s.hasAccounts() || s.TLS.ClientCA != "" || s.TLS.ServiceKey != ""
}

// FromEnv takes BAZAR_ADDR, BAZAR_ADMIN_ADDR, BAZAR_LOG_LEVEL and those of [TLS]
// from the environment where they are set. Call it before [Settings.Bind].
func (s *Settings) FromEnv(getenv func(string) string) {
	for name, field := range map[string]*string{
		"BAZAR_ADDR":        &s.Addr,
		"BAZAR_ADMIN_ADDR":  &s.AdminAddr,
		"BAZAR_LOG_LEVEL":   &s.LogLevel,
		"BAZAR_ACCOUNT_URL": &s.AccountURL,
	} {
		if value := getenv(name); value != "" {
			*field = value
		}
	}
	if s.LogLevel == "" {
		s.LogLevel = "info"
	}
	s.TLS.fromEnv(getenv)
}

// Bind adds a flag for each setting, with its present value as the default.
func (s *Settings) Bind(fs *pflag.FlagSet) {
	fs.StringVar(&s.Addr, "addr", s.Addr, "`address` to serve on (BAZAR_ADDR)")
	fs.StringVar(&s.AdminAddr, "admin-addr", s.AdminAddr, "`address` for /healthz and /readyz (BAZAR_ADMIN_ADDR)")
	fs.StringVar(&s.LogLevel, "log-level", s.LogLevel, "`level` of the log: debug, info, warn or error (BAZAR_LOG_LEVEL)")
	fs.BoolVar(&s.Insecure, "insecure", s.Insecure, "serve beyond this machine without accounts (anyone who reaches it may do anything) or without TLS")
	s.TLS.bind(fs)
	fs.BoolVar(&s.LocalhostOnly, "localhost-only", s.LocalhostOnly,
		"with --insecure, still refuse web pages and requests that do not name localhost: for a container whose port is published on this machine alone")
}

// BindAccounts adds the flags of a service that checks tokens, and so calls the
// account service: those of [Settings.BindCalls], too. It is for [Command]'s
// bindMore.
func (s *Settings) BindAccounts(fs *pflag.FlagSet) {
	s.BindCalls(fs)
	fs.StringVar(&s.AccountURL, "account-url", s.AccountURL,
		"`URLs` of the account service, comma-separated, by which callers are known; without one everyone is local (BAZAR_ACCOUNT_URL)")
}

// check refuses addresses that would open a store without accounts to others, or
// passwords and tokens to whoever listens on the way.
func (s *Settings) check() error {
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return api.Errorf(api.CodeInvalid, "address %q: %w; write it like 127.0.0.1:8080", s.Addr, err)
	}
	if err := s.TLS.check(); err != nil || s.Insecure || isLoopback(host) {
		return err
	}
	switch {
	case !s.hasAccounts():
		return api.Errorf(api.CodeForbidden,
			"refusing to serve on %s: without accounts anyone who reaches it may do anything", s.Addr)
	case s.TLS.Cert == "":
		return api.Errorf(api.CodeForbidden,
			"refusing to serve on %s: without TLS passwords and tokens can be read on the way; give it --tls-cert and --tls-key (`bazar certs init` makes them)", s.Addr)
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// NewLogger makes a logger that writes lines from the level up (debug, info,
// warn, error): text on a terminal, else JSON.
func NewLogger(w io.Writer, level string) (*slog.Logger, error) {
	options := &slog.HandlerOptions{}
	switch strings.ToLower(level) {
	case "debug":
		options.Level = slog.LevelDebug
	case "info":
		options.Level = slog.LevelInfo
	case "warn":
		options.Level = slog.LevelWarn
	case "error":
		options.Level = slog.LevelError
	default:
		return nil, api.Errorf(api.CodeInvalid, "%q is not a log level; use debug, info, warn or error", level)
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, options)), nil
	}
	return slog.New(slog.NewJSONHandler(w, options)), nil
}
