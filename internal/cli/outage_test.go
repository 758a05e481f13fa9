package cli_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

// An order that is recorded while the catalog is away is settled once the
// catalog is back, by the order service itself.
func TestOrderSurvivesACatalogOutage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := home(dir)
	address := freeAddress(t)
	start := func() *server { return keepCatalog(t, env, dir, address) }
	cut := start()
	other := keepCatalog(t, env, dir, "127.0.0.1:0") // a replica, which the customer sees
	order, err := launch(env, "order", anyPort("--db", "sqlite:"+filepath.Join(dir, "order.db"), "--catalog-url", cut.url())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(order.kill)
	env = append(env, "BAZAR_CATALOG_URL="+other.url(), "BAZAR_ORDER_URL="+order.url())

	cut.kill()
	id := api.NewID()
	r := run(t.Context(), env, "bazar", "buy", "3", "--id", id, "--timeout", "500ms")
	if r.exit != 7 || !strings.Contains(r.stderr, "order "+id+" is recorded but not settled yet") || !strings.Contains(r.stderr, "--id "+id) {
		t.Fatalf("exit %d: %s", r.exit, r.stderr)
	}
	state := func() string { return bazar(t, env, "orders", "show", id, "--json", "--jq", ".state") }
	if got := state(); got != "pending" {
		t.Fatalf("the order is %s", got)
	}
	if r := run(t.Context(), env, "bazar", "orders", "resume", "--timeout", "500ms"); r.exit != 7 {
		t.Errorf("resume: exit %d: %s", r.exit, r.stderr)
	}
	start()
	eventually(t, "the order is confirmed", func() bool { return state() == "confirmed" })
	if stock := bazar(t, env, "info", "3", "--fields", "stock"); stock != "19" {
		t.Errorf("stock is %s", stock)
	}
	if settled := bazar(t, env, "orders", "resume", "-q"); settled != id {
		t.Errorf("resumed %q", settled)
	}
	agree(t, env)
}

func keepCatalog(t *testing.T, env []string, dir, address string) *server {
	t.Helper()
	s, err := launch(env, "catalog", "--db", "sqlite:"+filepath.Join(dir, "catalog.db"), "--addr", address, "--admin-addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

// freeAddress is one that was free a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
