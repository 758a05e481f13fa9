package web_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// anywhere is free loopback addresses.
func anywhere() web.Settings {
	return web.Settings{Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", LogLevel: "debug"}
}

// running is a server started by Serve.
type running struct {
	log        *journal
	url, admin string
	stop       context.CancelFunc
	done       chan error
}

func serving(t *testing.T, s web.Settings, svc web.Service, drain time.Duration) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log, logger := newLog()
	r := &running{log: log, stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- web.ServeWithin(ctx, logger, s, svc, drain) }()
	ready := log.await(t, "ready")
	r.url, r.admin = fmt.Sprint("http://", ready["addr"]), fmt.Sprint("http://", ready["admin_addr"])
	return r
}

func engine(routes ...web.Route) http.Handler {
	return web.NewEngine(web.EngineOptions{Log: slog.New(slog.DiscardHandler)}, routes)
}

// events remembers what happened, in order.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) add(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, name)
}

func TestAServerStopsInOrder(t *testing.T) {
	var happened events
	entered, release := make(chan struct{}), make(chan struct{})
	r := serving(t, anywhere(), web.Service{
		Name: "test",
		Handler: engine(get("/slow", func(c *gin.Context) (any, error) {
			close(entered)
			<-release
			happened.add("answered")
			return "done", c.Request.Context().Err()
		})),
		Run: func(ctx context.Context) error {
			<-ctx.Done()
			happened.add("run ended")
			return ctx.Err()
		},
		Close: func() error {
			happened.add("closed")
			return nil
		},
	}, time.Minute)

	for _, path := range []string{"/healthz", "/readyz"} {
		if got := do(t, http.MethodGet, r.admin+path, "", nil); got.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
	}
	slow := make(chan reply, 1)
	go func() { slow <- do(t, http.MethodGet, r.url+"/slow", "", nil) }()
	<-entered
	r.stop()
	r.log.await(t, "stopping")

	do(t, http.MethodGet, r.admin+"/readyz", "", nil).wants(t, api.CodeUnavailable)
	if got := do(t, http.MethodGet, r.admin+"/healthz", "", nil); got.StatusCode != http.StatusOK {
		t.Errorf("/healthz while stopping: %d", got.StatusCode)
	}
	for reachable(t, r.url) {
	}
	close(release)
	if got := <-slow; got.body != "\"done\"\n" {
		t.Errorf("the request under way got %d %s", got.StatusCode, got.body)
	}
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	if want := []string{"answered", "run ended", "closed"}; !slices.Equal(happened.list, want) {
		t.Errorf("%v, want %v", happened.list, want)
	}
	if reachable(t, r.admin) {
		t.Error("the admin address still answers")
	}
}

func reachable(t *testing.T, url string) bool {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func TestARequestThatDoesNotEndIsCutOff(t *testing.T) {
	entered := make(chan struct{})
	r := serving(t, anywhere(), web.Service{
		Handler: engine(get("/endless", func(c *gin.Context) (any, error) {
			close(entered)
			<-c.Request.Context().Done()
			return nil, c.Request.Context().Err()
		})),
	}, time.Millisecond)
	cut := make(chan error, 1)
	go func() {
		request, _ := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, r.url+"/endless", http.NoBody)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		cut <- err
	}()
	<-entered
	r.stop()
	if err := <-r.done; err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("Serve: %v", err)
	}
	if err := <-cut; err == nil {
		t.Error("the request was answered")
	}
}

func TestAServerSaysWhyItIsNotReady(t *testing.T) {
	r := serving(t, anywhere(), web.Service{
		Handler: engine(),
		Ready: func(ctx context.Context) error {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("Ready may take for ever")
			}
			return errors.New("no such table: books")
		},
	}, time.Minute)
	got := do(t, http.MethodGet, r.admin+"/readyz", "", nil)
	got.wants(t, api.CodeUnavailable)
	if strings.Contains(got.body, "books") || !strings.Contains(r.log.String(), "no such table: books") {
		t.Errorf("reply %s, log %s", got.body, r.log)
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

func TestTheFirstErrorEndsAServer(t *testing.T) {
	broken, unclosed := errors.New("recovery is broken"), errors.New("cannot close")
	closed := false
	closing := func() error { closed = true; return unclosed }
	_, logger := newLog()

	err := web.Serve(t.Context(), logger, anywhere(), web.Service{
		Handler: engine(), Close: closing, Run: func(context.Context) error { return broken },
	})
	if !errors.Is(err, broken) || !closed {
		t.Errorf("%v, closed %v", err, closed)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = web.Serve(ctx, logger, anywhere(), web.Service{Handler: engine(), Close: closing})
	if !errors.Is(err, unclosed) {
		t.Errorf("Close's error: %v", err)
	}
}

func TestWorkThatDoesNotEndIsLeftBehind(t *testing.T) {
	leave := make(chan struct{})
	defer close(leave)
	r := serving(t, anywhere(), web.Service{Handler: engine(), Run: func(context.Context) error {
		<-leave
		return nil
	}}, time.Millisecond)
	r.stop()
	if err := <-r.done; err == nil || !strings.Contains(err.Error(), "background") {
		t.Errorf("Serve: %v", err)
	}
}

func TestReadyIsSaidOnlyWhenBothAddressesAreBound(t *testing.T) {
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, s := range []web.Settings{
		{Addr: taken.Addr().String(), AdminAddr: "127.0.0.1:0"},
		{Addr: "127.0.0.1:0", AdminAddr: taken.Addr().String()},
	} {
		log, logger := newLog()
		closed := false
		err := web.Serve(t.Context(), logger, s, web.Service{Handler: engine(), Close: func() error { closed = true; return nil }})
		if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) || !closed {
			t.Errorf("%+v: %v, closed %v", s, err, closed)
		}
		if len(log.lines(t, "ready")) != 0 {
			t.Errorf("%+v: said ready", s)
		}
	}
}

func TestWithoutAccountsAServerStaysOnThisMachine(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "bazar.example:0"} {
		s := anywhere()
		s.Addr = addr
		log, logger := newLog()
		err := web.Serve(t.Context(), logger, s, web.Service{Handler: engine()})
		if api.CodeOf(err) != api.CodeForbidden || len(log.lines(t, "ready")) != 0 {
			t.Errorf("%s: %v", addr, err)
		}
	}
	local := serving(t, anywhere(), web.Service{Handler: engine()}, time.Minute)
	if !strings.Contains(local.log.String(), `everyone on this machine is \"local\"`) {
		t.Errorf("log: %s", local.log)
	}
	insecure := anywhere()
	insecure.Addr, insecure.Insecure = "0.0.0.0:0", true
	exposed := serving(t, insecure, web.Service{Handler: engine()}, time.Minute)
	if !strings.Contains(exposed.log.String(), `"level":"WARN"`) {
		t.Errorf("log: %s", exposed.log)
	}
	for _, r := range []*running{local, exposed} {
		r.stop()
		if err := <-r.done; err != nil {
			t.Error(err)
		}
	}
}

func TestAClientCannotHoldAServer(t *testing.T) {
	_, logger := newLog()
	server := web.NewServer(t.Context(), logger, engine())
	if server.ReadHeaderTimeout != 5*time.Second || server.ReadTimeout != 30*time.Second ||
		server.WriteTimeout != time.Minute || server.IdleTimeout != 2*time.Minute {
		t.Errorf("timeouts: %+v", server)
	}
	r := serving(t, anywhere(), web.Service{Handler: engine(get("/", answer(1, nil)))}, time.Minute)
	got := do(t, http.MethodGet, r.url+"/", "", func(r *http.Request) { r.Header.Set("X-Big", strings.Repeat("x", 32<<10)) })
	if got.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("32 KiB of headers: %d", got.StatusCode)
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}
