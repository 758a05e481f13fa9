package access_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// A front end with accounts leaves it to the services who may do what. One that
// was started without accounts would let everybody do everything, whatever token
// they make up; so the front end does not stand before it.
func TestAFrontEndStandsBeforeNoServiceWithoutAccounts(t *testing.T) {
	for _, without := range []api.Service{api.Catalog, api.Orders} {
		t.Run(string(without), func(t *testing.T) {
			dir := t.TempDir()
			env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
			start := func(service, program string, args ...string) string {
				t.Helper()
				p, err := launch(append(env, "BAZAR_DB=sqlite:"+filepath.Join(dir, service+".db")), program, append(args, "--addr", "127.0.0.1:0", "--admin-addr", "")...)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(p.kill)
				return "http://" + p.addr
			}
			accounts := start("account", "account")
			with := func(service api.Service) []string {
				if service == without {
					return nil
				}
				return []string{"--account-url", accounts}
			}
			catalog := start("catalog", "catalog", with(api.Catalog)...)
			orders := start("order", "order", append(with(api.Orders), "--catalog-url", catalog)...)
			env = append(env, "BAZAR_ACCOUNT_URL="+accounts, "BAZAR_CATALOG_URL="+catalog, "BAZAR_ORDER_URL="+orders)
			p, err := launch(env, "bazar", "serve", "--addr", "127.0.0.1:0", "--admin-addr", "")
			if err != nil {
				if !strings.Contains(err.Error(), "the "+string(without)+" service knows no accounts") {
					t.Fatal(err)
				}
				return // it ended before it was ready
			}
			t.Cleanup(p.kill)
			select {
			case <-p.exited:
			case <-time.After(patience / 3):
				t.Fatal("it serves")
			}
			if said := p.said(); !strings.Contains(said, "the "+string(without)+" service knows no accounts") {
				t.Errorf("it does not say why: %s", said)
			}
		})
	}
}
