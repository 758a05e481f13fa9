package access_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

// Canaries are secrets that are told apart from everything else wherever they
// turn up.
const (
	canaryPassword = "canary-password-7c1f9a"
	canaryNew      = "canary-newpassword-51be"
	canaryWrong    = "canary-wrong-guess-d0e2"
	canaryNumber   = "90210077335511"
)

// Secrets are put wherever something can be put, and must not turn up where they
// do not belong: in logs, errors, health, audits, journals, or any file.
func TestSecretsTurnUpNowhere(t *testing.T) {
	s := openStore(t)
	s.add(t, "ada", api.RoleCustomer)
	front := s.url(api.FrontEnd)
	s.must(t, ask{token: s.root, method: "POST", url: front + "/v1/accounts", body: fmt.Sprintf(`{"name":"canary","password":%q}`, canaryPassword)})
	token := s.loginAs(t, "canary", canaryPassword)
	s.plant(t, front, token)
	second := s.loginAs(t, "canary", canaryNew)
	journal, audit := s.shop(t, second)

	secrets := []string{canaryPassword, canaryNew, canaryWrong, canaryNumber, password, token, second, s.root}
	for _, name := range []string{"order", "catalog", "account", "frontend"} {
		secrets = append(secrets, s.keyOf(t, name))
	}
	for _, secret := range secrets {
		if strings.Contains(s.said(), secret) {
			t.Errorf("a log has %s", secret)
		}
		if strings.Contains(journal+audit+s.health(t), secret) {
			t.Errorf("journal, audit or health has %s", secret)
		}
		for path, data := range s.files(t) {
			if bytes.Contains(data, []byte(secret)) && !strings.HasSuffix(path, "-key.pem") {
				t.Errorf("%s has %s", path, secret)
			}
		}
	}
}

func (s *store) loginAs(t *testing.T, name, secret string) string {
	t.Helper()
	r := s.must(t, ask{method: "POST", url: s.url(api.FrontEnd) + "/v1/tokens", body: fmt.Sprintf(`{"account":%q,"password":%q,"name":"laptop"}`, name, secret)})
	_, rest, _ := strings.Cut(r.body, `"secret":"`)
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

// plant sends secrets in the places where they belong and where they do not, and
// wants no answer to repeat one.
func (s *store) plant(t *testing.T, front, token string) {
	t.Helper()
	bodies := []string{
		`{"account":"canary","password":"` + canaryWrong + `","name":"x"}`,
		`{"account":"nobody","password":"` + canaryWrong + `","name":"x"}`,
		`{"account":"canary","password":` + canaryNumber + `,"name":"x"}`,
		`{"account":"canary","password":["` + canaryWrong + `"],"name":"x"}`,
		`{"account":"canary","password":{"` + canaryWrong + `":1},"name":"x"}`,
		`{"account":"canary","password":"` + canaryWrong + `","` + canaryWrong + `":1,"name":"x"}`,
		`{"account":"canary","password":"` + canaryWrong,
		`{"account":"canary","password":"` + canaryWrong + `","name":"x"} {"again":"` + canaryWrong + `"}`,
		`{"account":"canary","password":"` + canaryWrong + `","name":"x","scopes":["` + token + `"]}`,
		`{"name":"mallory","password":"` + canaryWrong + `"}`, `{"name":"mallory","password":` + canaryNumber + `}`,
		`{"old":"` + canaryWrong + `","new":"` + canaryNew + `"}`, `{"old":` + canaryNumber + `,"new":"` + canaryNew + `"}`,
		`{"token":"` + token + `"}`, `{"lines":[{"book_id":"` + token + `","quantity":1}]}`, `{"` + token + `":1}`, token, `"` + token + `"`,
		`{"title":"` + token + `"}`, `{"reason":"` + token + `"}`,
	}
	paths := []struct{ method, path string }{
		{"POST", "/v1/tokens"},
		{"POST", "/v1/accounts"},
		{"PUT", "/v1/me/password"},
		{"POST", "/v1/introspect"},
		{"PUT", "/v1/orders/" + api.NewID()},
		{"PATCH", "/v1/accounts/ada"},
		{"POST", "/purchase/3"},
		{"POST", "/v1/imports"},
		{"DELETE", "/v1/tokens/" + api.NewID()},
		{"GET", "/v1/books?q=x&token=" + token},
		{"GET", "/v1/books?" + token},
		{"GET", "/v1/books?limit=" + token},
		{"GET", "/v1/books?cursor=" + token},
		{"GET", "/v1/books?q=" + token},
		{"GET", "/v1/books/" + token},
		{"GET", "/info/" + token},
		{"GET", "/search/" + token},
		{"GET", "/" + token},
		{"GET", "/v1/orders/" + token},
		{"GET", "/v1/orders?after=" + token},
		{"GET", "/v1/orders?sort=" + token},
		{"POST", "/purchase/" + token},
		{"GET", "/v1/accounts/" + token},
		{"DELETE", "/v1/tokens/" + token},
		{"GET", "/v1/imports/" + token},
		{token[:20], "/v1/store"},
	}
	for _, as := range []string{"", token} {
		for _, p := range paths {
			for _, body := range bodies {
				a := ask{
					token: as, method: p.method, url: front + p.path, body: body,
					header: http.Header{
						"Idempotency-Key": {token}, "If-Match": {token}, "If-None-Match": {token}, "Cookie": {"token=" + token},
						"User-Agent": {token}, "Referer": {front + "/?token=" + token}, "X-Forwarded-For": {token}, "Accept": {token}, "Bazar-Service": {token},
					},
				}
				if p.method == "GET" {
					a.body = ""
				}
				s.wantUnsaid(t, a, s.do(t, a), token)
				if p.method == "GET" {
					break
				}
			}
		}
	}
	s.send(t, api.FrontEnd, "GET", "/v1/store", []string{"X-Request-Id: " + token})
	s.send(t, api.FrontEnd, "GET", "/v1/store", []string{"Authorization: Basic " + token})
	s.must(t, ask{token: token, method: "PUT", url: front + "/v1/me/password", body: `{"old":"` + canaryPassword + `","new":"` + canaryNew + `"}`})
}

func (s *store) wantUnsaid(t *testing.T, a ask, r reply, token string) {
	t.Helper()
	for _, secret := range []string{canaryPassword, canaryNew, canaryWrong, canaryNumber, token} {
		// Which member is unknown has to be said; it is no place for a password.
		named := strings.Contains(a.body, `"`+secret+`":`) && secret != token
		if strings.Contains(r.body, secret) && !named {
			t.Errorf("%s %s %s: the answer repeats %s: %s", a.method, a.url, a.body, secret, r.body)
		}
	}
}

// shop buys from the command line with a token, once without its being answered,
// and gives what the journal and the audit say.
func (s *store) shop(t *testing.T, token string) (journal, audit string) {
	t.Helper()
	env := append([]string{"BAZAR_URL=" + s.url(api.FrontEnd), "BAZAR_TOKEN=" + token, "XDG_STATE_HOME=" + filepath.Join(s.dir, "state")}, s.env...)
	run(t, env, "", "bazar", "buy", "3")
	for path, data := range s.files(t) {
		if strings.Contains(path, "journal") {
			journal += string(data)
		}
	}
	env = append([]string{"BAZAR_URL=" + s.url(api.FrontEnd), "BAZAR_TOKEN=" + s.root}, s.env...)
	out, errs := run(t, env, "", "bazar", "audit")
	return journal, out + errs
}

// health is what the admin addresses tell.
func (s *store) health(t *testing.T) (all string) {
	t.Helper()
	for _, p := range s.programs {
		for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.admin+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			all += string(body)
		}
	}
	return all
}

// keyOf is a line from the middle of a program's private key.
func (s *store) keyOf(t *testing.T, name string) string {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(s.certs, name+"-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(pem), "\n")
	if len(lines) < 3 {
		t.Fatalf("the key of %s is %d lines", name, len(lines))
	}
	return lines[1]
}
