package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

type form struct {
	Name  string               `json:"name"`
	Many  int64                `json:"many"`
	On    bool                 `json:"on"`
	At    time.Time            `json:"at"`
	Lines []api.LineRequest    `json:"lines"`
	Price api.Optional[string] `json:"price,omitzero"`
}

func decoding(t *testing.T) string {
	t.Helper()
	return start(t, web.EngineOptions{},
		web.Route{Method: http.MethodPost, Path: "/strict", Access: api.Anyone, MaxBody: 200, Handler: func(c *gin.Context) (any, error) {
			return web.Decode[form](c)
		}},
		web.Route{Method: http.MethodPost, Path: "/optional", Access: api.Anyone, Handler: func(c *gin.Context) (any, error) {
			f, err := web.DecodeOptional[form](c)
			return web.Reply{Body: map[string]*form{"form": f}}, err
		}},
	).URL
}

func TestABodyIsReadStrictly(t *testing.T) {
	url := decoding(t) + "/strict"
	for body, says := range map[string]string{
		"":                                      "empty",
		" \n":                                   "empty",
		"null":                                  "null",
		"[]":                                    "the body must be an object",
		`"x"`:                                   "the body must be an object",
		"{":                                     "ends too early",
		"{x}":                                   "at byte 2",
		"{} {}":                                 "goes on",
		"{}]":                                   "goes on",
		"{}null":                                "goes on",
		`{"names":"x"}`:                         `"names"`,
		`{"Name":"x"}`:                          `"Name"`,
		`{"LINES":[]}`:                          `"LINES"`,
		`{"line` + "\u017f" + `":[]}`:           "line\u017f",
		`{"name":"a","name":"b"}`:               `"name" stands twice`,
		`{"name":"a","n\u0061me":"b"}`:          `"name" stands twice`,
		`{"lines":[{"book_id":1,"x":2}]}`:       `"x"`,
		`{"lines":[{"book_id":1,"book_id":2}]}`: `"book_id" stands twice`,
		`{"name":5}`:                            "name must be a text, not number",
		`{"on":"yes"}`:                          "on must be true or false",
		`{"many":"5"}`:                          "many must be a whole number that fits, not string",
		`{"many":1.5}`:                          "many must be a whole number that fits, not number 1.5",
		`{"many":9223372036854775808}`:          "many must be",
		`{"lines":{}}`:                          "lines must be a list",
		`{"lines":[1]}`:                         "lines must be an object",
		`{"lines":[{"quantity":"x"}]}`:          "lines.quantity must be",
		`{"price":5}`:                           "price must be a text",
		`{"at":"yesterday"}`:                    "at cannot be read",
		"{\"name\":\"\xff\"}":                   "UTF-8",
	} {
		p := do(t, http.MethodPost, url, body, nil).wants(t, api.CodeInvalid)
		if !strings.Contains(p.Detail, says) {
			t.Errorf("%s: %q does not say %q", body, p.Detail, says)
		}
	}
	for _, body := range []string{
		`{}`, ` {"name":"a:\"b\"","lines":[{"book_id":1,"quantity":1},{"book_id":2,"quantity":1,"max_price":null}]} `,
		`{"n\u0061me":"a"}`, `{"price":null}`,
	} {
		if r := do(t, http.MethodPost, url, body, nil); r.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", body, r.body)
		}
	}
}

func TestABodyHasALimitAndAType(t *testing.T) {
	url := decoding(t)
	fits := `{"name":"` + strings.Repeat("x", 200-11) + `"}`
	if r := do(t, http.MethodPost, url+"/strict", fits, nil); r.StatusCode != http.StatusOK {
		t.Errorf("%d bytes: %s", len(fits), r.body)
	}
	do(t, http.MethodPost, url+"/strict", fits+" ", nil).wants(t, api.CodeTooLarge)
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	do(t, http.MethodPost, url+"/strict", fits+" ", chunked).wants(t, api.CodeTooLarge)
	do(t, http.MethodPost, url+"/optional", strings.Repeat(" ", web.DefaultMaxBody+1), nil).wants(t, api.CodeTooLarge)

	for kind, ok := range map[string]bool{
		"application/json": true, "Application/JSON; charset=UTF-8": true, "": true,
		"text/plain": false, "application/x-www-form-urlencoded": false, "application/json; charset=latin1": false, ";": false,
	} {
		r := do(t, http.MethodPost, url+"/strict", "{}", func(r *http.Request) { r.Header.Set("Content-Type", kind) })
		if ok != (r.StatusCode == http.StatusOK) {
			t.Errorf("%q: %d", kind, r.StatusCode)
		}
	}
}

func TestABodyMayBeOptional(t *testing.T) {
	url := decoding(t) + "/optional"
	if r := do(t, http.MethodPost, url, "", nil); r.body != `{"form":null}`+"\n" {
		t.Errorf("without a body: %s", r.body)
	}
	if r := do(t, http.MethodPost, url, `{"name":"x"}`, nil); !strings.Contains(r.body, `"name":"x"`) {
		t.Errorf("with a body: %s", r.body)
	}
	do(t, http.MethodPost, url, `{"x":1}`, nil).wants(t, api.CodeInvalid)
}

func TestTheQueryIsReadStrictly(t *testing.T) {
	type page struct {
		Max   *int64
		On    bool
		Limit int
	}
	url := start(t, web.EngineOptions{},
		get("/none", func(c *gin.Context) (any, error) { return web.Query(c) }),
		get("/some", func(c *gin.Context) (any, error) {
			v, err := web.Query(c, "max", "on", "limit")
			if err != nil {
				return nil, err
			}
			p := page{}
			if p.Max, err = web.IntParam(v, "max", -5, 5); err != nil {
				return nil, err
			}
			if p.On, err = web.BoolParam(v, "on"); err != nil {
				return nil, err
			}
			p.Limit, err = web.LimitParam(v)
			return p, err
		}),
	).URL
	for path, says := range map[string]string{
		"/none?q=1":           "there are none here",
		"/some?q=1":           "known are max, on, limit",
		"/some?Max=1":         "unknown",
		"/some?max=1&max=1":   "max stands 2 times",
		"/some?max=%zz":       "wrongly encoded",
		"/some?max=1;on=true": "wrongly encoded",
		"/some?max=%ff":       "max is not valid UTF-8",
		"/some?max=%00":       "max is not valid UTF-8",
		"/some?max=":          "max",
		"/some?max=6":         "from -5 to 5",
		"/some?max=-6":        "from -5 to 5",
		"/some?max=1.0":       "whole number",
		"/some?on=1":          "neither true nor false",
		"/some?on":            "neither true nor false",
		"/some?limit=0":       "limit",
		"/some?limit=1001":    "limit",
	} {
		p := do(t, http.MethodGet, url+path, "", nil).wants(t, api.CodeInvalid)
		if !strings.Contains(p.Detail, says) {
			t.Errorf("%s: %q does not say %q", path, p.Detail, says)
		}
	}
	for path, want := range map[string]string{
		"/none": "{}", "/none?": "{}",
		"/some":                           `{"Max":null,"On":false,"Limit":20}`,
		"/some?max=-5&on=true&limit=1000": `{"Max":-5,"On":true,"Limit":1000}`,
		"/some?on=false&limit=1":          `{"Max":null,"On":false,"Limit":1}`,
	} {
		if r := do(t, http.MethodGet, url+path, "", nil); r.body != want+"\n" {
			t.Errorf("%s: %s", path, r.body)
		}
	}
}

// FuzzDecode holds that whatever is accepted means the same to a lenient
// reader, and that nothing panics.
func FuzzDecode(f *testing.F) {
	f.Add(`{"name":"a","lines":[{"book_id":1,"quantity":2}]}`)
	f.Add(`{"name":"a\\\"","price":null,"n\u0061me":"b"}`)
	f.Add(`{"a":{"b":[{},"c:",{"d":1}]}}`)
	var got form
	decoder := engine(web.Route{Method: http.MethodPost, Path: "/", Access: api.Anyone, Handler: func(c *gin.Context) (_ any, err error) {
		got, err = web.Decode[form](c)
		return nil, err
	}})
	f.Fuzz(func(t *testing.T, body string) {
		status := inMemory(decoder, http.MethodPost, "/", body)
		if status == http.StatusInternalServerError {
			t.Fatalf("%q broke the reader", body)
		}
		if status != http.StatusNoContent {
			return
		}
		var lenient form
		if err := json.Unmarshal([]byte(body), &lenient); err != nil {
			t.Fatalf("%q was accepted, but: %v", body, err)
		}
		one, _ := json.Marshal(got)
		two, _ := json.Marshal(lenient)
		if string(one) != string(two) {
			t.Fatalf("%q: %s, leniently %s", body, one, two)
		}
	})
}
