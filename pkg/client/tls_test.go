package client_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/certs"
	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// kit is a directory of certificates.
func kit(t *testing.T, made time.Time) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := (certs.Dir{Path: dir, Now: made}).Init(nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// shop is a server with a certificate for catalog; got counts what it reads.
type shop struct {
	url string // without a scheme
	got atomic.Int64
}

func open(t *testing.T, tls web.TLS) *shop { return openAt(t, "127.0.0.1:0", tls) }

func openAt(t *testing.T, addr string, tls web.TLS) *shop {
	t.Helper()
	s := &shop{}
	log := &lines{said: make(chan string, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- web.Serve(ctx, slog.New(slog.NewJSONHandler(log, nil)), web.Settings{Addr: addr, TLS: tls}, web.Service{
			Name: "catalog", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s.got.Add(1)
				name, _ := web.ServiceOf(r)
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(map[string]string{"store_id": name})
			}),
		})
	}()
	s.url = "://" + <-log.said
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// lines is a log that says where the server is.
type lines struct{ said chan string }

func (l *lines) Write(p []byte) (int, error) {
	var line struct{ Msg, Addr string }
	if json.Unmarshal(p, &line) == nil && line.Msg == "ready" {
		l.said <- line.Addr
	}
	return len(p), nil
}

func certified(dir string) web.TLS {
	return web.TLS{Cert: filepath.Join(dir, "catalog.pem"), Key: filepath.Join(dir, "catalog-key.pem"), ClientCA: filepath.Join(dir, "ca.pem")}
}

// service is a caller with a directory's certificate for order.
func service(t *testing.T, trusts, shows string) trust.Caller {
	t.Helper()
	pair, err := trust.LoadPair(slog.New(slog.DiscardHandler), filepath.Join(shows, "order.pem"), filepath.Join(shows, "order-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return trust.Caller{Name: "order", CAFile: filepath.Join(trusts, "ca.pem"), Pair: pair}
}

func callingAs(t *testing.T, caller trust.Caller, url string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Catalog: []string{url}, Orders: []string{url}, Caller: caller})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// In every one of these cases nothing was read of the request, so nothing can
// have been done: whoever buys may buy again.
func TestAConnectionWithoutTrustIsUnavailableWithTheReasonAndTheFix(t *testing.T) {
	ours, others, past := kit(t, time.Now()), kit(t, time.Now()), kit(t, time.Now().Add(-2*365*24*time.Hour))
	future := kit(t, time.Now().Add(2*365*24*time.Hour))
	secure, ended, early, plain := open(t, certified(ours)), open(t, certified(past)), open(t, certified(future)), open(t, web.TLS{})
	person := func(dir string) trust.Caller { return trust.Caller{CAFile: filepath.Join(dir, "ca.pem")} }
	elsewhere := openAt(t, "127.0.0.2:0", certified(ours))
	for what, c := range map[string]struct {
		caller      trust.Caller
		url         string
		shop        *shop
		reason, fix string
	}{
		"no CA":             {trust.Caller{}, "https" + secure.url, secure, "a CA that is not known here", "BAZAR_CA_FILE"},
		"another store's":   {person(others), "https" + secure.url, secure, "a CA that is not known here", "BAZAR_CA_FILE"},
		"another name":      {person(ours), "https" + elsewhere.url, elsewhere, "is for localhost, catalog, 127.0.0.1, ::1, not for 127.0.0.2", "--host 127.0.0.2"},
		"ended":             {person(past), "https" + ended.url, ended, "ended at 20", "bazar certs renew DIR"},
		"not begun":         {person(future), "https" + early.url, early, "begins only at 20", "set the clock"},
		"plain to TLS":      {person(ours), "http" + secure.url, secure, "it speaks HTTPS", "https://"},
		"TLS to plain":      {person(ours), "https" + plain.url, plain, "it speaks plain HTTP", "http://"},
		"a foreign service": {service(t, ours, others), "https" + secure.url, secure, "it refuses the connection (unknown certificate authority)", "bazar certs show DIR"},
		"an ended service":  {service(t, past, past), "https" + ended.url, ended, "ended at 20", "bazar certs renew DIR"},
	} {
		for name, call := range map[string]func(context.Context, *client.Client) error{"reads": reads, "buys": buys} {
			err := call(t.Context(), callingAs(t, c.caller, c.url))
			wants(t, err, api.CodeUnavailable, c.reason)
			if hint := client.Hint(err); !strings.Contains(hint, c.fix) {
				t.Errorf("%s, %s: the hint for %q is %q", what, name, err, hint)
			}
		}
		if n := c.shop.got.Load(); n > 0 {
			t.Fatalf("%s: the server got %d requests", what, n)
		}
	}
}

// In TLS 1.3 the refusal comes when the request has been sent already.
func TestARefusedCertificateIsNeverAnUnknownOutcome(t *testing.T) {
	ours, others := kit(t, time.Now()), kit(t, time.Now())
	s := open(t, certified(ours))
	for range 200 {
		wants(t, buys(t.Context(), callingAs(t, service(t, ours, others), "https"+s.url)), api.CodeUnavailable, "refuses the connection")
	}
	if n := s.got.Load(); n > 0 {
		t.Errorf("the server got %d requests", n)
	}
}

func TestOtherErrorsHaveNoHintOfTrust(t *testing.T) {
	for _, err := range []error{nil, reads(t.Context(), calling(t, nobody(t))), context.Canceled} {
		if hint := client.Hint(err); hint != "" {
			t.Errorf("%v: %s", err, hint)
		}
	}
}

func TestAServiceIsKnownWhereItCalls(t *testing.T) {
	ours := kit(t, time.Now())
	s := open(t, certified(ours))
	store, err := callingAs(t, service(t, ours, ours), "https"+s.url).Store(t.Context())
	if err != nil || store.StoreID != "order" {
		t.Errorf("over TLS it is %q: %v", store.StoreID, err)
	}
	file := filepath.Join(t.TempDir(), "service.key")
	plain := open(t, web.TLS{ServiceKey: file})
	key, err := trust.LoadKey(file)
	if err != nil {
		t.Fatal(err)
	}
	store, err = callingAs(t, trust.Caller{Name: "order", Key: key}, "http"+plain.url).Store(t.Context())
	if err != nil || store.StoreID != "order" {
		t.Errorf("by the key it is %q: %v", store.StoreID, err)
	}
	c := callingAs(t, trust.Caller{Name: "order", Key: key}, "http"+plain.url)
	if err := buys(t.Context(), c); err != nil {
		t.Errorf("with a body: %v", err)
	}
}

// A service trusts the private CA alone: no certificate that the world gives
// out makes anybody the catalog.
func TestAPersonTrustsTheSystemsCAsTooAndAServiceDoesNot(t *testing.T) {
	ours, system := kit(t, time.Now()), kit(t, time.Now())
	t.Setenv("SSL_CERT_FILE", filepath.Join(system, "ca.pem"))
	t.Setenv("SSL_CERT_DIR", t.TempDir())
	for name, trusts := range map[string]bool{"": true, "order": false} {
		config, err := (&trust.Caller{Name: name, CAFile: filepath.Join(ours, "ca.pem")}).Config()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(config.RootCAs.Subjects()); (n > 1) != trusts { //nolint:staticcheck // the private and the system's, made from files here
			t.Errorf("%q trusts %d CAs", name, n)
		}
		if config.InsecureSkipVerify {
			t.Error("nothing is verified")
		}
	}
	if _, err := client.New(client.Config{Caller: trust.Caller{CAFile: filepath.Join(ours, "none.pem")}}); api.CodeOf(err) != api.CodeInvalid {
		t.Errorf("a CA file that is not there: %v", err)
	}
}
