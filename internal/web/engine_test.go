package web_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestAValueIsAnsweredAsJSON(t *testing.T) {
	server := start(t, web.EngineOptions{}, get("/v", answer(map[string]string{"title": "<Go & C>"}, nil)))

	r := do(t, http.MethodGet, server.URL+"/v", "", nil)
	if r.StatusCode != http.StatusOK || r.body != `{"title":"<Go & C>"}`+"\n" {
		t.Errorf("%d %q", r.StatusCode, r.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Content-Length": strconv.Itoa(len(r.body)), "X-Content-Type-Options": "nosniff",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}

	head := do(t, http.MethodHead, server.URL+"/v", "", nil)
	if head.StatusCode != http.StatusOK || head.body != "" || head.ContentLength != int64(len(r.body)) {
		t.Errorf("HEAD: %d %q, length %d", head.StatusCode, head.body, head.ContentLength)
	}
}

func TestAReplyHasItsStatusAndHeaders(t *testing.T) {
	etag := http.Header{"ETag": {`"1-2"`}}
	server := start(t, web.EngineOptions{},
		get("/created", answer(web.Reply{Status: http.StatusCreated, Header: http.Header{"Location": {"/x"}}, Body: []int{1}}, nil)),
		get("/pointer", answer(&web.Reply{Status: http.StatusAccepted}, nil)),
		get("/same", answer(web.Reply{Status: http.StatusNotModified, Header: etag}, nil)),
		get("/nothing", answer(nil, nil)),
		get("/huge", answer(strings.Repeat("x", 1<<20), nil)),
	)
	for _, test := range []struct {
		path   string
		status int
		body   string
	}{
		{"/created", http.StatusCreated, "[1]\n"},
		{"/pointer", http.StatusAccepted, ""},
		{"/same", http.StatusNotModified, ""},
		{"/nothing", http.StatusNoContent, ""},
		{"/huge", http.StatusOK, `"` + strings.Repeat("x", 1<<20) + "\"\n"},
	} {
		r := do(t, http.MethodGet, server.URL+test.path, "", nil)
		if r.StatusCode != test.status || r.body != test.body {
			t.Errorf("%s: %d with %d bytes", test.path, r.StatusCode, len(r.body))
		}
	}
	if r := do(t, http.MethodGet, server.URL+"/created", "", nil); r.Header.Get("Location") != "/x" {
		t.Errorf("Location %q", r.Header.Get("Location"))
	}
	if r := do(t, http.MethodGet, server.URL+"/same", "", nil); r.Header.Get("ETag") != `"1-2"` {
		t.Errorf("ETag %q", r.Header.Get("ETag"))
	}
}

func TestEveryErrorIsAProblem(t *testing.T) {
	secret := errors.New("password=hunter2")
	handlers := map[string]struct {
		handler web.Handler
		code    api.Code
		retry   string
	}{
		"refusal":  {answer(nil, api.Errorf(api.CodeOutOfStock, "none left")), api.CodeOutOfStock, ""},
		"wrapped":  {answer(nil, fmt.Errorf("buy: %w", api.Errorf(api.CodeConflict, "conflict"))), api.CodeConflict, ""},
		"cause":    {answer(nil, api.Wrap(api.CodeStorageFull, secret, "no room")), api.CodeStorageFull, "1"},
		"foreign":  {answer(nil, secret), api.CodeInternal, ""},
		"deadline": {answer(nil, fmt.Errorf("query: %w", context.DeadlineExceeded)), api.CodeUnavailable, "1"},
		"panic":    {func(*gin.Context) (any, error) { panic(secret) }, api.CodeInternal, ""},
		"disguise": {func(*gin.Context) (any, error) { panic(api.Errorf(api.CodeRetired, "hunter2")) }, api.CodeInternal, ""},
		"encoding": {answer(math.NaN(), nil), api.CodeInternal, ""},
	}
	var routes []web.Route
	for name, h := range handlers {
		routes = append(routes, get("/"+name, h.handler))
	}
	server := start(t, web.EngineOptions{}, routes...)
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			r := do(t, http.MethodGet, server.URL+"/"+name, "", nil)
			r.wants(t, h.code)
			if strings.Contains(r.body, "hunter2") {
				t.Errorf("%s leaks: %s", name, r.body)
			}
			if got := r.Header.Get("Retry-After"); got != h.retry {
				t.Errorf("Retry-After %q, want %q", got, h.retry)
			}
		})
	}
}

func TestAWriteThatWasGivenUpHasAnUnknownOutcome(t *testing.T) {
	server := start(t, web.EngineOptions{}, web.Route{
		Method: http.MethodPut, Path: "/w", Access: api.Anyone, Handler: answer(nil, context.Canceled),
	})
	r := do(t, http.MethodPut, server.URL+"/w", "", nil)
	r.wants(t, api.CodeOutcomeUnknown)
	if r.Header.Get("Retry-After") != "1" {
		t.Error("no Retry-After")
	}
}

func TestPathsMeanOneThing(t *testing.T) {
	server := start(t, web.EngineOptions{},
		get("/v1/books/:book", func(c *gin.Context) (any, error) { return c.Param("book"), nil }),
		get("/v1/books/:book/history", answer("history", nil)),
		web.Route{Method: http.MethodPost, Path: "/v1/books/:book", Access: api.Anyone, Handler: answer("post", nil)},
	)
	for path, want := range map[string]string{
		"/v1/books/7":              `"7"`,
		"/v1/books/7%2Fhistory":    `"7/history"`,
		"/v1/books/caf%c3%a9":      `"café"`,
		"/v1/books/c++%2F%2541":    `"c++/%41"`,
		"/v1/books/100%25":         `"100%"`,
		"/v1/books/7/history":      `"history"`,
		"/v1/books/..%2F..%2Fetc":  `"../../etc"`,
		"/v1/books/a%20b?x=ignore": `"a b"`,
	} {
		if r := do(t, http.MethodGet, server.URL+path, "", nil); r.body != want+"\n" {
			t.Errorf("%s: %d %s, want %s", path, r.StatusCode, r.body, want)
		}
	}
	for _, path := range []string{"/", "/v1/books/7/", "//v1/books/7", "/V1/books/7", "/v1/books/", "/nowhere", "/v1/./books/7"} {
		do(t, http.MethodGet, server.URL+path, "", nil).wants(t, api.CodeNotFound)
	}
	for _, path := range []string{"/v1/books/%00", "/v1/books/%ff"} {
		do(t, http.MethodGet, server.URL+path, "", nil).wants(t, api.CodeInvalid)
	}
	r := do(t, http.MethodDelete, server.URL+"/v1/books/7", "", nil)
	r.wants(t, api.CodeMethod)
	if allow := r.Header.Get("Allow"); allow != "GET, HEAD, POST" {
		t.Errorf("Allow: %q", allow)
	}
}

func TestARequestKeepsItsID(t *testing.T) {
	server := start(t, web.EngineOptions{}, get("/id", func(c *gin.Context) (any, error) { return web.RequestID(c), nil }))
	for given, kept := range map[string]bool{
		"A-z_0.9": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "a b": false, "a\"b": false, "é": false,
	} {
		r := do(t, http.MethodGet, server.URL+"/id", "", func(r *http.Request) { r.Header.Set("X-Request-Id", given) })
		got := r.Header.Get("X-Request-Id")
		if (got == given) != kept || got == "" || r.body != strconv.Quote(got)+"\n" {
			t.Errorf("%q became %q, handler saw %s", given, got, r.body)
		}
	}
	missing := do(t, http.MethodGet, server.URL+"/none", "", func(r *http.Request) { r.Header.Set("X-Request-Id", "mine") })
	if p := missing.wants(t, api.CodeNotFound); p.RequestID != "mine" {
		t.Errorf("problem has request id %q", p.RequestID)
	}
}

func TestTheLogHasALineARequest(t *testing.T) {
	log, logger := newLog()
	server := start(t, web.EngineOptions{Log: logger},
		get("/ok/:x", answer(1, nil)),
		get("/broken", answer(nil, errors.New("disk on fire"))),
		get("/panics", func(*gin.Context) (any, error) { panic("out of cheese") }),
		web.Route{Method: http.MethodPost, Path: "/w", Access: api.Anyone, Handler: answer(nil, api.Wrap(api.CodeConflict, errors.New("row 7"), "no"))},
	)
	for _, request := range []struct{ method, path, level, route, cause string }{
		{http.MethodGet, "/ok/1", "DEBUG", "/ok/:x", ""},
		{http.MethodGet, "/broken", "ERROR", "/broken", "disk on fire"},
		{http.MethodGet, "/panics", "ERROR", "/panics", "panic: out of cheese"},
		{http.MethodPost, "/w", "INFO", "/w", "row 7"},
		{http.MethodGet, "/none", "DEBUG", "", ""},
	} {
		r := do(t, request.method, server.URL+request.path, "", nil)
		lines := log.lines(t, "request")
		line := lines[len(lines)-1]
		for name, want := range map[string]any{
			"method": request.method, "path": request.path, "route": request.route, "level": request.level,
			"status": float64(r.StatusCode), "bytes": float64(len(r.body)), "request_id": r.Header.Get("X-Request-Id"),
		} {
			if line[name] != want {
				t.Errorf("%s: %s is %v, want %v", request.path, name, line[name], want)
			}
		}
		if _, ok := line["duration"].(float64); !ok {
			t.Errorf("%s: duration %v", request.path, line["duration"])
		}
		if cause, _ := line["cause"].(string); cause != request.cause {
			t.Errorf("%s: cause %q, want %q", request.path, cause, request.cause)
		}
	}
	panics := log.lines(t, "panic")
	if len(panics) != 1 || !strings.Contains(fmt.Sprint(panics[0]["stack"]), "engine_test.go") {
		t.Errorf("panics in the log: %v", panics)
	}
}

func TestAnAbortedReplyCutsTheConnection(t *testing.T) {
	server := start(t, web.EngineOptions{}, get("/abort", func(*gin.Context) (any, error) { panic(http.ErrAbortHandler) }))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/abort", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(r); err == nil {
		_ = response.Body.Close()
		t.Errorf("answered with %d", response.StatusCode)
	}
}
