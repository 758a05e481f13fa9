package access_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// disguises are ways to write a path that something on the way may read as it.
func disguises(path string) []string {
	last := strings.LastIndex(path, "/")
	dir, name := path[:last], path[last+1:]
	return []string{
		path, path + "/", path + "//", path + "/.", path + "/..", path + "?", path + "#", path + ";x=1", path + "%20", path + "%00", path + "%0a",
		"/" + path, "//" + path, dir + "//" + name, dir + "/./" + name, dir + "/x/../" + name, dir + "/%2e/" + name, dir + "/x/%2e%2e/" + name,
		dir + "/x/..%2f" + name, dir + "%2f" + name, dir + "%2F" + name, dir + "%5c" + name, dir + `\` + name, dir + "/" + strings.ToUpper(name),
		dir + "/%" + fmt.Sprintf("%x", name[0]) + name[1:], dir + "/%25" + fmt.Sprintf("%x", name[0]) + name[1:],
		"/v1/books/.." + strings.TrimPrefix(path, "/v1"), "/v1/books/..%2f.." + path, "/v1/books/%2e%2e" + strings.TrimPrefix(path, "/v1"),
		"/v1/books/..%252f" + name, "/info/.." + path, "/info/..%2f.." + path, "/search/..%2f.." + path, "/v1/./" + strings.TrimPrefix(path, "/v1/"),
		"/v1/orders/../" + strings.TrimPrefix(path, "/v1/"), "/V1" + strings.TrimPrefix(path, "/v1"), "/v1;/" + strings.TrimPrefix(path, "/v1/"),
		"/v1/books/3/..%2f..%2f" + strings.TrimPrefix(path, "/v1/"), "/%76%31" + strings.TrimPrefix(path, "/v1"), "/v1/movements/..%2f" + strings.TrimPrefix(path, "/v1/"),
		"https://catalog" + path,
	}
}

// However a path is written, whatever the method, and whoever asks: reservations
// are not written, and tokens not introspected, through the public door.
func noWayLeadsToServices(t *testing.T, c *cast) {
	id := api.NewID()
	body := fmt.Sprintf(`{"reservations":[{"id":%q,"lines":[{"book_id":5,"quantity":1}]}]}`, id)
	tries := 0
	for _, target := range []string{"/v1/reservations", "/v1/reservations/" + id, "/v1/introspect"} {
		for _, path := range disguises(target) {
			for _, method := range []string{"POST", "DELETE", "PUT", "PATCH", "post", "Post", "OPTIONS", "TRACE", "PROPFIND"} {
				tries++
				headers := []string{
					"Authorization: Bearer " + c.root, "Content-Type: application/json", "X-Http-Method-Override: POST", "X-Original-Url: " + target,
					fmt.Sprintf("Content-Length: %d", len(body)), "\r\n" + body,
				}
				status, got := c.send(t, api.FrontEnd, method, path, headers)
				if status < http.StatusBadRequest || status >= http.StatusInternalServerError {
					t.Errorf("%s %s: %d %s", method, path, status, got)
				}
			}
		}
	}
	t.Logf("%d tries", tries)
	r := c.do(t, ask{token: c.root, method: http.MethodGet, url: c.url(api.Catalog) + "/v1/reservations/" + id})
	if r.status != http.StatusNotFound {
		t.Errorf("a reservation was written: %d %s", r.status, r.body)
	}
	wantUnasked(t, c)
}

// wantUnasked wants no service to have been asked by the front end for what is
// for services.
func wantUnasked(t *testing.T, c *cast) {
	t.Helper()
	for service, route := range map[api.Service]string{api.Catalog: "/v1/reservations", api.Accounts: "/v1/introspect"} {
		for line := range strings.Lines(c.programs[service].said()) {
			var entry struct {
				Method, Route string
				Status        int
				RequestID     string `json:"request_id"`
			}
			_ = json.Unmarshal([]byte(line), &entry) // not every line is a request's
			if entry.Method != http.MethodGet && strings.HasPrefix(entry.Route, route) && entry.Status == http.StatusForbidden && entry.RequestID != "same" {
				t.Errorf("%s was asked: %s", service, line)
			}
		}
	}
}

// What a front end reads it keeps until it has all of it. Whoever may not import
// is answered at once, and not when megabytes of theirs are there; small bodies
// are small for everybody.
func onlyWhoMaySendALargeBodyHasItRead(t *testing.T, c *cast) {
	begun := func(path, token string, length int) int {
		t.Helper()
		start := time.Now()
		status, _ := c.send(t, api.FrontEnd, http.MethodPost, path, []string{
			"Authorization: Bearer " + token, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", length), "\r\n{",
		})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s was answered after %s", path, took)
		}
		return status
	}
	for token, want := range map[string]int{
		api.NewToken(): http.StatusUnauthorized, c.tokens["disabled"]: http.StatusUnauthorized,
		c.tokens["owner"]: http.StatusForbidden, c.tokens["read-only"]: http.StatusForbidden,
	} {
		if got := begun("/v1/imports", token, api.MaxImportBytes); got != want {
			t.Errorf("an import: %d, want %d", got, want)
		}
	}
	rows := `{"import_id":"` + api.NewID() + `","source":"large","rows":[]` + strings.Repeat(" ", 1<<20) + "}"
	r := c.do(t, ask{token: c.tokens["staff"], method: http.MethodPost, url: c.url(api.FrontEnd) + "/v1/imports", body: rows})
	if r.status == http.StatusRequestEntityTooLarge || r.status == http.StatusForbidden {
		t.Errorf("the staff's: %d %s", r.status, r.body)
	}
}
