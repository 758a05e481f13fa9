package contract_test

import (
	"cmp"
	"flag"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/frontend"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// walk is a part of the contract, with the name under which it is tested.
type walk struct {
	name string
	take func(*shop)
}

func walks() []walk {
	return []walk{
		{"examples", takeExamples},
		{"store and topics", walkTopics},
		{"finding books", walkSearch},
		{"a book", walkBook},
		{"adding books", walkAdding},
		{"editing books", walkEditing},
		{"history", walkHistory},
		{"moving stock", walkMovements},
		{"imports", walkImports},
		{"taking imports back", walkUndo},
		{"orders", walkOrders},
		{"refused orders", walkRefusals},
		{"cancelled orders", walkCancels},
		{"lists of orders", walkOrderLists},
		{"what services say to each other", walkReservations},
		{"what is given back", walkReleases},
		{"the front end's own", walkFrontEnd},
		{"purchases", walkPurchases},
		{"idempotency keys", walkKeys},
		{"bodies", walkBodies},
		{"methods and paths", walkMethods},
		{"web pages", walkGuard},
		{"request ids", walkRequestIDs},
	}
}

// The same walks lead to the services themselves, through the front end to
// services elsewhere, and through it to services in its own process.
func TestContract(t *testing.T) {
	c := newChecker(t)
	for _, way := range []struct {
		name string
		open func(*testing.T, *checker) *shop
	}{
		{"services", openServices},
		{"front end", openFrontEnd},
		{"one process", openOneProcess},
	} {
		t.Run(way.name, func(t *testing.T) {
			for _, w := range walks() {
				t.Run(w.name, func(t *testing.T) { w.take(way.open(t, c)) })
			}
		})
	}
	for _, way := range []struct {
		name string
		open func(*testing.T, *checker) *shop
	}{
		{"accounts", openAccounts},
		{"accounts through a front end", openAccountsFront},
	} {
		t.Run(way.name, func(t *testing.T) {
			for _, w := range accountWalks() {
				t.Run(w.name, func(t *testing.T) { w.take(way.open(t, c)) })
			}
		})
	}
	t.Run("broken services", func(t *testing.T) { walkFaults(t, c) })
	if only := flag.Lookup("test.run").Value.String(); !strings.Contains(only, "/") {
		c.checkCoverage(t)
	}
}

func TestEnginesServeTheTable(t *testing.T) {
	calls := newClient(t, client.Config{})
	for name, e := range map[api.Service]*gin.Engine{
		api.Catalog:  engine(openCatalog(t).Routes()),
		api.Orders:   engine(openOrders(t, t.TempDir(), calls).Routes()),
		api.Accounts: engine(openAccountService(t).Routes()),
		api.FrontEnd: engine(frontend.New(calls).Routes()),
	} {
		var want []string
		for _, r := range api.Routes() {
			if r.Service == name || (name == api.FrontEnd && r.Public) {
				want = append(want, r.Method+" "+strings.NewReplacer("{", ":", "}", "").Replace(r.Path))
			}
		}
		var got []string
		for _, r := range e.Routes() {
			if r.Method != http.MethodHead {
				got = append(got, r.Method+" "+r.Path)
			}
		}
		slices.SortFunc(got, cmp.Compare)
		slices.SortFunc(want, cmp.Compare)
		if !slices.Equal(got, want) {
			t.Errorf("%s serves\n%s\nthe table has\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// A check that lets everything pass proves nothing.
func TestTheCheckerRefuses(t *testing.T) {
	c := newChecker(t)
	s := openServices(t, c)
	good := s.get("/v1/books/8").is(http.StatusOK).exchange
	for name, spoil := range map[string]func(*exchange){
		"an unknown member":     func(e *exchange) { e.got = []byte(strings.Replace(string(e.got), `{`, `{"shelf":1,`, 1)) },
		"a missing member":      func(e *exchange) { e.got = []byte(strings.Replace(string(e.got), `"year":2017,`, ``, 1)) },
		"a null":                func(e *exchange) { e.got = []byte(strings.Replace(string(e.got), `["Martin Kleppmann"]`, `null`, 1)) },
		"a text for a number":   func(e *exchange) { e.got = []byte(strings.Replace(string(e.got), `4499`, `"44.99"`, 1)) },
		"no currency":           func(e *exchange) { e.got = []byte(strings.Replace(string(e.got), `"USD"`, `"dollars"`, 1)) },
		"a local time":          func(e *exchange) { e.got = []byte(strings.ReplaceAll(string(e.got), `Z"`, `+02:00"`)) },
		"no body":               func(e *exchange) { e.got = nil },
		"another type":          func(e *exchange) { e.reply.Header.Set("Content-Type", "text/html") },
		"no entity tag":         func(e *exchange) { e.reply.Header.Del("ETag") },
		"a header of its own":   func(e *exchange) { e.reply.Header.Set("Server", "bazar") },
		"a status of its own":   func(e *exchange) { e.reply.StatusCode = http.StatusAccepted },
		"a body that is no 304": func(e *exchange) { e.reply.StatusCode = http.StatusNotModified },
		"another method":        func(e *exchange) { e.request.Method = http.MethodDelete },
		"another path":          func(e *exchange) { e.request.URL.Path = "/v2/books/8" },
	} {
		bad, reply := good, *good.reply
		bad.request, bad.reply = good.request.Clone(t.Context()), &reply
		reply.Header = good.reply.Header.Clone()
		spoil(&bad)
		if c.check(bad) == nil {
			t.Errorf("%s passes", name)
		}
	}
	if err := c.check(good); err != nil {
		t.Error(err)
	}
}
