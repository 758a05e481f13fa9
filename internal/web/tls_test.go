package web_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/certs"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

const year = 365 * 24 * time.Hour

// madeCerts is a directory of certificates made at a time.
func madeCerts(t *testing.T, at time.Time) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := (certs.Dir{Path: dir, Now: at}).Init(nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func renewed(t *testing.T, dir string) {
	t.Helper()
	if _, err := (certs.Dir{Path: dir, Now: time.Now()}).Renew(nil, true); err != nil {
		t.Fatal(err)
	}
}

// secured are settings of a server with a directory's certificate for catalog.
func secured(dir string) web.Settings {
	s := anywhere()
	s.TLS = web.TLS{
		Cert: filepath.Join(dir, "catalog.pem"), Key: filepath.Join(dir, "catalog-key.pem"), ClientCA: filepath.Join(dir, "ca.pem"),
	}
	return s
}

// whoami is a service that says who calls it.
func whoami() web.Service {
	tell := func(c *gin.Context) (any, error) {
		name, ok := web.ServiceOf(c.Request)
		if ok != (name != "") {
			return nil, api.Errorf(api.CodeInternal, "%q, %t", name, ok)
		}
		return name, nil
	}
	return web.Service{Name: "catalog", Handler: engine(get("/whoami", tell), web.Route{
		Method: http.MethodPost, Path: "/whoami", Access: api.Anyone, Handler: func(c *gin.Context) (any, error) {
			if _, err := web.ReadBody(c.Request); err != nil {
				return nil, err
			}
			return tell(c)
		},
	})}
}

// visitor is a client that trusts a directory's CA, and shows a certificate of
// a directory if it has one's name.
func visitor(t *testing.T, trusts, shows, name string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(trusts, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	config := &tls.Config{RootCAs: pool, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	if name != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(shows, name+".pem"), filepath.Join(shows, name+"-key.pem"))
		if err != nil {
			t.Fatal(err)
		}
		// Shown whatever CAs the server asks for.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

func whoIs(client *http.Client, url string) (string, error) {
	reply, err := client.Get(url + "/whoami")
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", reply.Status, body)
	}
	return strings.Trim(string(body), "\"\n"), err
}

// end stops the server, which has to go without an error.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

func (r *running) https() string { return strings.Replace(r.url, "http:", "https:", 1) }

func TestAServiceIsKnownByItsVerifiedCertificateAlone(t *testing.T) {
	dir := madeCerts(t, time.Now())
	r := serving(t, secured(dir), whoami(), time.Second)
	defer r.end(t)
	for _, name := range []string{"catalog", "order", "account", "frontend", ""} {
		if got, err := whoIs(visitor(t, dir, dir, name), r.https()); got != name || err != nil {
			t.Errorf("%q is known as %q: %v", name, got, err)
		}
	}
	foreign := madeCerts(t, time.Now())
	if got, err := whoIs(visitor(t, dir, foreign, "order"), r.https()); err == nil || !strings.Contains(err.Error(), "remote error: tls") {
		t.Errorf("a certificate of another CA is %q: %v", got, err)
	}
}

func TestWhereServicesAloneComeAHandshakeWithoutTheirCertificateFails(t *testing.T) {
	dir, foreign := madeCerts(t, time.Now()), madeCerts(t, time.Now())
	s := secured(dir)
	s.TLS.ServicesOnly = true
	r := serving(t, s, whoami(), time.Second)
	defer r.end(t)
	if got, err := whoIs(visitor(t, dir, dir, "order"), r.https()); got != "order" || err != nil {
		t.Errorf("the order service is known as %q: %v", got, err)
	}
	for what, stranger := range map[string]*http.Client{
		"no certificate": visitor(t, dir, dir, ""), "another CA's certificate": visitor(t, dir, foreign, "order"),
	} {
		if _, err := whoIs(stranger, r.https()); err == nil || !strings.Contains(err.Error(), "remote error: tls:") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWhoCanBeKeptOutByTheEnvironment(t *testing.T) {
	for value, want := range map[string]bool{"": false, "false": false, "0": false, "true": true, "1": true, "yes": true} {
		s := web.Settings{}
		s.FromEnv(func(name string) string { return map[string]string{"BAZAR_TLS_SERVICES_ONLY": value}[name] })
		if s.TLS.ServicesOnly != want {
			t.Errorf("%q: %t", value, s.TLS.ServicesOnly)
		}
	}
}

func TestAnEndedCertificateIsRefused(t *testing.T) {
	dir := madeCerts(t, time.Now().Add(-2*year))
	old := t.TempDir()
	for _, file := range []string{"order.pem", "order-key.pem"} {
		if err := os.Rename(filepath.Join(dir, file), filepath.Join(old, file)); err != nil {
			t.Fatal(err)
		}
	}
	renewed(t, dir)
	r := serving(t, secured(dir), whoami(), time.Second)
	defer r.end(t)
	if got, err := whoIs(visitor(t, dir, old, "order"), r.https()); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("it is %q: %v", got, err)
	}
	if got, err := whoIs(visitor(t, dir, dir, "order"), r.https()); got != "order" || err != nil {
		t.Errorf("the new one is %q: %v", got, err)
	}
}

// A certificate that no client CA is set for says nothing, whoever signed it.
func TestWithoutAClientCANoCertificateCounts(t *testing.T) {
	dir := madeCerts(t, time.Now())
	s := secured(dir)
	s.TLS.ClientCA = ""
	r := serving(t, s, whoami(), time.Second)
	defer r.end(t)
	if got, err := whoIs(visitor(t, dir, dir, "order"), r.https()); got != "" || err != nil {
		t.Errorf("order is known as %q: %v", got, err)
	}
}

// Also for those who would like to go on with a session from before.
func TestANewClientCACountsAtOnce(t *testing.T) {
	dir, next := madeCerts(t, time.Now()), madeCerts(t, time.Now())
	s := secured(dir)
	s.TLS.ClientCA = filepath.Join(t.TempDir(), "clients.pem")
	replace := func(from string) {
		text, err := os.ReadFile(filepath.Join(from, "ca.pem"))
		if err == nil {
			err = os.WriteFile(s.TLS.ClientCA+".new", text, 0o600)
		}
		if err == nil {
			err = os.Rename(s.TLS.ClientCA+".new", s.TLS.ClientCA)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	replace(dir)
	r := serving(t, s, whoami(), time.Second)
	defer r.end(t)
	before, after := visitor(t, dir, dir, "order"), visitor(t, dir, next, "order")
	if got, err := whoIs(before, r.https()); got != "order" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := whoIs(after, r.https()); err == nil {
		t.Fatal("a CA that is not set counts")
	}
	replace(next)
	before.CloseIdleConnections()
	after.CloseIdleConnections()
	if got, err := whoIs(before, r.https()); err == nil {
		t.Errorf("the old CA still counts: %q", got)
	}
	if got, err := whoIs(after, r.https()); got != "order" {
		t.Errorf("the new CA does not count: %q, %v", got, err)
	}
}

func TestWhoComesBackIsVerifiedAgain(t *testing.T) {
	dir := madeCerts(t, time.Now())
	for _, lowest := range []string{"1.2", "1.3"} {
		s := secured(dir)
		s.TLS.Min = lowest
		r := serving(t, s, whoami(), time.Second)
		client := visitor(t, dir, dir, "order")
		for range 3 {
			reply, err := client.Get(r.https() + "/whoami")
			if err != nil {
				t.Fatal(err)
			}
			reply.Body.Close()
			if reply.TLS.DidResume {
				t.Errorf("TLS %s: a session is resumed", lowest)
			}
			client.CloseIdleConnections()
		}
		r.end(t)
	}
}

func TestATLSPortReadsNothingInPlainText(t *testing.T) {
	dir := madeCerts(t, time.Now())
	r := serving(t, secured(dir), whoami(), time.Second)
	defer r.end(t)
	reply, err := http.Get(r.url + "/whoami")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, _ := io.ReadAll(reply.Body)
	if reply.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "HTTPS") {
		t.Errorf("%s: %s", reply.Status, body)
	}
	health, err := http.Get(r.admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer health.Body.Close()
	if health.StatusCode != http.StatusOK {
		t.Errorf("health: %s", health.Status)
	}
}

func TestOldProtocolsAndCiphersAreRefused(t *testing.T) {
	dir := madeCerts(t, time.Now())
	cbc := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
	for _, c := range []struct {
		lowest string
		client *tls.Config
		well   bool
	}{
		{"", &tls.Config{MinVersion: tls.VersionTLS13}, true},
		{"1.3", &tls.Config{MinVersion: tls.VersionTLS13}, true},
		{"1.3", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12}, false},
		{"1.2", &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}, true},
		{"1.2", &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: cbc}, false},
		{"1.2", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
	} {
		s := secured(dir)
		s.TLS.Min = c.lowest
		r := serving(t, s, whoami(), time.Second)
		c.client.InsecureSkipVerify = true // only the handshake is looked at
		conn, err := (&tls.Dialer{Config: c.client}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
		if (err == nil) != c.well {
			t.Errorf("%q, versions %x to %x: %v", c.lowest, c.client.MinVersion, c.client.MaxVersion, err)
		}
		if err == nil {
			conn.Close()
		}
		r.end(t)
	}
}

// Whoever renews certificates drops nobody's request, whatever moment a
// handshake comes in.
func TestCertificatesAreRenewedUnderLoadWithoutAFailedRequest(t *testing.T) {
	dir := madeCerts(t, time.Now())
	r := serving(t, secured(dir), whoami(), 5*time.Second)
	defer r.end(t)
	var stop atomic.Bool
	var answered atomic.Int64
	var callers sync.WaitGroup
	for n := range 8 {
		client := visitor(t, dir, dir, "order")
		callers.Go(func() {
			for i := 0; !stop.Load(); i++ {
				if n%2 == 0 {
					client.CloseIdleConnections() // a handshake for each
				}
				if got, err := whoIs(client, r.https()); got != "order" || err != nil {
					t.Errorf("%q, %v", got, err)
					return
				}
				answered.Add(1)
			}
		})
	}
	for range 20 {
		renewed(t, dir)
		for seen := answered.Load(); answered.Load() < seen+20 && !t.Failed(); {
			if _, err := whoIs(visitor(t, dir, "", ""), r.https()); err != nil {
				t.Error(err)
			}
		}
	}
	stop.Store(true)
	callers.Wait()
	text, err := os.ReadFile(filepath.Join(dir, "catalog.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if served := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]; string(served.Raw) != string(block.Bytes) {
		t.Error("the certificate that is served is not the last one")
	}
}

func TestSettingsOfTLSThatDoNotGoTogetherAreRefused(t *testing.T) {
	dir := madeCerts(t, time.Now())
	file := func(name string) string { return filepath.Join(dir, name+".pem") }
	for want, tls := range map[string]web.TLS{
		"go together":              {Cert: file("order")},
		"--tls-cert and --tls-key": {Key: file("order-key")},
		"needs --tls-cert":         {ClientCA: file("ca")},
		"needs --tls-client-ca":    {Cert: file("order"), Key: file("order-key"), ServicesOnly: true},
		"is not served":            {Cert: file("order"), Key: file("order-key"), Min: "1.1"},
		"private key does not":     {Cert: file("order"), Key: file("catalog-key")},
		"no such file":             {Cert: file("order"), Key: file("none")},
		"CA file":                  {Cert: file("order"), Key: file("order-key"), ClientCA: file("none")},
	} {
		s := anywhere()
		s.TLS = tls
		_, log := newLog()
		err := web.Serve(t.Context(), log, s, whoami())
		if api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", tls, err, want)
		}
	}
}

// Beyond this machine a server needs accounts and TLS, both.
func TestWhereAServerMayListen(t *testing.T) {
	dir := madeCerts(t, time.Now())
	for _, c := range []struct {
		addr                    string
		tls, accounts, insecure bool
		refused                 string
		warns                   bool
	}{
		{addr: "127.0.0.1:0"},
		{addr: "127.0.0.1:0", tls: true},
		{addr: "127.0.0.1:0", accounts: true},
		{addr: "[::1]:0", tls: true, accounts: true},
		{addr: "0.0.0.0:0", refused: "without accounts"},
		{addr: "0.0.0.0:0", tls: true, refused: "without accounts"},
		{addr: ":0", accounts: true, refused: "without TLS"},
		{addr: "0.0.0.0:0", tls: true, accounts: true},
		{addr: "0.0.0.0:0", insecure: true, warns: true},
		{addr: "0.0.0.0:0", insecure: true, accounts: true, warns: true},
		{addr: "0.0.0.0:0", insecure: true, tls: true, warns: true},
	} {
		s := anywhere()
		if c.tls {
			s.TLS = secured(dir).TLS
		}
		s.Addr, s.Accounts, s.Insecure, s.TLS.ServiceKey = c.addr, c.accounts, c.insecure, filepath.Join(dir, "service.key")
		if c.refused != "" {
			_, log := newLog()
			if err := web.Serve(t.Context(), log, s, whoami()); api.CodeOf(err) != api.CodeForbidden || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		r := serving(t, s, whoami(), time.Second)
		if warns := strings.Contains(r.log.String(), "insecure: "); warns != c.warns {
			t.Errorf("%+v: warns: %t", c, warns)
		}
		r.end(t)
	}
}

// A connection that never shakes hands does not keep its place.
func TestASilentConnectionIsClosed(t *testing.T) {
	t.Parallel()
	dir := madeCerts(t, time.Now())
	r := serving(t, secured(dir), whoami(), time.Second)
	defer r.end(t)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
		t.Errorf("it is still open: %v", err)
	}
}
