package cli_test

import (
	"database/sql"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite" // a test changes a store behind the programs' backs

	"github.com/bazar-store/bazar/pkg/api"
)

// copies is how many there are of the book that everybody wants.
const copies = 20

// As many processes as like may buy from one directory at once: each copy is
// sold once.
func TestManyProcessesSellEachCopyOnce(t *testing.T) {
	env := home(t.TempDir())
	bazar(t, env, "stock", "set", "3", strconv.Itoa(copies))
	rush(t, env, func(int) []string { return env })
	agree(t, env)
}

// The same while a server has the directory open, and half of them call it.
func TestServerAndProcessesSellEachCopyOnce(t *testing.T) {
	env := home(t.TempDir())
	front, err := launch(env, "bazar", append([]string{"serve"}, anyPort()...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer front.kill()
	remote := append(env, "BAZAR_URL="+front.url())
	bazar(t, remote, "stock", "set", "3", strconv.Itoa(copies))
	rush(t, env, func(n int) []string {
		if n%2 == 0 {
			return remote
		}
		return env
	})
	agree(t, env)
	agree(t, remote)
}

// rush has 200 buyers, at most 50 at a time, buy one copy each; those who come
// too late are told so.
func rush(t *testing.T, env []string, way func(n int) []string) {
	t.Helper()
	var sold, refused atomic.Int64
	var buyers sync.WaitGroup
	places := make(chan struct{}, 50)
	for n := range 200 {
		places <- struct{}{}
		buyers.Go(func() {
			defer func() { <-places }()
			switch r := run(t.Context(), way(n), "bazar", "buy", "3", "-q", "--timeout", "60s"); r.exit {
			case 0:
				sold.Add(1)
			case 5:
				refused.Add(1)
			default:
				t.Errorf("exit %d: %s", r.exit, r.stderr)
			}
		})
	}
	buyers.Wait()
	if sold.Load() != copies || refused.Load() != 200-copies {
		t.Errorf("%d sold and %d refused", sold.Load(), refused.Load())
	}
}

// agree checks that stock and orders tell the same, that no order is open, and
// that nothing is left in the journal.
func agree(t *testing.T, env []string) {
	t.Helper()
	var orders []api.Order
	if err := json.Unmarshal([]byte(bazar(t, env, "orders", "list", "--all", "--json")), &orders); err != nil {
		t.Fatal(err)
	}
	sold := int64(0)
	for _, o := range orders {
		switch o.State {
		case api.OrderConfirmed:
			sold += o.Lines[0].Quantity
		case api.OrderPending:
			t.Errorf("order %s is still pending", o.ID)
		}
	}
	stock, err := strconv.ParseInt(bazar(t, env, "info", "3", "--fields", "stock"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if stock < 0 || stock != copies-sold {
		t.Errorf("%d are left of %d, and %d were sold", stock, copies, sold)
	}
	if left := bazar(t, env, "orders", "resume", "-q"); left != "" {
		t.Errorf("the journal still had %s", left)
	}
	bazar(t, env, "audit", "-q")
}

// A buy may be cut off at any moment: resuming settles it, and takes no copy
// that no order has.
func TestKilledPurchasesAreResumed(t *testing.T) {
	env := home(t.TempDir())
	start := time.Now()
	bazar(t, env, "buy", "3", "--dry-run")
	whole := 2 * time.Since(start)
	for range 30 {
		cmd := exec.Command("bazar", "buy", "3")
		cmd.Env = env
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cut := time.AfterFunc(rand.N(whole), func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // killed or not, as it comes
		cut.Stop()
	}
	bazar(t, env, "orders", "resume")
	agree(t, env)
}

// A server that is told to stop ends what it has begun.
func TestServersDrain(t *testing.T) {
	env := home(t.TempDir())
	front, err := launch(env, "bazar", append([]string{"serve"}, anyPort()...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer front.kill()
	bazar(t, env, "serve", "healthcheck", "--admin-addr", front.admin)
	remote := append(env, "BAZAR_URL="+front.url())
	var buyers sync.WaitGroup
	var sold atomic.Int64
	for range 10 {
		buyers.Go(func() {
			if r := run(t.Context(), remote, "bazar", "buy", "3", "--timeout", "2s"); r.exit == 0 {
				sold.Add(1)
			}
		})
	}
	eventually(t, "somebody has bought", func() bool { return sold.Load() > 0 })
	if err := front.stop(); err != nil {
		t.Errorf("%v\n%s", err, front.said())
	}
	buyers.Wait()
	if r := run(t.Context(), env, "bazar", "serve", "healthcheck", "--admin-addr", front.admin); r.exit == 0 {
		t.Error("a stopped server is healthy")
	}
	bazar(t, env, "orders", "resume")
	agree(t, env)
}

func TestServicesSayWhetherTheyAreHealthy(t *testing.T) {
	dir := t.TempDir()
	env := home(dir)
	s, err := launchServices(env, filepath.Join(dir, "services"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	for program, admin := range map[string]string{"catalog": s.catalog.admin, "order": s.order.admin} {
		if r := run(t.Context(), env, program, "healthcheck", "--admin-addr", admin); r.exit != 0 {
			t.Errorf("%s: exit %d: %s", program, r.exit, r.stderr)
		}
		if r := run(t.Context(), env, program, "healthcheck", "--admin-addr", "127.0.0.1:1"); r.exit != 1 {
			t.Errorf("%s, where there is none: exit %d: %s", program, r.exit, r.stderr)
		}
	}
	if err := s.catalog.stop(); err != nil {
		t.Error(err)
	}
	if err := s.order.stop(); err != nil {
		t.Error(err)
	}
}

// Without accounts whoever reaches a server may do anything, so only this
// machine may.
func TestServersRefuseOthersThanThisMachine(t *testing.T) {
	dir := t.TempDir()
	env := home(dir)
	for program, args := range map[string][]string{
		"bazar": {"serve"}, "catalog": {"--db", "sqlite:" + filepath.Join(dir, "c.db")}, "order": {"--db", "sqlite:" + filepath.Join(dir, "o.db")},
	} {
		args = append(args, "--addr", "0.0.0.0:0", "--admin-addr", "127.0.0.1:0")
		r := run(t.Context(), env, program, args...)
		if r.exit == 0 || !strings.Contains(r.stderr, "refusing to serve on 0.0.0.0:0") || !strings.Contains(r.stderr, "--insecure") {
			t.Errorf("%s: exit %d: %s", program, r.exit, r.stderr)
		}
		s, err := launch(env, program, append(args, "--insecure")...)
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(s.said(), "insecure") {
			t.Errorf("%s does not warn: %s", program, s.said())
		}
		if err := s.stop(); err != nil {
			t.Errorf("%s: %v", program, err)
		}
	}
}

// A server behind a port that is published on this machine alone listens to
// all, and still keeps web pages out.
func TestInsecureServersMayAnswerAsLocalhostAlone(t *testing.T) {
	dir := t.TempDir()
	for program, args := range map[string][]string{
		"bazar": {"serve"}, "catalog": {"--db", "sqlite:" + filepath.Join(dir, "c.db")}, "order": {"--db", "sqlite:" + filepath.Join(dir, "o.db")},
	} {
		args = append(args, "--addr", "0.0.0.0:0", "--admin-addr", "127.0.0.1:0", "--insecure", "--localhost-only")
		s, err := launch(home(dir), program, args...)
		if err != nil {
			t.Error(err)
			continue
		}
		_, port, err := net.SplitHostPort(s.addr)
		if err != nil {
			t.Fatal(err)
		}
		for host, forbidden := range map[string]bool{"localhost": false, "127.0.0.1:8080": false, "page.example": true} {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/v1/orders", http.NoBody)
			request.Host, request.RequestURI = host, ""
			reply, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			reply.Body.Close()
			if (reply.StatusCode == http.StatusForbidden) != forbidden {
				t.Errorf("%s answers %s with %s", program, host, reply.Status)
			}
		}
		if !strings.Contains(s.said(), `"level":"WARN"`) {
			t.Errorf("%s does not warn: %s", program, s.said())
		}
		if err := s.stop(); err != nil {
			t.Errorf("%s: %v", program, err)
		}
	}
}

// A store that a newer version has changed is left alone.
func TestNewerStoreIsRefused(t *testing.T) {
	dir := t.TempDir()
	env := home(dir)
	bazar(t, env, "info", "3")
	db, err := sql.Open("sqlite", filepath.Join(dir, "data", "bazar", "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (99999, 1, '2030-01-01')")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r := run(t.Context(), env, "bazar", "buy", "3")
	if r.exit != 1 || !strings.Contains(r.stderr, "newer version of Bazar") {
		t.Errorf("exit %d: %s", r.exit, r.stderr)
	}
}

// Ctrl-C ends a command that waits for its input, without a word.
func TestInterruptedWhileReading(t *testing.T) {
	t.Parallel()
	env := home(t.TempDir())
	for command, begin := range map[string]string{"info": "", "buy": "", "import": "title,price\n"} {
		cmd := exec.Command("bazar", command, "-")
		input, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var errs strings.Builder
		cmd.Env, cmd.Stderr = append(env, "BAZAR_LOG_LEVEL=error"), &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(input, begin+strings.Repeat("\n", 100_000)); err != nil {
			t.Fatal(err) // more than a pipe holds: once it is written, it is being read
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // its exit code tells
		if code := cmd.ProcessState.ExitCode(); code != 130 || errs.Len() > 0 {
			t.Errorf("%s: exit %d: %s", command, code, &errs)
		}
	}
}
