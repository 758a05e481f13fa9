package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// journal is a log that goroutines write and a test reads.
type journal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown *sync.Cond
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.grown.Broadcast()
	return j.text.Write(p)
}

// await blocks until the log has a line with the message, and gives it.
func (j *journal) await(t *testing.T, message string) map[string]any {
	t.Helper()
	j.mu.Lock()
	for !strings.Contains(j.text.String(), `"msg":"`+message+`"`) {
		j.grown.Wait()
	}
	j.mu.Unlock()
	return j.lines(t, message)[0]
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// lines gives the log's lines with the message, decoded.
func (j *journal) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(j.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if entry["msg"] == message {
			found = append(found, entry)
		}
	}
	return found
}

func newLog() (*journal, *slog.Logger) {
	j := new(journal)
	j.grown = sync.NewCond(&j.mu)
	return j, slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// start serves routes on a real socket.
func start(t *testing.T, o web.EngineOptions, routes ...web.Route) *httptest.Server {
	t.Helper()
	if o.Log == nil {
		_, o.Log = newLog()
	}
	server := httptest.NewServer(web.NewEngine(o, routes))
	t.Cleanup(server.Close)
	return server
}

func get(path string, h web.Handler) web.Route {
	return web.Route{Method: http.MethodGet, Path: path, Access: api.Anyone, Handler: h}
}

func answer(value any, err error) web.Handler {
	return func(*gin.Context) (any, error) { return value, err }
}

type reply struct {
	*http.Response
	body string
}

// do sends a request; change may be nil.
func do(t *testing.T, method, url, body string, change func(*http.Request)) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response, string(data)}
}

// problem checks that the reply is a well-formed problem document and gives it.
func (r reply) problem(t *testing.T) api.Error {
	t.Helper()
	var p api.Error
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatalf("%d %q is no problem document: %v", r.StatusCode, r.body, err)
	}
	if kind := r.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("Content-Type %q", kind)
	}
	if p.Status != r.StatusCode || p.Status != p.Code.Status() {
		t.Errorf("status %d, in the document %d, of code %s %d", r.StatusCode, p.Status, p.Code, p.Code.Status())
	}
	if p.RequestID == "" || p.RequestID != r.Header.Get("X-Request-Id") {
		t.Errorf("request id %q, on the header %q", p.RequestID, r.Header.Get("X-Request-Id"))
	}
	if p.Detail == "" {
		t.Error("the problem says nothing")
	}
	return p
}

func (r reply) wants(t *testing.T, code api.Code) api.Error {
	t.Helper()
	p := r.problem(t)
	if p.Code != code {
		t.Errorf("code %s (%s), want %s", p.Code, p.Detail, code)
	}
	return p
}

// inMemory sends a request past the sockets and gives the status.
func inMemory(h http.Handler, method, path, body string) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	h.ServeHTTP(w, r)
	return w.Code
}
