package client_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

func calling(t *testing.T, urls ...string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Catalog: urls, Orders: urls})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// nobody is an address where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func reads(ctx context.Context, c *client.Client) error {
	_, err := c.Book(ctx, "1")
	return err
}

func buys(ctx context.Context, c *client.Client) error {
	_, err := c.PlaceOrder(ctx, "01890a5d-ac96-774b-bcce-b302099a8057", api.OrderRequest{Lines: []api.LineRequest{{BookID: 1, Quantity: 1}}})
	return err
}

func wants(t *testing.T, err error, code api.Code, texts ...string) {
	t.Helper()
	if api.CodeOf(err) != code {
		t.Errorf("error %v (%s), want code %q", err, api.CodeOf(err), code)
	}
	for _, text := range texts {
		if err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

// What matters to a buyer is whether anything can have been done.
func TestErrorsSayWhetherAnythingCanHaveBeenDone(t *testing.T) {
	hijack := func(f func(conn net.Conn)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			f(conn)
		}
	}
	answers := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		read    api.Code
		write   api.Code
	}{
		"the connection ends":     {hijack(func(net.Conn) {}), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"no HTTP is answered":     {hijack(says("SSH-2.0-OpenSSH\r\n")), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"the answer is cut short": {hijack(says("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"the error is cut short":  {hijack(says("HTTP/1.1 409 Conflict\r\nContent-Length: 100\r\n\r\n{")), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"HTML for an answer":      {answers(200, "text/html", "<html>"), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"other JSON":              {answers(200, "application/json", `{"lines": 1, "id": "x", "authors": 7}`), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"an empty answer":         {answers(200, "application/json", ""), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"a gateway's 502":         {answers(502, "text/html", "<html>"), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"a gateway's 503":         {answers(503, "text/plain", "down"), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"a gateway's 504":         {answers(504, "application/json", "{}"), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"a stranger's 500":        {answers(500, "text/html", "<html>"), api.CodeUnavailable, api.CodeOutcomeUnknown},
		"a gateway's limit":       {answers(429, "text/html", "<html>"), api.CodeUnavailable, api.CodeUnavailable},
		"a stranger's 404":        {answers(404, "text/html", "<html>"), api.CodeInternal, api.CodeInternal},
		"a problem without code":  {answers(404, "application/problem+json", `{"title": "?"}`), api.CodeInternal, api.CodeInternal},
		"a redirect":              {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, api.CodeInternal, api.CodeInternal},
		"Bazar says busy":         {problem(api.CodeUnavailable), api.CodeUnavailable, api.CodeUnavailable},
		"Bazar says unknown":      {problem(api.CodeOutcomeUnknown), api.CodeOutcomeUnknown, api.CodeOutcomeUnknown},
		"Bazar says sold out":     {problem(api.CodeOutOfStock), api.CodeOutOfStock, api.CodeOutOfStock},
	} {
		t.Run(name, func(t *testing.T) {
			c, url := c, serve(t, c.handler)
			wants(t, reads(t.Context(), calling(t, url)), c.read)
			wants(t, buys(t.Context(), calling(t, url)), c.write)
		})
	}
}

// says writes a text where an HTTP answer should be.
func says(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text) }
}

func problem(code api.Code) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		e := api.Errorf(code, "as it is")
		e.OrderID = "o"
		w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
		w.WriteHeader(e.Status)
		_ = json.NewEncoder(w).Encode(e)
	}
}

func TestNothingIsDoneWhereNobodyListens(t *testing.T) {
	c := calling(t, nobody(t))
	wants(t, reads(t.Context(), c), api.CodeUnavailable, "can't be reached")
	wants(t, buys(t.Context(), c), api.CodeUnavailable, "can't be reached")
	wants(t, buys(t.Context(), calling(t, "http://no-such-host.invalid")), api.CodeUnavailable)
	wants(t, buys(t.Context(), calling(t)), api.CodeUnavailable, "no address of the order service")
}

func TestAnAnswerThatTakesTooLong(t *testing.T) {
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	wants(t, buys(ctx, calling(t, url)), api.CodeOutcomeUnknown, "too long")
	wants(t, reads(t.Context(), calling(t, url).Within(50*time.Millisecond)), api.CodeUnavailable, "too long")
	gone, leave := context.WithCancel(t.Context())
	leave()
	wants(t, buys(gone, calling(t, url)), api.CodeUnavailable, "interrupted")
}

func TestARefusalComesWithItsOrder(t *testing.T) {
	err := buys(t.Context(), calling(t, serve(t, problem(api.CodeOutOfStock))))
	if e := api.AsError(err); e.OrderID != "o" || e.Detail != "as it is" {
		t.Errorf("%+v", e)
	}
}

func TestTheNextReplicaIsAskedWhereOneCannotBeReached(t *testing.T) {
	var asked atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, err := io.ReadAll(r.Body)
		if r.Method == http.MethodPut && (err != nil || !strings.Contains(string(body), `"book_id":1`)) {
			t.Errorf("the body arrives as %q, %v", body, err)
		}
		_, _ = io.WriteString(w, "{}")
	})
	c := calling(t, nobody(t), url, nobody(t))
	for range 3 {
		if err := buys(t.Context(), c); err != nil {
			t.Error(err)
		}
		if err := reads(t.Context(), c); err != nil {
			t.Error(err)
		}
	}
	if asked.Load() != 6 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// A write that may have arrived is not sent to anybody else: only its sender
// can tell whether it may be repeated.
func TestALostWriteIsNotSentTwice(t *testing.T) {
	var second atomic.Int64
	lost := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	other := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		second.Add(1)
		_, _ = io.WriteString(w, "{}")
	})
	wants(t, buys(t.Context(), calling(t, lost, other)), api.CodeOutcomeUnknown)
	if second.Load() != 0 {
		t.Error("it was sent to the next")
	}
	if err := reads(t.Context(), calling(t, lost, other)); err != nil {
		t.Errorf("a read: %v", err)
	}
}

func TestPathsKeepTheirParts(t *testing.T) {
	var got string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.RequestURI
		_, _ = io.WriteString(w, "{}")
	})
	for ref, want := range map[string]string{
		"1": "/shop/v1/books/1", "a/b": "/shop/v1/books/a%2Fb", "a b?c#d%": "/shop/v1/books/a%20b%3Fc%23d%25", "978-0-306-40615-7": "/shop/v1/books/978-0-306-40615-7",
	} {
		if _, err := calling(t, url+"/shop/").Book(t.Context(), ref); err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", ref, got, err, want)
		}
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, url := range []string{"", "localhost:8080", "ftp://x", "http://", "http://x?y=z", "://", "127.0.0.1"} {
		_, err := client.New(client.Config{Catalog: []string{url}})
		wants(t, err, api.CodeInvalid, "http://127.0.0.1:8080")
	}
}

// Against a catalog that answers what the contract's examples say, imports are
// listed, shown and taken back by one call each.
func TestImportsAreAskedForByTheirPaths(t *testing.T) {
	var asked []string
	c := calling(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.RequestURI)
		_, _ = io.WriteString(w, `{"imports":[{"id":"i","new":2}],"import":{"id":"i","state":"undone","undo":{"kept":1}},
			"changes":[{"book_id":7,"fields":[{"field":"price","before":{"amount":1,"currency":"USD"},"after":null}]}],"books":[]}`)
	}))
	list, err := c.Imports(t.Context(), 5, "9")
	if err != nil || len(list.Imports) != 1 || list.Imports[0].New != 2 {
		t.Errorf("imports %+v, %v", list, err)
	}
	report, err := c.ImportReport(t.Context(), "a/b", 0, "new-3")
	if err != nil || string(report.Changes[0].Fields[0].Before) != `{"amount":1,"currency":"USD"}` || string(report.Changes[0].Fields[0].After) != "null" {
		t.Errorf("report %+v, %v", report, err)
	}
	done, err := c.UndoImport(t.Context(), "i")
	if err != nil || done.Import.State != api.ImportUndone || done.Import.Undo.Kept != 1 {
		t.Errorf("taken back %+v, %v", done, err)
	}
	want := []string{"GET /v1/imports?cursor=9&limit=5", "GET /v1/imports/a%2Fb?cursor=new-3", "POST /v1/imports/i/undo"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q\nwant  %q", asked, want)
	}
}
