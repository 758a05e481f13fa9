package access_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// password is everybody's.
const password = "correct horse battery staple"

// store is a store of four programs, which speak TLS and have accounts.
type store struct {
	dir, certs string
	env        []string
	programs   map[api.Service]*program
	// clients send requests with the certificate of a program, "" without one.
	clients map[string]*http.Client
	root    string // the first admin's token
}

// openStore starts a store; its programs end with the test.
func openStore(t testing.TB) *store {
	t.Helper()
	dir := t.TempDir()
	s := &store{dir: dir, certs: filepath.Join(dir, "certs"), programs: map[api.Service]*program{}, clients: map[string]*http.Client{}}
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "BAZAR_LOG_LEVEL=debug",
		"BAZAR_TLS_CLIENT_CA=" + filepath.Join(s.certs, "ca.pem"), "BAZAR_CA_FILE=" + filepath.Join(s.certs, "ca.pem"),
	}
	run(t, s.env, "", "bazar", "certs", "init", s.certs)
	s.start(t, api.Accounts, "127.0.0.1:0")
	s.start(t, api.Catalog, "127.0.0.1:0")
	s.start(t, api.Orders, "127.0.0.1:0")
	s.start(t, api.FrontEnd, "127.0.0.1:0")
	for _, name := range append(trust.Names(), "") {
		s.clients[name] = s.client(t, name)
	}
	run(t, s.env, password+"\n", "account", "admin", "create", "root", "--db", s.database("account"))
	s.root = s.login(t, "root").Secret
	s.must(t, ask{
		token: s.root, method: http.MethodPut, url: s.url(api.Catalog) + "/v1/books/3/movements/" + api.NewID(), body: `{"delta":100000}`,
	})
	return s
}

func (s *store) database(name string) string { return "sqlite:" + filepath.Join(s.dir, name+".db") }

// url is where a service is.
func (s *store) url(service api.Service) string { return "https://" + s.programs[service].addr }

// start starts a program of the store at an address.
func (s *store) start(t testing.TB, service api.Service, addr string) {
	t.Helper()
	name := string(service)
	env := append([]string{
		"BAZAR_TLS_CERT=" + filepath.Join(s.certs, name+".pem"), "BAZAR_TLS_KEY=" + filepath.Join(s.certs, name+"-key.pem"),
		"BAZAR_DB=" + s.database(name),
	}, s.env...)
	for of, variable := range map[api.Service]string{
		api.Accounts: "BAZAR_ACCOUNT_URL", api.Catalog: "BAZAR_CATALOG_URL", api.Orders: "BAZAR_ORDER_URL",
	} {
		if s.programs[of] != nil && of != service {
			env = append(env, variable+"="+s.url(of))
		}
	}
	args := []string{"--addr", addr, "--admin-addr", "127.0.0.1:0"}
	if service == api.FrontEnd {
		name, args = "bazar", append([]string{"serve"}, args...)
	}
	p, err := launch(env, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	s.programs[service] = p
}

func (s *store) client(t testing.TB, certificate string) *http.Client {
	t.Helper()
	return &http.Client{Transport: &http.Transport{TLSClientConfig: s.tls(t, certificate)}, Timeout: patience}
}

func (s *store) tls(t testing.TB, certificate string) *tls.Config {
	t.Helper()
	caller := trust.Caller{CAFile: filepath.Join(s.certs, "ca.pem")}
	var err error
	if certificate != "" {
		caller.Pair, err = trust.LoadPair(slog.New(slog.DiscardHandler),
			filepath.Join(s.certs, certificate+".pem"), filepath.Join(s.certs, certificate+"-key.pem"))
	}
	config, configErr := caller.Config()
	if err != nil || configErr != nil {
		t.Fatal(err, configErr)
	}
	return config
}

// said is what all programs logged.
func (s *store) said() string {
	var all strings.Builder
	for _, p := range s.programs {
		all.WriteString(p.said())
	}
	return all.String()
}

// ask is a request with all that matters here.
type ask struct {
	certificate, token string
	method, url, body  string
	header             http.Header
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// code is the code of a problem, "" where the answer is none.
func (r reply) code() api.Code {
	var p api.Error
	_ = json.Unmarshal([]byte(r.body), &p) // not every answer is a problem
	return p.Code
}

func (s *store) do(t testing.TB, a ask) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), a.method, a.url, strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range a.header {
		request.Header[name] = values
	}
	request.Header.Set("X-Request-Id", "same")
	if a.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	response, err := s.clients[a.certificate].Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", a.method, a.url, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

// must is do where the answer has to be a good one.
func (s *store) must(t testing.TB, a ask) reply {
	t.Helper()
	r := s.do(t, a)
	if r.status >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %d %s", a.method, a.url, r.status, r.body)
	}
	return r
}

func jsonOf(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// login gives a token with these scopes, or all that the account may have.
func (s *store) login(t testing.TB, name string, scopes ...api.Scope) (issued api.IssuedToken) {
	t.Helper()
	body := jsonOf(t, api.TokenRequest{Account: name, Password: password, Name: "test", Scopes: scopes})
	r := s.must(t, ask{method: http.MethodPost, url: s.url(api.Accounts) + "/v1/tokens", body: body})
	if err := json.Unmarshal([]byte(r.body), &issued); err != nil {
		t.Fatal(err)
	}
	return issued
}

// add makes an account with a role.
func (s *store) add(t testing.TB, name string, role api.Role) {
	t.Helper()
	s.must(t, ask{
		token: s.root, method: http.MethodPost, url: s.url(api.Accounts) + "/v1/accounts",
		body: jsonOf(t, api.NewAccount{Name: name, Password: password}),
	})
	s.edit(t, name, api.AccountEdit{Role: &role})
}

func (s *store) edit(t testing.TB, name string, edit api.AccountEdit) {
	t.Helper()
	s.must(t, ask{token: s.root, method: http.MethodPatch, url: s.url(api.Accounts) + "/v1/accounts/" + name, body: jsonOf(t, edit)})
}

// place places an order of one copy, and gives its id.
func (s *store) place(t testing.TB, token string) string {
	t.Helper()
	id := api.NewID()
	s.must(t, ask{token: token, method: http.MethodPut, url: s.url(api.Orders) + "/v1/orders/" + id, body: oneCopy})
	return id
}

const oneCopy = `{"lines":[{"book_id":3,"quantity":1}]}`

// files gives what stands in all files of the store.
func (s *store) files(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// eventually waits for something that has to come within a time.
func eventually(t testing.TB, within time.Duration, what string, is func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Since(start) > within {
			t.Fatalf("after %s still not: %s", within, what)
		}
		<-tick.C
	}
	return time.Since(start)
}
