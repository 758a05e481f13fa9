package web_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

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

// idle asks for a large answer, and does not read it.
func idle(t *testing.T, url, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(1 << 10) // or the system reads for it
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
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
		slow = append(slow, idle(t, url, "/large"))
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
	conn := idle(t, url, "/large")
	line := log.await(t, "request") // once there is nobody to write to any more
	if took, _ := line["duration"].(float64); time.Duration(took) > 15*time.Second {
		t.Errorf("after %s", time.Duration(took))
	}
	_ = conn.SetReadDeadline(time.Now().Add(15 * time.Second))
	if got, _ := io.Copy(io.Discard, conn); got >= manyBytes {
		t.Errorf("it had all %d bytes", got)
	}
}

// asker is a server whose lists wait for the test, and count who has come to them.
type asker struct {
	engine *gin.Engine
	come   atomic.Int64
	more   chan struct{}
}

func newAsker() *asker {
	a := &asker{more: make(chan struct{})}
	a.engine = web.NewEngine(web.EngineOptions{Log: slog.New(slog.DiscardHandler)}, []web.Route{
		get("/list", func(*gin.Context) (any, error) {
			a.come.Add(1)
			<-a.more
			return "a page", nil
		}),
		get("/one", answer("one", nil)),
	})
	return a
}

// ask sends a request, and gives its status once it is answered.
func (a *asker) ask(ctx context.Context, path string) <-chan int {
	status := make(chan int, 1)
	go func() {
		w := httptest.NewRecorder()
		a.engine.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, http.NoBody))
		status <- w.Code
	}()
	return status
}

// A flood of those who ask for much takes half of the cores, and a queue that
// ends; who asks for little does not notice.
func TestWhoAsksForMuchWaitsForATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many, queue = 1_000, 64
		a, atOnce := newAsker(), max(1, runtime.GOMAXPROCS(0)/2)
		var answers []<-chan int
		for range many {
			answers = append(answers, a.ask(t.Context(), "/list?limit=1000"))
		}
		synctest.Wait()
		if come := int(a.come.Load()); come != atOnce {
			t.Errorf("%d are made ready at once, not %d", come, atOnce)
		}
		if status := <-a.ask(t.Context(), "/one"); status != http.StatusOK {
			t.Errorf("who asks for one: %d", status)
		}
		few := a.ask(t.Context(), "/list?limit=100")
		synctest.Wait()
		if come := int(a.come.Load()); come != atOnce+1 {
			t.Errorf("who asks for few waits for those who ask for much")
		}
		close(a.more)
		statuses := map[int]int{<-few: 1}
		for _, answer := range answers {
			statuses[<-answer]++
		}
		if statuses[http.StatusOK] != atOnce+queue+1 || statuses[http.StatusServiceUnavailable] != many-atOnce-queue {
			t.Errorf("%v", statuses)
		}
	})
}

func TestWhoLeavesGivesUpTheTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsker()
		var working []<-chan int
		for range max(1, runtime.GOMAXPROCS(0)/2) {
			working = append(working, a.ask(t.Context(), "/list?limit=1000"))
		}
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		left := a.ask(ctx, "/list?limit=1000")
		synctest.Wait()
		next := a.ask(t.Context(), "/list?limit=1000")
		synctest.Wait()
		leave()
		synctest.Wait()
		select {
		case status := <-left:
			if status != http.StatusServiceUnavailable {
				t.Errorf("who left: %d", status)
			}
		default:
			t.Error("who left waits on")
		}
		close(a.more)
		for _, answer := range append(working, next) {
			if status := <-answer; status != http.StatusOK {
				t.Errorf("who stayed: %d", status)
			}
		}
		if come := int(a.come.Load()); come != len(working)+1 {
			t.Errorf("%d were worked for, not %d", come, len(working)+1)
		}
	})
}

// Slow readers keep answers, but no turn; and while they keep as many as there may
// be, none is made ready only to be refused.
func TestNoLargeAnswerIsMadeInVain(t *testing.T) {
	var made atomic.Int64
	whole := strings.Repeat("x", manyBytes)
	server := start(t, web.EngineOptions{}, get("/large", func(*gin.Context) (any, error) {
		made.Add(1)
		return whole, nil
	}))
	const path = "/large?limit=1000"
	for made.Load() < 20 && do(t, http.MethodGet, server.URL+path, "", nil).StatusCode == http.StatusOK {
		idle(t, server.URL, path)
	}
	before := made.Load()
	for range 100 {
		do(t, http.MethodGet, server.URL+path, "", nil).wants(t, api.CodeUnavailable)
	}
	if now := made.Load(); now != before {
		t.Errorf("%d were made in vain", now-before)
	}
}
