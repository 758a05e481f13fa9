package access_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/bazar-store/bazar/pkg/api"
)

// attack is a request by somebody who has no valid token, or does not send it as
// a token is sent: query and headers as they go over the wire.
type attack struct {
	name, query string
	headers     []string
}

// bearing is an attack with one Authorization header.
func bearing(name, value string) attack {
	return attack{name: name, headers: []string{"Authorization: " + value}}
}

// attacks are what is tried with valid, a token that is, and gone, ones that were.
func attacks(valid string, gone map[string]string) (all []attack) {
	for n := range len(valid) {
		all = append(all, bearing(fmt.Sprintf("cut off after %d", n), "Bearer "+valid[:n]))
	}
	for i := range len(valid) {
		all = append(all, bearing(fmt.Sprintf("character %d in the other case", i), "Bearer "+valid[:i]+otherCase(valid[i])+valid[i+1:]))
		all = append(all, bearing(fmt.Sprintf("character %d left out", i), "Bearer "+valid[:i]+valid[i+1:]))
	}
	for _, end := range []string{"0", "A", "=", ".", "%00", "\x01", "\x7f", "\tx", " x", ",", ";", "\"", "'", valid} {
		all = append(all, bearing("extended by "+end, "Bearer "+valid+end))
	}
	for _, prefix := range []string{"", "bzr-", "BZR_", "Bzr_", "ghp_", "bzr_bzr_", "bzs_", "bzr__", "\ufeffbzr_", "ｂzr_"} {
		all = append(all, bearing("prefix "+prefix, "Bearer "+prefix+valid[4:]))
	}
	for _, scheme := range []string{"", "Basic", "Token", "Digest", "Bearer:", "Bearer,", "Bearer=", "\"Bearer\"", "Bea rer", "Bearer Bearer", "MAC", "Negotiate", "Bearers", "BearerX", "Bearer\t", "Bearer "} {
		all = append(all, bearing("scheme "+scheme, scheme+" "+valid))
	}
	for _, value := range []string{
		"", "Bearer", "Bearer ", valid, "Bearer" + valid, "Bearer  " + valid, "Bearer\u00a0" + valid, "Bearer \u200b" + valid,
		"Bearer \"" + valid + "\"", "Bearer <" + valid + ">", "Bearer token=" + valid, "Bearer " + valid + ", Bearer " + valid,
		"Basic " + base64.StdEncoding.EncodeToString([]byte("owner:"+password)), "Basic " + base64.StdEncoding.EncodeToString([]byte(valid+":")),
		"Bearer " + base64.StdEncoding.EncodeToString([]byte(valid)), "Bearer " + strings.ToUpper(valid), "Bearer " + strings.ToLower(valid),
		"Bearer " + reversed(valid), "Bearer null", "Bearer undefined", "Bearer true", "Bearer 0", "Bearer *", "Bearer %", "Bearer _", "Bearer bzr_%",
		"Bearer local", "Bearer admin", "Bearer root", "Bearer " + strings.Repeat("A", 8_000), "Bearer bzr_" + strings.Repeat("0", 49),
		"Bearer bzr_" + strings.Repeat("*", 49), "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.",
	} {
		all = append(all, bearing("value "+value, value))
	}
	for _, sql := range []string{"' OR '1'='1", "' OR 1=1 --", "'; DROP TABLE tokens; --", "\" OR \"\"=\"", "' UNION SELECT * FROM accounts --", "\\' OR 1=1", "1) OR (1=1", "x' OR hash LIKE '%"} {
		all = append(all, bearing("SQL "+sql, "Bearer "+sql), bearing("SQL behind a token "+sql, "Bearer "+valid+sql), bearing("SQL in a token "+sql, "Bearer bzr_"+sql))
	}
	for what, token := range gone {
		all = append(all, bearing(what, "Bearer "+token))
	}
	for range 20 {
		all = append(all, bearing("a token that nobody was given", "Bearer "+api.NewToken()))
	}
	return append(all, elsewhere(valid, gone["revoked"])...)
}

// elsewhere are attacks that send a valid token twice, or where none belongs.
func elsewhere(valid, revoked string) (all []attack) {
	good, bad := "Authorization: Bearer "+valid, "Authorization: Bearer "+revoked
	all = append(all,
		attack{name: "twice the same", headers: []string{good, good}},
		attack{name: "a good one first", headers: []string{good, bad}},
		attack{name: "a good one last", headers: []string{bad, good}},
		attack{name: "a good one and an empty one", headers: []string{good, "Authorization:"}},
		attack{name: "an empty one and a good one", headers: []string{"Authorization:", good}},
		attack{name: "in two cases", headers: []string{"authorization: Bearer " + valid, "AUTHORIZATION: Bearer " + valid}},
		attack{name: "three times", headers: []string{good, good, good}},
	)
	for _, name := range []string{
		"X-Authorization", "Proxy-Authorization", "X-Forwarded-Authorization", "Authentication", "Authorisation", "X-Api-Key", "X-Auth-Token",
		"X-Original-Authorization", "Authorization_", "X_Authorization", "Bazar-Token", "BAZAR_TOKEN", "X-Access-Token", "Token", "Www-Authenticate",
	} {
		all = append(all, attack{name: "header " + name, headers: []string{name + ": Bearer " + valid}})
	}
	for _, cookie := range []string{"token", "Authorization", "session", "access_token", "bazar"} {
		all = append(all, attack{name: "cookie " + cookie, headers: []string{"Cookie: " + cookie + "=" + valid}})
	}
	for _, name := range []string{"token", "access_token", "authorization", "bearer", "api_key", "Authorization"} {
		all = append(all, attack{name: "query " + name, query: "?" + name + "=" + valid})
	}
	for _, name := range []string{"X-Account-Id", "X-User", "X-Account", "X-Role", "X-Forwarded-User", "Remote-User", "X-Real-Ip", "X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override", "X-Client-Cert", "X-Ssl-Client-Verify", "Forwarded"} {
		all = append(all, attack{name: "claim " + name, headers: []string{name + ": root"}})
	}
	for _, service := range []string{"order", "catalog", "order;spiffe://bazar/order", "v1 order 0 0", valid} {
		all = append(all, attack{name: "service " + service, headers: []string{"Bazar-Service: " + service}})
	}
	return all
}

func otherCase(c byte) string {
	switch r := rune(c); {
	case unicode.IsUpper(r):
		return strings.ToLower(string(r))
	case unicode.IsLower(r):
		return strings.ToUpper(string(r))
	default:
		return "x"
	}
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// send writes a request as it is, and gives the status of the answer.
func (s *store) send(t *testing.T, service api.Service, method, target string, headers []string) (status int, body string) {
	t.Helper()
	addr := s.programs[service].addr
	conn, err := tls.Dial("tcp", addr, s.tls(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	lines := append([]string{method + " " + target + " HTTP/1.1", "Host: " + addr, "Connection: close"}, headers...)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

// Whatever is tried instead of a valid token is refused, and leaves no trace of
// one in a log.
func noAttackGetsThrough(t *testing.T, c *cast) {
	valid := c.tokens["owner"]
	gone := map[string]string{"revoked": c.tokens["revoked"], "expired by a second": c.tokens["expired"], "disabled": c.tokens["disabled"]}
	if status, body := c.send(t, api.Orders, "GET", "/v1/orders", []string{"Authorization: Bearer " + valid}); status != http.StatusOK {
		t.Fatalf("the token that is attacked with is not valid: %d %s", status, body)
	}
	all := attacks(valid, gone)
	if len(all) < 200 {
		t.Fatalf("only %d attacks", len(all))
	}
	for _, a := range all {
		for _, service := range []api.Service{api.Orders, api.FrontEnd, api.Accounts} {
			target := "/v1/orders"
			if service == api.Accounts {
				target = "/v1/me"
			}
			status, body := c.send(t, service, "GET", target+a.query, a.headers)
			// What is not HTTP does not come as far as a token is looked at.
			if status != http.StatusUnauthorized && (status != http.StatusBadRequest || strings.Contains(body, `"code"`)) {
				t.Errorf("%s at %s: %d %.200s", a.name, service, status, body)
			}
			if strings.Contains(body, valid[8:40]) {
				t.Errorf("%s at %s: the answer repeats the token: %s", a.name, service, body)
			}
		}
	}
	t.Logf("%d attacks at three services", len(all))
	c.wantUntold(t, append([]string{valid}, gone["revoked"], gone["expired by a second"], gone["disabled"], c.root))
}

// wantUntold wants no log to have a part of a secret that would help to guess it.
func (s *store) wantUntold(t *testing.T, secrets []string) {
	t.Helper()
	for service, p := range s.programs {
		said := p.said()
		if !strings.Contains(said, `"request"`) {
			t.Errorf("%s logged no request", service)
		}
		for _, secret := range secrets {
			for at := 4; at+16 <= len(secret); at += 8 {
				if part := secret[at : at+16]; strings.Contains(said, part) {
					t.Errorf("the log of %s has %s", service, part)
				}
			}
		}
	}
}

// Tokens work as the standard has them, too: the name of the scheme may be
// written in any case, and space behind a header is none of it.
func aTokenIsTakenHoweverItsSchemeIsWritten(t *testing.T, c *cast) {
	for _, scheme := range []string{"Bearer", "bearer", "BEARER"} {
		for _, name := range []string{"Authorization", "authorization", "AUTHORIZATION"} {
			status, body := c.send(t, api.Orders, "GET", "/v1/orders", []string{name + ": " + scheme + " " + c.tokens["owner"] + " \t"})
			if status != http.StatusOK {
				t.Errorf("%s: %s: %d %s", name, scheme, status, body)
			}
		}
	}
}
