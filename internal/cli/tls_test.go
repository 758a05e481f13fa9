package cli_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A store with TLS everywhere: the front end is reached over it and reaches the
// services by its own certificate; health is asked for on the machine itself.
func TestAFrontEndBeforeServicesOverTLS(t *testing.T) {
	dir := t.TempDir()
	env, kit := home(dir), madeCerts(t)
	s, err := kit.launch(env, filepath.Join(dir, "services"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	front, err := launch(append(append(env, kit.of("frontend")...), s.env()...), "bazar", append([]string{"serve"}, anyPort()...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer front.kill()
	for program, admin := range map[string]string{"catalog": s.catalog.admin, "order": s.order.admin} {
		if r := run(t.Context(), append(env, kit.of(program)...), program, "healthcheck", "--admin-addr", admin); r.exit != 0 {
			t.Errorf("%s: exit %d: %s", program, r.exit, r.stderr)
		}
	}
	bazar(t, env, "serve", "healthcheck", "--admin-addr", front.admin)
	remote := append(env, "BAZAR_URL="+front.url(), "BAZAR_CA_FILE="+kit.file("ca"))
	if !strings.HasPrefix(front.url(), "https://") {
		t.Fatalf("it serves on %s", front.url())
	}
	if state := bazar(t, remote, "buy", "3", "--fields", "state"); state != "confirmed" {
		t.Errorf("a purchase is %s", state)
	}
	bazar(t, remote, "audit", "-q")
}

// Whoever can't trust a server is told why and what to do, and nothing was
// recorded.
func TestWhatIsNotTrustedEndsWithSix(t *testing.T) {
	dir := t.TempDir()
	env, ours, others := home(dir), madeCerts(t), madeCerts(t)
	s, err := ours.launch(env, filepath.Join(dir, "services"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	plain := []string{"BAZAR_CATALOG_URL=" + s.catalog.url(), "BAZAR_ORDER_URL=http://" + s.order.addr, "BAZAR_CA_FILE=" + ours.file("ca")}
	for what, c := range map[string]struct {
		env         []string
		reason, fix string
	}{
		"no CA":       {s.env(), "from a CA that is not known here", "set BAZAR_CA_FILE"},
		"another CA":  {append(s.env(), "BAZAR_CA_FILE="+others.file("ca")), "from a CA that is not known here", "it is another store's"},
		"without TLS": {plain, "it speaks HTTPS, and was asked in plain HTTP", "https://"},
	} {
		r := run(t.Context(), append(env, c.env...), "bazar", "buy", "3")
		if r.exit != 6 || !strings.Contains(r.stderr, c.reason) || !strings.Contains(r.stderr, "hint: nothing was recorded; ") || !strings.Contains(r.stderr, c.fix) {
			t.Errorf("%s: exit %d\n%s", what, r.exit, r.stderr)
		}
	}
	trusting := append(append(env, s.env()...), "BAZAR_CA_FILE="+ours.file("ca"))
	if n := bazar(t, trusting, "orders", "list", "-q"); n != "" {
		t.Errorf("it was recorded: %s", n)
	}
	if left := bazar(t, trusting, "orders", "resume", "-q"); left != "" {
		t.Errorf("the journal has %s", left)
	}
}

// Certificates are renewed while people buy; servers are not stopped, and
// nobody is turned away.
func TestRenewingCertificatesStopsNoPurchase(t *testing.T) {
	dir := t.TempDir()
	env, kit := home(dir), madeCerts(t)
	s, err := kit.launch(env, filepath.Join(dir, "services"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	remote := append(append(env, s.env()...), "BAZAR_CA_FILE="+kit.file("ca"))
	bazar(t, remote, "stock", "set", "3", "1000")
	before, err := os.ReadFile(kit.file("order"))
	if err != nil {
		t.Fatal(err)
	}
	var bought atomic.Int64
	var stop atomic.Bool
	var buyers sync.WaitGroup
	for range 3 {
		buyers.Go(func() {
			for !stop.Load() {
				if r := run(t.Context(), remote, "bazar", "buy", "3", "-q"); r.exit != 0 {
					t.Errorf("exit %d: %s", r.exit, r.stderr)
					return
				}
				bought.Add(1)
			}
		})
	}
	for range 5 {
		bazar(t, env, "certs", "renew", string(kit), "--all", "-q")
		seen := bought.Load()
		eventually(t, "more is bought", func() bool { return bought.Load() >= seen+6 || t.Failed() })
	}
	stop.Store(true)
	buyers.Wait()
	after, err := os.ReadFile(kit.file("order"))
	if err != nil || string(before) == string(after) {
		t.Errorf("nothing was renewed: %v", err)
	}
	if said := s.order.said(); !strings.Contains(said, "files read again") {
		t.Errorf("the order service still has its old certificate: %s", said)
	}
	bazar(t, remote, "audit", "-q")
}

// The catalog knows that it is the order service that reserves: by its
// certificate, or where both are on one machine without, by a key.
func TestTheCatalogKnowsWhoReserves(t *testing.T) {
	dir := t.TempDir()
	env, kit := home(dir), madeCerts(t)
	key := filepath.Join(dir, "keys", "service.key")
	known := func(s services, err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		defer s.kill()
		bazar(t, append(append(env, s.env()...), "BAZAR_CA_FILE="+kit.file("ca")), "buy", "3")
		for line := range strings.Lines(s.catalog.said()) {
			if strings.Contains(line, `"path":"/v1/reservations"`) {
				return strings.Contains(line, `"caller":"order"`)
			}
		}
		t.Error("nothing was reserved")
		return false
	}
	if !known(kit.launch(env, filepath.Join(dir, "certified"))) {
		t.Error("by its certificate it is not known")
	}
	if !known(launchServices(append(env, "BAZAR_SERVICE_KEY_FILE="+key), filepath.Join(dir, "keyed"))) {
		t.Error("by the key it is not known")
	}
	if known(launchServices(env, filepath.Join(dir, "neither"))) {
		t.Error("without either it is known")
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	r := run(t.Context(), append(env, "BAZAR_SERVICE_KEY_FILE="+key), "catalog", anyPort("--db", "sqlite:"+filepath.Join(dir, "c.db"))...)
	if r.exit != 2 || !strings.Contains(r.stderr, "chmod 600 "+key) {
		t.Errorf("a key that others may read: exit %d: %s", r.exit, r.stderr)
	}
}

// The scripts of other tests see to it that everything works over TLS; this, that
// a server can't be asked otherwise.
func TestAServerWithACertificateIsNotReachedInPlainHTTP(t *testing.T) {
	dir := t.TempDir()
	env, kit := home(dir), madeCerts(t)
	s, err := launch(append(env, kit.of("catalog")...), "catalog", anyPort("--db", "sqlite:"+filepath.Join(dir, "c.db"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	reply, err := http.Get("http://" + s.addr + "/v1/store")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusBadRequest || strings.Contains(string(body), "store_id") {
		t.Errorf("%s: %s, %v", reply.Status, body, err)
	}
}
