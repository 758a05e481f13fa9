package web_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

type outcome struct {
	code           int
	stdout, stderr string
	settings       web.Settings
	db             string
}

// command runs a service program's command line in an environment.
func command(t *testing.T, env map[string]string, run func(context.Context, *slog.Logger) error, args ...string) outcome {
	t.Helper()
	o := outcome{settings: web.Settings{Addr: "127.0.0.1:1", AdminAddr: "127.0.0.1:2"}}
	o.settings.FromEnv(func(name string) string { return env[name] })
	more := func(fs *pflag.FlagSet) { fs.StringVar(&o.db, "db", "", "database") }
	cmd := web.Command("shop", "A shop", &o.settings, more, run)
	var stdout, stderr bytes.Buffer
	cmd.SetOut(&stdout)
	cmd.SetArgs(args)
	o.code = web.Main(t.Context(), cmd, &stderr)
	o.stdout, o.stderr = stdout.String(), stderr.String()
	return o
}

func fine(context.Context, *slog.Logger) error { return nil }

func TestAFlagGoesBeforeTheEnvironmentBeforeTheDefault(t *testing.T) {
	env := map[string]string{"BAZAR_ADDR": "127.0.0.1:3", "BAZAR_ADMIN_ADDR": "127.0.0.1:4"}
	o := command(t, env, fine, "--addr", "127.0.0.1:5", "--db", "x", "--insecure")
	want := web.Settings{Addr: "127.0.0.1:5", AdminAddr: "127.0.0.1:4", LogLevel: "info", TLS: web.TLS{Min: "1.3"}, Insecure: true}
	if o.settings != want || o.db != "x" || o.code != 0 {
		t.Errorf("%+v, want %+v", o, want)
	}
	if o = command(t, map[string]string{"BAZAR_LOG_LEVEL": "warn"}, fine); o.settings.LogLevel != "warn" || o.settings.Addr != "127.0.0.1:1" {
		t.Errorf("%+v", o.settings)
	}
}

func TestWrongUsageExitsWith2(t *testing.T) {
	for _, args := range [][]string{
		{"--bogus"}, {"bogus"}, {"version", "bogus"}, {"version", "--bogus"}, {"--addr"}, {"--log-level", "loud"}, {"healthcheck", "--admin-addr", "nowhere"},
	} {
		o := command(t, nil, fine, args...)
		if o.code != 2 || !strings.HasPrefix(o.stderr, "error: ") || !strings.Contains(o.stderr, "\nhint: shop --help\n") || o.stdout != "" {
			t.Errorf("%v: %+v", args, o)
		}
	}
}

func TestAFailureExitsWith1(t *testing.T) {
	o := command(t, nil, func(context.Context, *slog.Logger) error { return errors.New("disk on fire") })
	if o.code != 1 || o.stderr != "error: disk on fire\n" {
		t.Errorf("%+v", o)
	}
	r := serving(t, anywhere(), web.Service{Handler: engine()}, time.Minute)
	o = command(t, nil, func(ctx context.Context, log *slog.Logger) error {
		return web.Serve(ctx, log, web.Settings{Addr: strings.TrimPrefix(r.url, "http://")}, web.Service{Handler: engine()})
	})
	if o.code != 1 || !strings.Contains(o.stderr, "address already in use\nhint: ") {
		t.Errorf("%+v", o)
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	o = command(t, nil, func(ctx context.Context, log *slog.Logger) error {
		return web.Serve(ctx, log, web.Settings{Addr: ":0"}, web.Service{Handler: engine()})
	})
	if o.code != 2 || !strings.Contains(o.stderr, "--insecure") {
		t.Errorf("%+v", o)
	}
}

func TestHealthcheckAsksTheAdminAddress(t *testing.T) {
	var notReady error
	r := serving(t, anywhere(), web.Service{Handler: engine(), Ready: func(context.Context) error { return notReady }}, time.Minute)
	check := func() outcome {
		return command(t, map[string]string{"BAZAR_ADMIN_ADDR": strings.TrimPrefix(r.admin, "http://")}, nil, "healthcheck")
	}
	if o := check(); o.code != 0 || o.stdout+o.stderr != "" {
		t.Errorf("ready: %+v", o)
	}
	notReady = api.Errorf(api.CodeUnavailable, "no database")
	if o := check(); o.code != 1 || !strings.Contains(o.stderr, "not ready") {
		t.Errorf("not ready: %+v", o)
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	if o := check(); o.code != 1 || !strings.Contains(o.stderr, "not reachable") {
		t.Errorf("gone: %+v", o)
	}
}

func TestVersionSaysWhichBuildThisIs(t *testing.T) {
	o := command(t, nil, nil, "version")
	if o.code != 0 || !strings.HasPrefix(o.stdout, "shop "+web.Version()+" go1.") {
		t.Errorf("%+v", o)
	}
	built := &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}
	if v := web.VersionOf(built); v != "devel" {
		t.Errorf("%q", v)
	}
	built.Main.Version = "v1.2.0"
	built.Settings = []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}
	if v := web.VersionOf(built); v != "v1.2.0 (0123456789ab, modified)" {
		t.Errorf("%q", v)
	}
}

func TestTheLogIsJSONWhereNobodyWatches(t *testing.T) {
	var out bytes.Buffer
	log, err := web.NewLogger(&out, "WARN")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("quiet")
	log.Warn("loud")
	if !strings.HasPrefix(out.String(), `{"time":`) || strings.Contains(out.String(), "quiet") {
		t.Errorf("%s", out.String())
	}
}
