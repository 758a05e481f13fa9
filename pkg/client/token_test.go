package client_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// listener is a server that remembers the credentials it was given.
type listener struct {
	*httptest.Server

	mu    sync.Mutex
	heard []string
}

func listen(t *testing.T, answer http.HandlerFunc) *listener {
	t.Helper()
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.heard = append(l.heard, r.Header.Get("Authorization"))
		l.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) got() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard
}

func holder(t *testing.T, token string, c client.Config) *client.Client {
	t.Helper()
	c.Token = func() (string, error) { return token, nil }
	calls, err := client.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

func empty(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }

func TestATokenGoesToTheConfiguredServices(t *testing.T) {
	l := listen(t, empty)
	token := api.NewToken()
	all := []string{l.URL}
	c := holder(t, token, client.Config{Catalog: all, Orders: all, Accounts: all})
	if err := buys(t.Context(), c); err != nil {
		t.Error(err)
	}
	if _, err := c.Me(t.Context()); err != nil {
		t.Error(err)
	}
	if got := l.got(); len(got) != 2 || got[0] != "Bearer "+token || got[1] != got[0] {
		t.Errorf("%q", got)
	}
}

// Wherever a service sends its caller to, no token goes there.
func TestATokenFollowsNoRedirect(t *testing.T) {
	elsewhere := listen(t, empty)
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		l := listen(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL+"/v1/me", status) })
		c := holder(t, api.NewToken(), client.Config{Accounts: []string{l.URL}})
		if _, err := c.Me(t.Context()); api.CodeOf(err) != api.CodeInternal {
			t.Errorf("%d: %v", status, err)
		}
	}
	if got := elsewhere.got(); len(got) != 0 {
		t.Errorf("it was followed: %q", got)
	}
}

// Logging in and registering are done by nobody yet, and what is sent on for
// others goes with what they brought.
func TestSomeCallsTakeNoToken(t *testing.T) {
	l := listen(t, empty)
	c := holder(t, api.NewToken(), client.Config{Accounts: []string{l.URL}})
	if _, err := c.Login(t.Context(), api.TokenRequest{}); err != nil {
		t.Error(err)
	}
	if _, err := c.Register(t.Context(), api.NewAccount{}); err != nil {
		t.Error(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/me", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(api.Accounts, r); err != nil {
		t.Error(err)
	}
	for _, header := range l.got() {
		if header != "" {
			t.Errorf("%q", header)
		}
	}
}

// To another machine a secret goes over TLS or not at all.
func TestSecretsAreNotSentUnencrypted(t *testing.T) {
	token := api.NewToken()
	c := holder(t, token, client.Config{Catalog: []string{"http://192.0.2.1"}, Orders: []string{"http://shop.example"}, Accounts: []string{"http://127.0.0.1.example:8083"}})
	_, noPassword := c.Login(t.Context(), api.TokenRequest{Password: "a room with a view"})
	_, noToken := c.Me(t.Context())
	for _, err := range []error{reads(t.Context(), c), buys(t.Context(), c), noToken, noPassword} {
		wants(t, err, api.CodeInvalid, "unencrypted", "https")
	}
	// Who has no token needs no TLS for it.
	wants(t, reads(t.Context(), holder(t, "", client.Config{Catalog: []string{nobody(t)}})), api.CodeUnavailable)
}
