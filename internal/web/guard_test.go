package web_test

import (
	"net/http"
	"testing"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestOnlyThisMachineIsAnswered(t *testing.T) {
	server := start(t, web.EngineOptions{}, get("/v", answer(1, nil)))
	open := start(t, web.EngineOptions{AnyHost: true}, get("/v", answer(1, nil)))

	type request struct{ host, origin, site string }
	allowed := []request{
		{"localhost", "", ""},
		{"LocalHost:8080", "", ""},
		{"127.0.0.1:8080", "", ""},
		{"127.1.2.3", "", ""},
		{"[::1]", "", ""},
		{"[::1]:8080", "", ""},
		{"localhost:8080", "http://localhost:8080", "same-origin"},
		{"localhost", "https://localhost", ""},
		{"localhost", "", "none"},
	}
	refused := []request{
		{"bazar.example", "", ""},
		{"localhost.evil.example", "", ""},
		{"127.0.0.1.evil.example:80", "", ""},
		{"localhost.", "", ""},
		{"10.0.0.1:8080", "", ""},
		{"0.0.0.0:8080", "", ""},
		{"2130706433", "", ""},
		{"localhost:8080", "http://evil.example", ""},
		{"localhost:8080", "http://localhost:3000", ""},
		{"localhost:8080", "http://127.0.0.1:8080", ""},
		{"localhost:8080", "ftp://localhost:8080", ""},
		{"localhost", "null", ""},
		{"localhost", "", "cross-site"},
		{"localhost", "", "same-site"},
		{"localhost", "", "future"},
	}
	send := func(url string, r request) reply {
		return do(t, http.MethodGet, url, "", func(h *http.Request) {
			h.Host = r.host
			if r.origin != "" {
				h.Header.Set("Origin", r.origin)
			}
			if r.site != "" {
				h.Header.Set("Sec-Fetch-Site", r.site)
			}
		})
	}
	for _, r := range allowed {
		if got := send(server.URL+"/v", r); got.StatusCode != http.StatusOK {
			t.Errorf("%+v: %s", r, got.body)
		}
	}
	for _, r := range refused {
		for _, path := range []string{"/v", "/none"} {
			if got := send(server.URL+path, r); got.problem(t).Code != api.CodeForbidden {
				t.Errorf("%+v: %s", r, got.body)
			}
		}
		if got := send(open.URL+"/v", r); got.StatusCode != http.StatusOK {
			t.Errorf("open to any host, %+v: %s", r, got.body)
		}
	}
}
