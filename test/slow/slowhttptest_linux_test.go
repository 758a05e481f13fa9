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
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var byTool = flag.Bool("slowhttptest", false, "have slowhttptest (Debian) be slow, with 1,000 connections of each kind, and judge what the others notice; for a machine that is left alone")

const (
	// books is how many there are besides those a store begins with: more than the
	// largest page has.
	books = 2_000
	// alone is how long good clients are measured before the tool comes.
	alone = 10 * time.Second
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

// visit has good clients read a book until done, and gives the median of the
// seconds' 99th percentiles. None of them may fail. They ask again as soon as they
// are answered, so that both processors have work all the time: one that is idle
// falls asleep, and on a virtual machine takes up to 20 ms to wake up, which at a
// gentle pace was most of what was measured.
func visit(t *testing.T, addr string, done <-chan struct{}) (median time.Duration, seconds int) {
	t.Helper()
	var times []time.Duration
	for {
		took := measure(t, addr, time.Second)
		select {
		case <-done:
			if len(times) == 0 {
				t.Fatal("it was over within a second")
			}
			slices.Sort(times)
			return times[len(times)/2], len(times)
		default:
			times = append(times, took)
		}
	}
}

// attackBy runs the tool until it ends, and has good clients at the catalog
// meanwhile.
func attackBy(t *testing.T, catalog, url string, options []string) (median time.Duration) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "slowhttptest", append([]string{
		"-c", "1000", "-r", "1000", "-l", "20", "-p", "5", "-u", url,
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
	median, seconds := visit(t, catalog, done)
	// It says every five seconds, in colours, how many are connected, and how many
	// the server has hung up on.
	most := 0
	for _, found := range regexp.MustCompile(`(?s)connected:\D*[\d;]*m\s*(\d+).*?closed:\D*[\d;]*m\s*(\d+)`).FindAllStringSubmatch(out.String(), -1) {
		connected, _ := strconv.Atoi(found[1])
		closed, _ := strconv.Atoi(found[2])
		most = max(most, connected+closed)
	}
	t.Logf("%d connections, %d s, %s of a processor", most, seconds, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond))
	if most < 990 || seconds < 3 {
		t.Errorf("it was hardly there:\n%s", out.String())
	}
	return median
}

// Somebody else's tool is as slow as it can. An attacker has machines of his own;
// here he shares one with the server and the good clients, and this tool takes most
// of a processor to look at its connections, whoever they are to. So the baseline is
// what good clients of the catalog notice while it is at a bare server: they wait at
// most one and a half of that, in most seconds, while it is at the catalog, and none
// of them fails.
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
			stop := time.AfterFunc(alone, func() { close(done) })
			defer stop.Stop()
			before, _ := visit(t, catalog, done)
			baseline := attackBy(t, catalog, "http://"+other+tool.path, tool.options)
			during := attackBy(t, catalog, "http://"+catalog+tool.path, tool.options)
			times := float64(during) / float64(baseline)
			t.Logf("median of the seconds' p99: %s without it; %s while it is at a bare server; %s while it is at the catalog, %.2f times",
				before, baseline, during, times)
			if times > 1.5 {
				t.Errorf("good clients wait %s, not %s", during, baseline)
			}
		})
	}
}
