package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// settings are what a command runs with: flag, then environment, then the
// configuration file, then default.
type settings struct {
	URL        string
	CatalogURL string
	OrderURL   string
	AccountURL string
	TokenFile  string
	CAFile     string
	DataDir    string
	StateDir   string
	Currency   string
	Output     string
	Color      string
	Timeout    time.Duration
}

// setting is one setting with the names it has in each place.
type setting struct {
	key, env, flag, usage string
	into                  func(*settings) *string
}

func allSettings() []setting {
	return []setting{
		{"url", "BAZAR_URL", "url", "`URL` of a store's front end", func(s *settings) *string { return &s.URL }},
		{"catalog_url", "BAZAR_CATALOG_URL", "catalog-url", "`URLs` of the catalog service, comma-separated", func(s *settings) *string { return &s.CatalogURL }},
		{"order_url", "BAZAR_ORDER_URL", "order-url", "`URLs` of the order service, comma-separated", func(s *settings) *string { return &s.OrderURL }},
		{"account_url", "BAZAR_ACCOUNT_URL", "account-url", "`URLs` of the account service, comma-separated", func(s *settings) *string { return &s.AccountURL }},
		{"token_file", "BAZAR_TOKEN_FILE", "", "", func(s *settings) *string { return &s.TokenFile }},
		{"ca_file", "BAZAR_CA_FILE", "ca-file", "`FILE` of a private CA (PEM), trusted beside the system's", func(s *settings) *string { return &s.CAFile }},
		{"data_dir", "BAZAR_DATA_DIR", "data-dir", "`DIRECTORY` of the store that is opened when no URL is set", func(s *settings) *string { return &s.DataDir }},
		{"currency", "BAZAR_CURRENCY", "currency", "ISO 4217 `CODE` of amounts without one", func(s *settings) *string { return &s.Currency }},
		{"color", "", "color", "colours: auto, always or never", func(s *settings) *string { return &s.Color }},
		{"output", "BAZAR_OUTPUT", "", "", func(s *settings) *string { return &s.Output }},
	}
}

// settingFlags are the flags among the settings.
type settingFlags struct {
	typed   settings
	timeout string
}

func (f *settingFlags) bind(flags *pflag.FlagSet) {
	for _, s := range allSettings() {
		if s.flag != "" {
			usage := s.usage
			if s.env != "" {
				usage += " (" + s.env + ")"
			}
			flags.StringVar(s.into(&f.typed), s.flag, "", usage)
		}
	}
	flags.StringVar(&f.timeout, "timeout", "", "how `LONG` to wait for the store, such as 10s (BAZAR_TIMEOUT)")
}

// settle reads every place that a setting may be in.
func (f *settingFlags) settle(flags *pflag.FlagSet, getenv func(string) string) (settings, error) {
	configured, err := readConfig(configFile(getenv))
	if err != nil {
		return settings{}, err
	}
	s := settings{DataDir: userDir(getenv, "XDG_DATA_HOME", ".local/share"), StateDir: userDir(getenv, "XDG_STATE_HOME", ".local/state"), Color: "auto"}
	from := map[string]origin{}
	for _, one := range allSettings() {
		typed := one.flag != "" && flags.Changed(one.flag)
		switch {
		case typed:
			*one.into(&s), from[one.key] = *one.into(&f.typed), byFlag
		case one.env != "" && getenv(one.env) != "":
			*one.into(&s), from[one.key] = getenv(one.env), byEnvironment
		case configured[one.key] != "":
			*one.into(&s), from[one.key] = configured[one.key], byFile
		}
	}
	s.choosePlace(from)
	s.Currency = strings.ToUpper(s.Currency)
	if _, ok := api.Decimals(s.Currency); s.Currency != "" && !ok {
		return s, api.Errorf(api.CodeInvalid, "%q is not an ISO 4217 currency code", s.Currency)
	}
	s.Timeout, err = parseTimeout(f.timeout, getenv("BAZAR_TIMEOUT"), configured["timeout"], "10s")
	return s, err
}

// origin is where a setting comes from; a higher one is stronger.
type origin int

const (
	_ origin = iota // by default
	byFile
	byEnvironment
	byFlag
)

// choosePlace leaves one answer to where the store is: a directory that is typed
// beats a URL of the environment, as one typed URL beats another.
func (s *settings) choosePlace(from map[string]origin) {
	services := max(from["catalog_url"], from["order_url"], from["account_url"])
	if max(services, from["data_dir"]) > from["url"] {
		s.URL = ""
	}
	if from["data_dir"] > services {
		s.CatalogURL, s.OrderURL, s.AccountURL = "", "", ""
	}
}

// parseTimeout reads the first of the texts that is not empty.
func parseTimeout(texts ...string) (time.Duration, error) {
	i := slices.IndexFunc(texts, func(s string) bool { return s != "" })
	d, err := time.ParseDuration(texts[i])
	if err != nil || d <= 0 {
		return 0, api.Errorf(api.CodeInvalid, "timeout %q is not a time; write it like 10s or 500ms", texts[i])
	}
	return d, nil
}

// remote says where the store is, if it is not in this process.
func (s *settings) remote() (client.Config, bool) {
	caller := trust.Caller{CAFile: s.CAFile}
	if s.URL != "" {
		all := client.Addresses(s.URL)
		return client.Config{Catalog: all, Orders: all, Accounts: all, Caller: caller}, true
	}
	if s.CatalogURL == "" && s.OrderURL == "" && s.AccountURL == "" {
		return client.Config{}, false
	}
	return client.Config{
		Catalog: client.Addresses(s.CatalogURL), Orders: client.Addresses(s.OrderURL), Accounts: client.Addresses(s.AccountURL), Caller: caller,
	}, true
}

// userDir is Bazar's part of one of the user's base directories (XDG Base
// Directory Specification).
func userDir(getenv func(string) string, env, fallback string) string {
	if base := getenv(env); filepath.IsAbs(base) {
		return filepath.Join(base, "bazar")
	}
	home := getenv("HOME")
	if home == "" {
		home, _ = os.UserHomeDir() // without one, the directory is relative
	}
	return filepath.Join(home, fallback, "bazar")
}

func configFile(getenv func(string) string) string {
	return filepath.Join(userDir(getenv, "XDG_CONFIG_HOME", ".config"), "config.toml")
}

// readConfig reads the configuration file; there need not be one.
func readConfig(path string) (map[string]string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no file, nothing configured
	}
	k := koanf.New("\x00")
	if err := k.Load(file.Provider(path), toml.Parser()); err != nil {
		return nil, api.Errorf(api.CodeInvalid, "%s: %w", path, err)
	}
	known := []string{"timeout"}
	for _, s := range allSettings() {
		known = append(known, s.key)
	}
	configured := map[string]string{}
	for key, value := range k.All() {
		if !slices.Contains(known, key) {
			return nil, api.Errorf(api.CodeInvalid, "%s: there is no setting %q; there are %s", path, key, strings.Join(known, ", "))
		}
		configured[key] = fmt.Sprint(value)
	}
	return configured, nil
}
