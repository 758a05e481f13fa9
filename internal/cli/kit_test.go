package cli_test

import (
	"os"
	"path/filepath"
	"testing"
)

// kit is a directory that `bazar certs init` made.
type kit string

func madeCerts(t *testing.T, flags ...string) kit {
	t.Helper()
	dir := t.TempDir()
	bazar(t, home(dir), append([]string{"certs", "init", filepath.Join(dir, "certs")}, flags...)...)
	return kit(filepath.Join(dir, "certs"))
}

func (k kit) file(name string) string { return filepath.Join(string(k), name+".pem") }

// of are the settings of a server that has its certificate from the kit, and
// knows services by theirs.
func (k kit) of(name string) []string {
	return []string{
		"BAZAR_TLS_CERT=" + k.file(name), "BAZAR_TLS_KEY=" + k.file(name+"-key"), "BAZAR_TLS_CLIENT_CA=" + k.file("ca"),
	}
}

// launch starts the services as [launchServices] does, over TLS.
func (k kit) launch(env []string, dir string) (s services, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return s, err
	}
	s.catalog, err = launch(append(env, k.of("catalog")...), "catalog", anyPort("--db", "sqlite:"+filepath.Join(dir, "catalog.db"))...)
	if err != nil {
		return s, err
	}
	s.order, err = launch(append(env, k.of("order")...), "order",
		anyPort("--db", "sqlite:"+filepath.Join(dir, "order.db"), "--catalog-url", s.catalog.url())...)
	if err != nil {
		s.catalog.kill()
	}
	return s, err
}
