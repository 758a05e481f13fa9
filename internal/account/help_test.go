package account_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/account"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

var long = flag.Bool("long", false, "time 2,000 logins, not 100")

// Properties are checked as often as a short test run allows; -rapid.checks
// asks for more.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "50")
	os.Exit(m.Run())
}

const (
	password = "a room with a view of the sea"
	wrong    = "a sea with a view of the room"
	here     = "192.0.2.1"
)

// clock is time that passes when a test says so.
type clock struct {
	mu sync.Mutex
	at time.Time
}

// newClock begins now: whoever checks a token's expiry has a clock too.
func newClock() *clock { return &clock{at: time.Now().Truncate(time.Second).UTC()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// office is an account service on a clock of its own.
type office struct {
	*account.Service
	*clock

	t    testing.TB
	path string
	log  *bytes.Buffer
	// token is sent along by ask.
	token string
}

// open opens the accounts at a path; registration is open.
func open(t testing.TB, path string, c *clock) *office {
	t.Helper()
	o := &office{clock: c, t: t, path: path, log: &bytes.Buffer{}}
	var err error
	o.Service, err = account.Open(t.Context(), account.Options{
		Database: "sqlite:" + path, Registration: true, Now: c.now,
		Log: slog.New(slog.NewJSONHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return o
}

func newOffice(t testing.TB) *office {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "account.db"), newClock())
}

// add makes an account whose password is password.
func (o *office) add(name string, role api.Role) api.Account {
	o.t.Helper()
	made, err := o.Create(o.t.Context(), api.NewAccount{Name: name, Password: password}, role)
	if err != nil {
		o.t.Fatal(err)
	}
	return made
}

// enter logs in.
func (o *office) enter(name string, scopes ...api.Scope) api.IssuedToken {
	o.t.Helper()
	issued, err := o.Login(o.t.Context(), api.TokenRequest{Account: name, Password: password, Name: "test", Scopes: scopes}, here)
	if err != nil {
		o.t.Fatal(err)
	}
	return issued
}

// guess tries a wrong password.
func (o *office) guess(name, address string) error {
	_, err := o.Login(o.t.Context(), api.TokenRequest{Account: name, Password: wrong, Name: "test"}, address)
	return err
}

func (o *office) active(secret string) bool {
	o.t.Helper()
	who, err := o.Introspect(o.t.Context(), secret)
	if err != nil {
		o.t.Fatal(err)
	}
	return who.Active
}

// reply is what came back over HTTP.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request through the service's routes. Headers are written "Name:
// value"; a "From" is the other end of the connection.
func (o *office) ask(method, path, body string, headers ...string) reply {
	o.t.Helper()
	r := httptest.NewRequestWithContext(o.t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	if o.token != "" {
		r.Header.Set("Authorization", "Bearer "+o.token)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "From" {
			r.RemoteAddr = value
		} else {
			r.Header.Add(name, value)
		}
	}
	w := httptest.NewRecorder()
	o.Handler(web.Door{Identities: true}).ServeHTTP(w, r)
	data, err := io.ReadAll(w.Result().Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return reply{w.Code, w.Header(), string(data)}
}

func (r reply) code(t testing.TB) api.Code {
	t.Helper()
	var problem api.Error
	if err := json.Unmarshal([]byte(r.body), &problem); err != nil {
		t.Fatal(err)
	}
	return problem.Code
}

// wants fails unless err has the code and says every one of the texts.
func wants(t testing.TB, err error, code api.Code, texts ...string) {
	t.Helper()
	if api.CodeOf(err) != code {
		t.Fatalf("error %v (%s), want code %q", err, api.CodeOf(err), code)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

// eventually waits until something holds that should in an instant.
func eventually(t testing.TB, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to that")
		}
	}
}
