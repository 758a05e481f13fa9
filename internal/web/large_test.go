package web_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// manyBytes are more than the system takes off a server's hands.
const manyBytes = 12 << 20

// large serves an answer of many bytes at /large, and one of few at /, and logs
// each request.
func large(t *testing.T) (url string, log *journal) {
	t.Helper()
	whole := strings.Repeat("x", manyBytes)
	log, logger := newLog()
	server := httptest.NewServer(web.NewEngine(web.EngineOptions{Log: logger}, []web.Route{
		get("/large", answer(whole, nil)),
		{Method: http.MethodPost, Path: "/large", Handler: answer(whole, nil), Access: api.Anyone},
		get("/", answer("few", nil)),
	}))
	t.Cleanup(server.Close)
	return server.URL, log
}

// idle asks for the large answer, and does not read it.
func idle(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(1 << 10) // or the system reads for it
	if _, err := io.WriteString(conn, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// Answers are kept until they are read. Readers who take their time fill no
// server's memory with them, and keep nobody from small ones, nor from knowing
// what a write did.
func TestLargeAnswersThatNobodyReadsAreFew(t *testing.T) {
	url, _ := large(t)
	var slow []net.Conn
	status := func(method, path string) int {
		got := do(t, method, url+path, "", nil)
		return got.StatusCode
	}
	for status(http.MethodGet, "/large") == http.StatusOK {
		if len(slow) == 20 {
			t.Fatal("so many answers are kept, and it goes on")
		}
		slow = append(slow, idle(t, url))
	}
	if got := do(t, http.MethodGet, url+"/large", "", nil); got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %d %v", got.StatusCode, got.Header)
	}
	for _, c := range []struct{ method, path string }{{http.MethodGet, "/"}, {http.MethodHead, "/large"}, {http.MethodPost, "/large"}} {
		if got := status(c.method, c.path); got != http.StatusOK {
			t.Errorf("%s %s: %d", c.method, c.path, got)
		}
	}
	for _, conn := range slow {
		_ = conn.Close()
	}
	for deadline := time.Now().Add(10 * time.Second); status(http.MethodGet, "/large") != http.StatusOK; {
		if time.Now().After(deadline) {
			t.Fatal("they are gone, and still count")
		}
	}
}

// A large answer has a minute, like any other; but only for who goes on reading.
func TestWhoStopsReadingALargeAnswerIsHungUpOn(t *testing.T) {
	t.Parallel()
	url, log := large(t)
	conn := idle(t, url)
	line := log.await(t, "request") // once there is nobody to write to any more
	if took, _ := line["duration"].(float64); time.Duration(took) > 15*time.Second {
		t.Errorf("after %s", time.Duration(took))
	}
	_ = conn.SetReadDeadline(time.Now().Add(15 * time.Second))
	if got, _ := io.Copy(io.Discard, conn); got >= manyBytes {
		t.Errorf("it had all %d bytes", got)
	}
}
