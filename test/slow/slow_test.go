// Package slow shows that clients who are slow, on purpose or not, keep nobody
// else waiting: those who send headers byte by byte, or a body, or read their
// answer so.
package slow_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var long = flag.Bool("long", false, "1,000 slow clients of each kind, and judge what the others notice; for a machine that is left alone")

const (
	patience = 30 * time.Second
	buyers   = 8
	// dribble is how long a slow client waits before each byte.
	dribble = time.Second
	// header is how long a server waits for a request's headers, and a moment.
	header = 7 * time.Second
)

// amount is how many slow clients there are, and for how long the others are
// measured.
func amount() (clients int, length time.Duration) {
	if *long {
		return 1_000, time.Second
	}
	return 200, time.Second
}

// serve starts the catalog on a free port of this machine.
func serve(t *testing.T) (addr string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "catalog")
	if out, err := exec.Command("go", "build", "-tags", "nomsgpack", "-o", program, "../../cmd/catalog").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program, "--addr", "127.0.0.1:0", "--admin-addr", "", "--db", "sqlite:"+filepath.Join(dir, "catalog.db"))
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + os.TempDir()}
	return launch(t, cmd)
}

// launch starts a server, and gives the address that its log has when it is ready.
func launch(t *testing.T, cmd *exec.Cmd) (addr string) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			var line struct{ Msg, Addr string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
				ready <- line.Addr
			}
		}
		_ = cmd.Wait() // it is killed
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	select {
	case addr := <-ready:
		return addr
	case <-time.After(patience):
		t.Fatalf("%s is not ready", cmd.Path)
		return ""
	}
}

// measure has good clients read a book for a time, and gives the 99th percentile
// of how long that takes. None of them may fail.
func measure(t *testing.T, addr string, length time.Duration) time.Duration {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: buyers}, Timeout: patience}
	defer client.CloseIdleConnections()
	times := make([][]time.Duration, buyers)
	var all sync.WaitGroup
	for i := range buyers {
		all.Go(func() {
			for start := time.Now(); time.Since(start) < length; {
				took, err := read(t.Context(), client, "http://"+addr+"/v1/books/3")
				if err != nil {
					t.Errorf("a good client: %v", err)
					return
				}
				times[i] = append(times[i], took)
			}
		})
	}
	all.Wait()
	sorted := slices.Sorted(slices.Values(slices.Concat(times...)))
	if len(sorted) < 100 {
		t.Fatalf("only %d answers", len(sorted))
	}
	return sorted[len(sorted)*99/100]
}

func read(ctx context.Context, client *http.Client, url string) (time.Duration, error) {
	start := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %w", response.Status, err)
	}
	return time.Since(start), nil
}

// attack is a kind of slow client: what it sends at once, what it goes on to send
// byte by byte, and whether it reads, byte by byte too.
type attack struct {
	name, first, rest string
	reads             bool
	// ends is how soon a server hangs up on it; 0 for as long as it likes.
	ends time.Duration
}

func attacks() []attack {
	filler := make([]byte, 1<<10)
	for i := range filler {
		filler[i] = 'x'
	}
	return []attack{
		{
			name: "headers byte by byte", first: "GET /v1/books/3 HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", rest: string(filler), ends: header,
		},
		{
			name: "a body byte by byte", rest: string(filler),
			first: "POST /v1/books HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{",
		},
		{
			// One answer would go into the system's buffers whole; so many do not.
			name: "answers byte by byte", first: strings.Repeat("GET /v1/books?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n", 16), reads: true,
		},
	}
}

// crowd are slow clients, until they are told to stop.
type crowd struct {
	all             sync.WaitGroup
	begun, hungUpOn atomic.Int64
}

func (a attack) launch(ctx context.Context, t *testing.T, addr string, n int) *crowd {
	t.Helper()
	c := &crowd{}
	for range n {
		conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c.all.Go(func() {
			defer conn.Close()
			a.dribble(ctx, c, conn)
		})
	}
	return c
}

func (a attack) dribble(ctx context.Context, c *crowd, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if tcp, ok := conn.(*net.TCPConn); ok && a.reads {
		_ = tcp.SetReadBuffer(1 << 10) // or the system reads for it
	}
	if _, err := io.WriteString(conn, a.first); err != nil {
		return
	}
	c.begun.Add(1)
	tick := time.NewTicker(dribble)
	defer tick.Stop()
	one := make([]byte, 1)
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var err error
		if a.reads {
			_, err = conn.Read(one)
		} else {
			_, err = io.WriteString(conn, a.rest[i%len(a.rest):][:1])
		}
		if err != nil && ctx.Err() == nil {
			c.hungUpOn.Add(1)
			return
		}
	}
}

// settled measures until three times in a row it is not above one and a half of
// what was before: that many who come at once are work, however slow they are
// then, and it has to be over. One good time among bad ones is luck.
func settled(before time.Duration, measure func() time.Duration) (during time.Duration, calm bool) {
	inARow := 0
	for range 20 {
		if during = measure(); during > before*3/2 {
			inARow = 0
		} else if inARow++; inARow == 3 {
			return during, true
		}
	}
	return during, false
}

func TestOneGoodTimeAmongBadOnesIsNotCalm(t *testing.T) {
	for name, c := range map[string]struct {
		times []time.Duration // in turn, again and again
		calm  bool
	}{
		"as before":         {[]time.Duration{10, 15, 9}, true},
		"one in three":      {[]time.Duration{16, 16, 10}, false},
		"two in three":      {[]time.Duration{10, 10, 16}, false},
		"always":            {[]time.Duration{16}, false},
		"better in the end": {[]time.Duration{90, 80, 70, 60, 50, 40, 30, 10, 10, 10}, true},
	} {
		turn := 0
		_, calm := settled(10, func() time.Duration {
			turn++
			return c.times[(turn-1)%len(c.times)]
		})
		if calm != c.calm {
			t.Errorf("%s: calm is %t", name, calm)
		}
	}
}

func TestSlowClientsKeepNobodyWaiting(t *testing.T) {
	addr := serve(t)
	clients, length := amount()
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			before := measure(t, addr, length)
			ctx, stop := context.WithCancel(t.Context())
			start, c := time.Now(), a.launch(ctx, t, addr, clients)
			during := measure(t, addr, length)
			calm := true
			if *long {
				during, calm = settled(before, func() time.Duration { return measure(t, addr, length) })
			}
			t.Logf("%d slow clients: p99 %s before, %s during, %.2f times", c.begun.Load(), before, during, float64(during)/float64(before))
			if c.begun.Load() != int64(clients) {
				t.Errorf("only %d of %d slow clients were there", c.begun.Load(), clients)
			}
			if !calm {
				t.Errorf("good clients wait %s, not %s, and it does not get better", during, before)
			}
			for a.ends > 0 && c.hungUpOn.Load() < int64(clients) {
				if time.Since(start) > a.ends+patience {
					t.Fatalf("after %s only %d of %d were hung up on", time.Since(start), c.hungUpOn.Load(), clients)
				}
				measure(t, addr, length/4)
			}
			stop()
			c.all.Wait()
		})
	}
}
