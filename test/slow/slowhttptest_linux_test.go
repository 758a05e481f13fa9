package slow_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var byTool = flag.Bool("slowhttptest", false, "have slowhttptest (Debian) be slow, with 1,000 connections of each kind, and judge what the others notice; for a machine that is left alone")

const (
	// books is how many there are besides those a store begins with: more than the
	// largest page has.
	books = 2_000
	// pace is how long a good client lets pass from one book to the next. All of
	// them together ask a thousand times a second, a tenth of what two cores answer.
	pace = buyers * time.Millisecond
	// baseline is how long they are measured before the tool comes.
	baseline = 20 * time.Second
)

// bareVariable makes this program a bare server, whose page has so many bytes.
const bareVariable = "SLOW_BARE"

func TestMain(m *testing.M) {
	if page := os.Getenv(bareVariable); page != "" {
		fmt.Fprintln(os.Stderr, serveBare(page))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveBare does the least that a server can within the catalog's limits of time:
// it reads what comes, and answers always the same.
func serveBare(size string) error {
	n, err := strconv.Atoi(size)
	if err != nil {
		return fmt.Errorf("%s: %w", bareVariable, err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	page := bytes.Repeat([]byte("x"), n)
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = w.Write(page)
		}),
	}
	if err := json.NewEncoder(os.Stderr).Encode(map[string]string{"msg": "ready", "addr": listener.Addr().String()}); err != nil {
		return err
	}
	return server.Serve(listener)
}

// tools are the kinds of slow clients that slowhttptest knows, by its options and
// by what they ask for.
func tools() map[string]struct {
	options []string
	path    string
} {
	return map[string]struct {
		options []string
		path    string
	}{
		"slowloris":   {[]string{"-H", "-i", "2", "-t", "GET"}, "/v1/books"},
		"a slow body": {[]string{"-B", "-i", "2", "-s", "60000", "-t", "POST", "-f", "application/json"}, "/v1/books"},
		"a slow read": {[]string{"-X", "-w", "10", "-y", "20", "-n", "1", "-z", "32", "-k", "10"}, "/v1/books?limit=1000"},
	}
}

// fill gives a catalog more books than a page has.
func fill(t *testing.T, addr string) {
	t.Helper()
	const part = 1_000
	for first := 0; first < books; first += part {
		rows := make([]string, part)
		for i := range rows {
			n := first + i
			rows[i] = fmt.Sprintf(`{"line":%d,"title":"The book of volume %d","authors":["Given%d Surname%d"],"topics":["topic-%d"],
				"publisher":"Publisher %d","year":2001,"language":"en","price":{"amount":%d,"currency":"USD"},"stock":100}`,
				n+2, n, n%500, n%400, n%40, n%300, 500+n)
		}
		ask(t, http.MethodPost, "http://"+addr+"/v1/imports",
			`{"id":"0b5f0f0e-5d6e-4d0e-9a53-6d9f2b1c7a01","source":"many","rows":[`+strings.Join(rows, ",")+`]}`)
	}
}

func ask(t *testing.T, method, url, body string) (answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v: %.500s", method, url, response.Status, err, answer)
	}
	return answer
}

// visit has good clients read a book at a fixed pace until done, and gives how
// long each reading took, second by second. None of them may fail.
//
// An attacker has machines of his own; here he, the server and the good clients
// share one. Clients who ask again as soon as they are answered would want all of
// it, and find out only who else does. They would ask less often when they wait,
// too. At a fixed pace, and with time that runs from the moment when each should
// have asked, one long wait counts for all whom it holds up.
func visit(t *testing.T, addr string, done <-chan struct{}) (seconds [][]time.Duration) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: buyers}, Timeout: patience}
	defer client.CloseIdleConnections()
	times := make([][]time.Duration, buyers)
	start := time.Now()
	var all sync.WaitGroup
	for i := range buyers {
		all.Go(func() {
			for due := range dues(start.Add(pace/buyers*time.Duration(i)), done) {
				if _, err := read(t.Context(), client, "http://"+addr+"/v1/books/3"); err != nil {
					t.Errorf("a good client: %v", err)
					return
				}
				times[i] = append(times[i], time.Since(due))
			}
		})
	}
	all.Wait()
	const perSecond = int(time.Second / pace)
	for n := 0; n < len(times[0]); n += perSecond {
		var second []time.Duration
		for _, own := range times {
			second = append(second, own[min(n, len(own)):min(n+perSecond, len(own))]...)
		}
		seconds = append(seconds, second)
	}
	return seconds
}

// dues yields each moment when a good client should ask, when it has come, until
// done. Go's timers are late by up to a millisecond; the system's are not.
func dues(due time.Time, done <-chan struct{}) func(yield func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for ; ; due = due.Add(pace) {
			if rest := time.Until(due); rest > 0 {
				span := syscall.NsecToTimespec(rest.Nanoseconds())
				_ = syscall.Nanosleep(&span, nil) // a signal ends it early, which harms nothing
			}
			select {
			case <-done:
				return
			default:
			}
			if !yield(due) {
				return
			}
		}
	}
}

// p99 is the 99th percentile of all readings, and the median of the seconds'.
func p99(seconds [][]time.Duration) (all, median time.Duration) {
	percentile := func(times []time.Duration) time.Duration {
		slices.Sort(times)
		return times[len(times)*99/100]
	}
	each := make([]time.Duration, len(seconds))
	for i, second := range seconds {
		each[i] = percentile(slices.Clone(second))
	}
	slices.Sort(each)
	return percentile(slices.Concat(seconds...)), each[len(each)/2]
}

// attackBy runs the tool until it ends, and has good clients at the catalog
// meanwhile. The tool gets what the others leave of the processors: it would have
// some of its own.
func attackBy(t *testing.T, catalog, url string, options []string) (seconds [][]time.Duration) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "chrt", append([]string{
		"--idle", "0", "slowhttptest", "-c", "1000", "-r", "1000", "-l", "20", "-p", "5", "-u", url,
	}, options...)...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // its exit code says nothing
	}()
	seconds = visit(t, catalog, done)
	// It says every five seconds, in colours, how many are connected, and how many
	// the server has hung up on.
	most := 0
	for _, found := range regexp.MustCompile(`(?s)connected:\D*[\d;]*m\s*(\d+).*?closed:\D*[\d;]*m\s*(\d+)`).FindAllStringSubmatch(out.String(), -1) {
		connected, _ := strconv.Atoi(found[1])
		closed, _ := strconv.Atoi(found[2])
		most = max(most, connected+closed)
	}
	t.Logf("%d connections, %d s, %s of a processor", most, len(seconds), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond))
	if most < 990 || len(seconds) < 3 {
		t.Errorf("it was hardly there:\n%s", out.String())
	}
	return seconds
}

// Somebody else's tool is as slow as it can; the good clients' 99th percentile
// is at most one and a half of what it was before, in most seconds while it runs,
// and none of them fails. What it takes from them just by being on their machine shows when it
// turns to a bare server instead.
func TestSlowhttptestKeepsNobodyWaiting(t *testing.T) {
	if !*byTool {
		t.Skip("for -slowhttptest")
	}
	for name, tool := range tools() {
		t.Run(name, func(t *testing.T) {
			catalog := serve(t)
			fill(t, catalog)
			page := ask(t, http.MethodGet, "http://"+catalog+"/v1/books?limit=1000", "")
			bare := exec.Command(os.Args[0])
			bare.Env = []string{bareVariable + "=" + strconv.Itoa(len(page))}
			other := launch(t, bare)

			done := make(chan struct{})
			stop := time.AfterFunc(baseline, func() { close(done) })
			defer stop.Stop()
			before, beforeMedian := p99(visit(t, catalog, done))
			elsewhere, elsewhereMedian := p99(attackBy(t, catalog, "http://"+other+tool.path, tool.options))
			during, duringMedian := p99(attackBy(t, catalog, "http://"+catalog+tool.path, tool.options))

			times := func(d, before time.Duration) float64 { return float64(d) / float64(before) }
			t.Logf("p99 %s before; %s (%.2f times) while a bare server has it; %s (%.2f times) while the catalog has it",
				before, elsewhere, times(elsewhere, before), during, times(during, before))
			t.Logf("median of the seconds' p99: %s; %s (%.2f times); %s (%.2f times)", beforeMedian,
				elsewhereMedian, times(elsewhereMedian, beforeMedian), duringMedian, times(duringMedian, beforeMedian))
			if duringMedian > beforeMedian*3/2 {
				t.Errorf("good clients wait %s, not %s", duringMedian, beforeMedian)
			}
		})
	}
}
