package access_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// loopback is a store on this machine without TLS, but for its front end's door.
type loopback struct {
	env                       []string
	dir                       string
	accounts, catalog, orders string
}

// openLoopback starts the services; without is one that is not told of the
// accounts, "" for none.
func openLoopback(t *testing.T, without api.Service) *loopback {
	t.Helper()
	dir := t.TempDir()
	s := &loopback{dir: dir, env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}}
	s.accounts = s.start(t, "account")
	with := func(service api.Service) []string {
		if service == without {
			return nil
		}
		return []string{"--account-url", s.accounts}
	}
	s.catalog = s.start(t, "catalog", with(api.Catalog)...)
	s.orders = s.start(t, "order", append(with(api.Orders), "--catalog-url", s.catalog)...)
	s.env = append(s.env, "BAZAR_ACCOUNT_URL="+s.accounts, "BAZAR_CATALOG_URL="+s.catalog, "BAZAR_ORDER_URL="+s.orders)
	return s
}

func (s *loopback) start(t *testing.T, program string, args ...string) string {
	t.Helper()
	p, err := launch(append(s.env, "BAZAR_DB="+s.database(program)), program, append(args, "--addr", "127.0.0.1:0", "--admin-addr", "")...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return "http://" + p.addr
}

func (s *loopback) database(program string) string {
	return "sqlite:" + filepath.Join(s.dir, program+".db")
}

// A front end with accounts leaves it to the services who may do what. One that
// was started without accounts would let everybody do everything, whatever token
// they make up; so the front end does not stand before it.
func TestAFrontEndStandsBeforeNoServiceWithoutAccounts(t *testing.T) {
	for _, without := range []api.Service{api.Catalog, api.Orders} {
		t.Run(string(without), func(t *testing.T) {
			s := openLoopback(t, without)
			why := "the " + string(without) + " service knows no accounts"
			p, err := launch(s.env, "bazar", "serve", "--addr", "127.0.0.1:0", "--admin-addr", "")
			if err != nil { // it ended before it was ready
				if !strings.Contains(err.Error(), why) {
					t.Fatal(err)
				}
				return
			}
			t.Cleanup(p.kill)
			select {
			case <-p.exited:
			case <-time.After(patience / 3):
				t.Fatal("it serves")
			}
			if said := p.said(); !strings.Contains(said, why) {
				t.Errorf("it does not say why: %s", said)
			}
		})
	}
}

// Where the front end reaches the account service without TLS it is known by the
// shared key, and believed where its callers are. Else all of them would be one
// address, and one who guesses at an account would lock its owner out.
func TestBehindAFrontEndOnLoopbackNobodyIsLockedOut(t *testing.T) {
	s := openLoopback(t, "")
	run(t, s.env, password+"\n", "account", "admin", "create", "root", "--db", s.database("account"))
	p, err := launch(s.env, "bazar", "serve", "--addr", "127.0.0.1:0", "--admin-addr", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	enter := func(from, password string) int {
		t.Helper()
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		client := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}, Timeout: patience}
		body := strings.NewReader(`{"account":"root","password":"` + password + `","name":"x"}`)
		reply, err := client.Post("http://"+p.addr+"/v1/tokens", "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		return reply.StatusCode
	}
	guesses := 0
	for ; enter("127.0.0.9", "no horse battery staple") != http.StatusTooManyRequests; guesses++ {
		if guesses == 20 {
			t.Fatal("nothing throttles who guesses")
		}
	}
	if got := enter("127.0.0.77", password); got != http.StatusCreated {
		t.Errorf("the owner, from elsewhere: %d", got)
	}
	if got := enter("127.0.0.9", password); got != http.StatusTooManyRequests {
		t.Errorf("the one who guessed: %d", got)
	}
}
