package trust_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/certs"
	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestAnIdentityIsExactlyOneURIOfOurs(t *testing.T) {
	for text, want := range map[string]string{
		"spiffe://bazar/order":            "order",
		"spiffe://bazar/catalog":          "catalog",
		"spiffe://bazar/admin":            "",
		"spiffe://bazar/order/":           "",
		"spiffe://bazar//order":           "",
		"spiffe://bazar/order?x=1":        "",
		"spiffe://bazar/order#x":          "",
		"spiffe://bazar/%6frder":          "",
		"spiffe://bazar:443/order":        "",
		"spiffe://u@bazar/order":          "",
		"spiffe://BAZAR/order":            "",
		"spiffe://evil/order":             "",
		"https://bazar/order":             "",
		"spiffe://bazar/":                 "",
		"spiffe:bazar/order":              "",
		"spiffe://bazar/order/../catalog": "",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := trust.NameOf(&x509.Certificate{URIs: []*url.URL{u}}); got != want || ok != (want != "") {
			t.Errorf("%s is %q, %t", text, got, ok)
		}
	}
	both := &x509.Certificate{URIs: []*url.URL{trust.URI("order"), trust.URI("catalog")}}
	if got, ok := trust.NameOf(both); ok {
		t.Errorf("a certificate of two is %q", got)
	}
	if got, ok := trust.NameOf(&x509.Certificate{DNSNames: []string{"order"}}); ok {
		t.Errorf("a certificate of none is %q", got)
	}
}

// Services start at the same time on a new machine.
func TestProgramsThatMakeTheKeyAtOnceHaveTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "bazar", "service.key")
	signed := make([]string, 20)
	now := time.Now()
	var all sync.WaitGroup
	for i := range signed {
		all.Go(func() {
			key, err := trust.LoadKey(path)
			if err != nil {
				t.Error(err)
				return
			}
			signed[i] = key.Sign("order", "catalog", "GET", "/", nil, now)
		})
	}
	all.Wait()
	for _, text := range signed {
		if text != signed[0] {
			t.Fatal("two programs have two keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("beside the key there is more: %v, %v", left, err)
	}
}

func TestAKeyThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := trust.LoadKey(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := trust.LoadKey(path)
		if api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestAFileThatIsNoKeyIsRefused(t *testing.T) {
	for _, text := range []string{"", "\n", "secret", strings.Repeat("a", 63), strings.Repeat("ab", 33)} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := trust.LoadKey(path); api.CodeOf(err) != api.CodeInvalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func newKey(t *testing.T) trust.Key {
	t.Helper()
	key, err := trust.LoadKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A signature that somebody overheard is of no use for anything else.
func TestASignatureIsGoodForOneRequestToOneServiceForAMinute(t *testing.T) {
	key, now := newKey(t), time.Now()
	text := key.Sign("order", "catalog", "POST", "/v1/reservations", []byte("body"), now)
	from, digest, err := key.Verify(text, "catalog", "POST", "/v1/reservations", now.Add(50*time.Second))
	if err != nil || from != "order" || digest != sha256.Sum256([]byte("body")) {
		t.Fatalf("%q, %v", from, err)
	}
	fields := strings.Fields(text)
	altered := func(i int, value string) string {
		f := append([]string{}, fields...)
		f[i] = value
		return strings.Join(f, " ")
	}
	for what, verify := range map[string]func() error{
		"another service":      func() error { return verify(key, text, "account", "POST", "/v1/reservations", now) },
		"another method":       func() error { return verify(key, text, "catalog", "PUT", "/v1/reservations", now) },
		"another path":         func() error { return verify(key, text, "catalog", "POST", "/v1/reservations/", now) },
		"another query":        func() error { return verify(key, text, "catalog", "POST", "/v1/reservations?x", now) },
		"another key":          func() error { return verify(newKey(t), text, "catalog", "POST", "/v1/reservations", now) },
		"later":                func() error { return verify(key, text, "catalog", "POST", "/v1/reservations", now.Add(2*time.Minute)) },
		"much earlier":         func() error { return verify(key, text, "catalog", "POST", "/v1/reservations", now.Add(-2*time.Minute)) },
		"another sender":       func() error { return verify(key, altered(0, "account"), "catalog", "POST", "/v1/reservations", now) },
		"another target in it": func() error { return verify(key, altered(1, "account"), "account", "POST", "/v1/reservations", now) },
		"another time in it":   func() error { return verify(key, altered(2, "9999999999"), "catalog", "POST", "/v1/reservations", now) },
		"another body in it":   func() error { return verify(key, altered(3, "AAAA"), "catalog", "POST", "/v1/reservations", now) },
		"no mac":               func() error { return verify(key, altered(4, ""), "catalog", "POST", "/v1/reservations", now) },
		"nothing":              func() error { return verify(key, "", "catalog", "POST", "/v1/reservations", now) },
	} {
		if verify() == nil {
			t.Errorf("it is good for %s", what)
		}
	}
	stranger := key.Sign("admin", "catalog", "GET", "/", nil, now)
	if verify(key, stranger, "catalog", "GET", "/", now) == nil {
		t.Error("a name that no service has is known")
	}
}

func verify(key trust.Key, text, to, method, target string, now time.Time) error {
	_, _, err := key.Verify(text, to, method, target, now)
	return err
}

func TestAKeyDoesNotPrintItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	key, err := trust.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key, "caller", trust.Caller{Name: "order", Key: key})
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key, "caller", trust.Caller{Name: "order", Key: key})
	said := log.String() + fmt.Sprintf("%v %+v %#v %s %q %x %+v", key, key, key, key, key, key, trust.Caller{Key: key})
	secret, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(said, strings.TrimSpace(string(secret))) || strings.Contains(said, "secret") {
		t.Errorf("%s", said)
	}
	if !strings.Contains(said, "a service key") {
		t.Errorf("it says nothing: %s", said)
	}
}

func makeCerts(t *testing.T, dir string) {
	t.Helper()
	if _, err := (certs.Dir{Path: dir, Now: time.Now()}).Init(nil); err != nil {
		t.Fatal(err)
	}
}

func TestACertificateIsReadAgainWhenItsFilesChange(t *testing.T) {
	dir := t.TempDir()
	makeCerts(t, dir)
	var log bytes.Buffer
	p, err := trust.LoadPair(slog.New(slog.NewTextHandler(&log, nil)), filepath.Join(dir, "order.pem"), filepath.Join(dir, "order-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	first := p.Certificate()
	if p.Certificate() != first {
		t.Error("it is read again without a change")
	}
	if _, err := (certs.Dir{Path: dir, Now: time.Now()}).Renew(nil, true); err != nil {
		t.Fatal(err)
	}
	second := p.Certificate()
	if second == first || second.Leaf.SerialNumber.Cmp(first.Leaf.SerialNumber) == 0 {
		t.Error("the new one is not read")
	}
	for _, damage := range []func() error{
		func() error { return os.WriteFile(filepath.Join(dir, "order.pem"), []byte("half"), 0o600) },
		func() error { return os.Remove(filepath.Join(dir, "order.pem")) },
		func() error { return os.Rename(filepath.Join(dir, "catalog.pem"), filepath.Join(dir, "order.pem")) },
	} {
		log.Reset()
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if p.Certificate() != second {
				t.Error("files that can't be used take the certificate away")
			}
		}
		if n := strings.Count(log.String(), "what was in force stays"); n != 1 {
			t.Errorf("the log says so %d times: %s", n, log.String())
		}
	}
	if err := os.Rename(filepath.Join(dir, "catalog-key.pem"), filepath.Join(dir, "order-key.pem")); err != nil {
		t.Fatal(err)
	}
	if name, _ := trust.NameOf(p.Certificate().Leaf); name != "catalog" {
		t.Errorf("mended files are not read: %q", name)
	}
}

func TestAFileOfCAsHasCertificatesAlone(t *testing.T) {
	dir := t.TempDir()
	makeCerts(t, dir)
	log := slog.New(slog.DiscardHandler)
	if _, err := trust.LoadPool(log, filepath.Join(dir, "ca.pem")); err != nil {
		t.Error(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, filepath.Join(dir, "ca-key.pem"), filepath.Join(dir, "none")} {
		if _, err := trust.LoadPool(log, file); api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
