package frontend_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/frontend"
	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// What a caller says of being a service stays at the door, and the front end
// says of itself that it is the front end, which opens nothing.
func TestNoServicesCredentialsPassTheFrontEnd(t *testing.T) {
	var arrived []string
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _, _ := strings.Cut(strings.Join(r.Header.Values(trust.Header), "+"), " ")
		arrived = append(arrived, from+r.Header.Get("X-Forwarded-Client-Cert"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
	}))
	defer behind.Close()
	settings := web.Settings{Accounts: true, TLS: web.TLS{ServiceKey: filepath.Join(t.TempDir(), "service.key")}}
	log := slog.New(slog.DiscardHandler)
	key, err := trust.LoadKey(settings.TLS.ServiceKey)
	if err != nil {
		t.Fatal(err)
	}
	caller, err := settings.Caller(log, "frontend")
	if err != nil {
		t.Fatal(err)
	}
	calls, err := client.New(client.Config{Catalog: []string{behind.URL}, Orders: []string{behind.URL}, Caller: caller})
	if err != nil {
		t.Fatal(err)
	}
	door := httptest.NewServer(web.NewEngine(web.EngineOptions{Log: log}, frontend.New(calls).Routes()))
	defer door.Close()
	for _, c := range []struct{ method, path, body string }{
		{http.MethodGet, "/v1/books", ""},
		{http.MethodGet, "/v1/reservations", ""},
		{http.MethodPost, "/v1/imports", "{}"},
		{http.MethodGet, "/search/go", ""},
		{http.MethodPost, "/purchase/3", ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, door.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(trust.Header, key.Sign("order", "catalog", c.method, c.path, []byte(c.body), time.Now()))
		request.Header.Set("X-Forwarded-Client-Cert", "URI=spiffe://bazar/order")
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != http.StatusOK {
			t.Errorf("%s %s: %s", c.method, c.path, reply.Status)
		}
	}
	if len(arrived) != 5 || strings.ReplaceAll(strings.Join(arrived, ""), "frontend", "") != "" {
		t.Errorf("behind the front end arrives %q", arrived)
	}
}

// A front end reads no more for a service than the service would, so that nobody
// fills its memory.
func TestABodyIsNoLongerThanItsServiceTakes(t *testing.T) {
	asked := 0
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
	}))
	defer behind.Close()
	calls, err := client.New(client.Config{Catalog: []string{behind.URL}, Orders: []string{behind.URL}})
	if err != nil {
		t.Fatal(err)
	}
	door := httptest.NewServer(web.NewEngine(web.EngineOptions{Log: slog.New(slog.DiscardHandler)}, frontend.New(calls).Routes()))
	defer door.Close()
	for route, limit := range map[string]int{
		"PUT /v1/orders/01890a5d-ac96-774b-bcce-b302099a8057": web.DefaultMaxBody,
		"POST /v1/books":    api.MaxBookBytes,
		"PATCH /v1/books/3": api.MaxBookBytes,
		"POST /v1/imports":  api.MaxImportBytes,
	} {
		method, path, _ := strings.Cut(route, " ")
		for length, want := range map[int]int{limit: http.StatusOK, limit + 1: http.StatusRequestEntityTooLarge} {
			request, err := http.NewRequestWithContext(t.Context(), method, door.URL+path, strings.NewReader(strings.Repeat(" ", length)))
			if err != nil {
				t.Fatal(err)
			}
			reply, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			reply.Body.Close()
			if reply.StatusCode != want {
				t.Errorf("%s of %d bytes: %s", route, length, reply.Status)
			}
		}
	}
	if asked != 4 {
		t.Errorf("behind the front end arrive %d", asked)
	}
}
