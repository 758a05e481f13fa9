package cli_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// told is a row of the table in docs/protocol.md.
type told struct{ name, status, code, says, exit string }

// toldTable reads the table, which is the one with five columns.
func toldTable(t *testing.T) (rows []told) {
	t.Helper()
	text, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 5 || !strings.HasPrefix(line, "| ") {
			continue
		}
		row := told{strings.TrimPrefix(cells[0], "| "), cells[1], strings.Trim(cells[2], "`"), cells[3], strings.TrimSuffix(cells[4], " |")}
		if row.name != "case" {
			rows = append(rows, row)
		}
	}
	return rows
}

// Each row of the table is played twice, under an id of its own each time: over
// HTTP and by the command. A row that nobody plays fails, and so does a play
// without a row.
func TestTheBuyerIsToldWhatTheTableSays(t *testing.T) {
	plays, rows := plays(), toldTable(t)
	for _, row := range rows {
		p, known := plays[row.name]
		if !known {
			t.Errorf("no test plays %q", row.name)
			continue
		}
		delete(plays, row.name)
		p.cancel = strings.HasPrefix(row.name, "cancel: ")
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if !p.unsent {
				t.Run("over HTTP", func(t *testing.T) { p.overHTTP(t, row) })
			}
			t.Run("by command", func(t *testing.T) { p.byCommand(t, row) })
		})
	}
	if len(plays) > 0 || len(rows) < 20 {
		t.Errorf("of %d rows none is for %v", len(rows), slices.Sorted(maps.Keys(plays)))
	}
}

// play is how a row comes about.
type play struct {
	// before is what happened under the id; it may also break the counter.
	before func(c *counter, id string)
	lines  []api.LineRequest
	// small says whose disk is so small that it can be filled: the program.
	small  string
	cancel bool
	// unsent says that there is nothing to see over HTTP.
	unsent bool
	// prompt says that the caller over HTTP waits no longer than quick.
	prompt bool
	// interrupted is how many requests arrive before who asks leaves; 0 for who
	// does not.
	interrupted int64
}

func (p *play) set(t *testing.T) (*counter, string) {
	t.Helper()
	c, id := openCounter(t, p.small), api.NewID()
	if p.before != nil {
		p.before(c, id)
	}
	return c, id
}

func (p *play) overHTTP(t *testing.T, row told) {
	t.Helper()
	c, id := p.set(t)
	seen := &lastStatus{}
	calls, err := client.New(client.Config{Orders: []string{c.address()}, Transport: seen, Token: func() (string, error) { return c.token, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if p.prompt {
		calls = calls.Within(quick)
	}
	err = underway(t, p, c, func(ctx context.Context) (err error) {
		if p.cancel {
			_, err = calls.CancelOrder(ctx, id)
		} else {
			_, err = calls.PlaceOrder(ctx, id, api.OrderRequest{Lines: p.lines})
		}
		return err
	})
	if code := cmp.Or(string(api.CodeOf(err)), "—"); seen.text() != row.status || code != row.code {
		t.Errorf("over HTTP: %s %s (%v), the table says %s %s", seen.text(), code, err, row.status, row.code)
	}
}

func (p *play) byCommand(t *testing.T, row told) {
	t.Helper()
	c, id := p.set(t)
	args := []string{"orders", "cancel", id}
	if !p.cancel {
		args = []string{"buy", "--id", id}
		for _, l := range p.lines {
			args = append(args, fmt.Sprintf("%d:%d", l.BookID, l.Quantity))
			if l.MaxPrice != nil {
				args = append(args, "--max-price", fmt.Sprintf("%d.%02d%s", l.MaxPrice.Amount/100, l.MaxPrice.Amount%100, l.MaxPrice.Currency))
			}
		}
	}
	before := c.toOrders.seen.Load()
	r := underway(t, p, c, func(ctx context.Context) result {
		return run(ctx, c.env, "bazar", append(args, "--timeout", c.patience.String())...)
	})
	if strconv.Itoa(r.exit) != row.exit || (r.exit != 0 && r.stdout != "") {
		t.Errorf("%q: exit %d, the table says %s\n%s%s", args, r.exit, row.exit, r.stdout, r.stderr)
	}
	for part := range strings.SplitSeq(row.says, " · ") {
		pattern := strings.NewReplacer("ID", id, "…", ".+").Replace(regexp.QuoteMeta(part))
		if !regexp.MustCompile(pattern).MatchString(r.stdout + r.stderr) {
			t.Errorf("%q does not say %q\n%s%s", args, part, r.stdout, r.stderr)
		}
	}
	if p.unsent && c.toOrders.seen.Load() != before {
		t.Error("something was sent")
	}
	p.journaled(t, c, id, r.exit)
}

// underway has somebody ask, who leaves once so many requests have arrived, if the
// play is of that; over HTTP nobody asks more than once.
func underway[T any](t *testing.T, p *play, c *counter, ask func(context.Context) T) T {
	t.Helper()
	before := c.toOrders.seen.Load()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	ended := make(chan T, 1)
	go func() { ended <- ask(ctx) }()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for p.interrupted > 0 && c.toOrders.seen.Load() < before+p.interrupted {
		select {
		case answer := <-ended:
			return answer
		case <-look.C:
		}
	}
	if p.interrupted > 0 {
		leave()
	}
	return <-ended
}

// journaled wants the journal to hold what is not settled, and nothing else.
func (p *play) journaled(t *testing.T, c *counter, id string, exit int) {
	t.Helper()
	_, err := os.Stat(filepath.Join(c.state, "bazar", "journal", id+".json"))
	if (err == nil) != (exit == 7 || exit == 130) {
		t.Errorf("exit %d, the journal's entry: %v", exit, err)
	}
}

// An id that another purchase has is told to be taken, though an answer was lost
// before; and resuming goes on with that no more.
func TestAnIDThatIsTakenIsSaidToBeThoughAnAnswerWasLost(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*counter, string)
		says   string
	}{
		"by another account": {boughtByAnn, "can't be used"},
		"for other lines":    {bought, "asked for something else"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play{before: c.before}
			shop, id := p.set(t)
			shop.toOrders.be(deafenedOnce)
			r := run(t.Context(), shop.env, "bazar", "buy", "4", "--id", id, "--timeout", patience.String())
			if r.exit != 5 || !strings.Contains(r.stderr, c.says) {
				t.Errorf("exit %d: %s", r.exit, r.stderr)
			}
			p.journaled(t, shop, id, r.exit)
		})
	}
}

func TestResumingEndsWithAnIDOfAnotherAccount(t *testing.T) {
	p := play{before: boughtByAnn}
	c, id := p.set(t)
	c.toOrders.be(deafened)
	lost := run(t.Context(), c.env, "bazar", "buy", "3", "--id", id, "--timeout", quick.String())
	p.journaled(t, c, id, lost.exit)
	c.toOrders.be(whole)
	r := run(t.Context(), c.env, "bazar", "orders", "resume")
	if lost.exit != 7 || r.exit != 5 || !strings.Contains(r.stderr, "can't be used") {
		t.Errorf("exit %d, then %d: %s%s", lost.exit, r.exit, lost.stderr, r.stderr)
	}
	p.journaled(t, c, id, r.exit)
}

// lastStatus carries requests, and remembers the status of the last answer.
type lastStatus struct{ status int }

// RoundTrip sends the request over the network.
func (l *lastStatus) RoundTrip(r *http.Request) (*http.Response, error) {
	l.status = 0
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		l.status = reply.StatusCode
	}
	return reply, err
}

func (l *lastStatus) text() string {
	if l.status == 0 {
		return "—"
	}
	return strconv.Itoa(l.status)
}

// quick is how long a command waits where waiting is in vain.
const quick = 1500 * time.Millisecond
