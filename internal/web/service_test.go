package web_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// asked sends a request that order signs as it says, and gives what the server
// makes of it.
func asked(t *testing.T, r *running, method, header, body string) (status int, said string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.url+"/whoami", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != "" {
		request.Header.Set(trust.Header, header)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, strings.Trim(string(text), "\"\n")
}

func TestOnOneMachineAServiceIsKnownByTheSharedKey(t *testing.T) {
	s := anywhere()
	s.TLS.ServiceKey = filepath.Join(t.TempDir(), "service.key")
	r := serving(t, s, whoami(), time.Second)
	defer r.end(t)
	key, err := trust.LoadKey(s.TLS.ServiceKey)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(from, to, body string) string {
		return key.Sign(from, to, http.MethodPost, "/whoami", []byte(body), time.Now())
	}
	if status, said := asked(t, r, http.MethodPost, sign("order", "catalog", "books"), "books"); said != "order" {
		t.Errorf("order is known as %d %s", status, said)
	}
	if status, said := asked(t, r, http.MethodPost, sign("order", "account", "books"), "books"); status != http.StatusOK || said != "" {
		t.Errorf("what order says to another service makes it known as %d %s", status, said)
	}
	if status, said := asked(t, r, http.MethodGet, sign("order", "catalog", ""), ""); status != http.StatusOK || said != "" {
		t.Errorf("another request is from %d %s", status, said)
	}
	for _, header := range []string{"order", "order catalog", key.Sign("order", "catalog", "POST", "/whoami", nil, time.Now().Add(-time.Hour))} {
		if status, said := asked(t, r, http.MethodPost, header, ""); status != http.StatusOK || said != "" {
			t.Errorf("%q is from %d %s", header, status, said)
		}
	}
	signed := sign("order", "catalog", "books")
	if status, said := asked(t, r, http.MethodPost, signed, "other books"); status != http.StatusBadRequest {
		t.Errorf("another body is read: %d %s", status, said)
	}
	secret, err := os.ReadFile(s.TLS.ServiceKey)
	if err != nil {
		t.Fatal(err)
	}
	if log := r.log.String(); strings.Contains(log, signed) || strings.Contains(log, strings.TrimSpace(string(secret))) {
		t.Error("the log has what services show")
	}
}

// Whoever has no key is nobody, whatever a request says.
func TestWithoutAKeyNobodyIsKnown(t *testing.T) {
	r := serving(t, anywhere(), whoami(), time.Second)
	defer r.end(t)
	key, err := trust.LoadKey(filepath.Join(t.TempDir(), "service.key"))
	if err != nil {
		t.Fatal(err)
	}
	if status, said := asked(t, r, http.MethodPost, key.Sign("order", "catalog", "POST", "/whoami", nil, time.Now()), ""); status != http.StatusOK || said != "" {
		t.Errorf("%d %s", status, said)
	}
}

// With accounts services need to be known: where there are no certificates, by
// a key in the user's state directory.
func TestServicesWithAccountsMakeAKey(t *testing.T) {
	state := t.TempDir()
	env := map[string]string{"XDG_STATE_HOME": state}
	file := filepath.Join(state, "bazar", "service.key")
	certified := secured(madeCerts(t, time.Now())).TLS
	for _, c := range []struct {
		name     string
		accounts bool
		at       string
		tls      web.TLS
		made     bool
	}{
		{name: "order"},
		{name: "frontend"},
		{name: "frontend", at: "https://localhost:8083"}, // it has a certificate
		{name: "order", accounts: true, tls: certified},
		{name: "frontend", at: "http://localhost:8083", made: true}, // whatever its own door has
		{name: "order", accounts: true, made: true},
		{name: "catalog", accounts: true, made: true},
	} {
		var s web.Settings
		s.FromEnv(func(name string) string { return env[name] })
		s.Accounts, s.AccountURL = c.accounts, c.at
		if c.tls != (web.TLS{}) {
			s.TLS = c.tls
		}
		_, log := newLog()
		caller, err := s.Caller(log, c.name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = os.Stat(file)
		if made := err == nil; made != c.made || caller.Key.None() == c.made || caller.Name != c.name {
			t.Errorf("%+v: made %t, %+v", c, made, caller)
		}
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	s := anywhere()
	s.FromEnv(func(name string) string { return env[name] })
	s.Accounts = true
	_, log := newLog()
	if err := web.Serve(t.Context(), log, s, whoami()); api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a server takes a key that others may read: %v", err)
	}
}
