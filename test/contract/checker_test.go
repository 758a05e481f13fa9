// Package contract holds what the servers do against openapi.yaml: it walks
// every route, on real stores, and checks each request and each reply.
package contract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/bazar-store/bazar/pkg/api"
)

// exchange is a request with its reply, both read whole. A public one was with
// the front end.
type exchange struct {
	request *http.Request
	sent    []byte
	reply   *http.Response
	got     []byte
	public  bool
}

// checker holds exchanges against the contract, and remembers what it saw.
type checker struct {
	doc   *openapi3.T
	seen  map[string]bool // operation and status
	codes map[api.Code]bool
	// passed are bodies that were found right: the validator takes a
	// millisecond for each, and many are the same.
	passed map[string]bool
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	// A client passes over members that it does not know; a server must not
	// have any that the contract does not.
	for _, schema := range doc.Components.Schemas {
		closeObjects(schema.Value)
	}
	return &checker{doc: doc, seen: map[string]bool{}, codes: map[api.Code]bool{}, passed: map[string]bool{}}
}

func closeObjects(s *openapi3.Schema) {
	if len(s.Properties) > 0 {
		s.AdditionalProperties.Has = new(bool)
	}
	for _, property := range s.Properties {
		if property.Ref == "" {
			closeObjects(property.Value)
		}
	}
}

// check says what in an exchange the contract does not allow. A request that
// was answered with success must be one of the contract, too.
func (c *checker) check(e exchange) error {
	route, params := c.route(e)
	if route == nil {
		return c.checkStray(e)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: e.request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, SkipSettingDefaults: true,
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, // what was answered, was let in
		},
	}
	var wrong error
	if e.reply.StatusCode < http.StatusBadRequest {
		e.request.Body = io.NopCloser(bytes.NewReader(e.sent))
		wrong = openapi3filter.ValidateRequest(e.request.Context(), input)
	}
	c.seen[route.Operation.OperationID+" "+strconv.Itoa(e.reply.StatusCode)] = true
	return errors.Join(wrong, c.checkReply(e, input))
}

// route finds the operation that a request is for, by the path as it was sent:
// the libraries' routers pass over slashes.
func (c *checker) route(e exchange) (*routers.Route, map[string]string) {
	for _, r := range api.Routes() {
		if params, ok := match(r.Path, e.request.URL); ok && r.Method == e.request.Method && (r.Public || !e.public) {
			item := c.doc.Paths.Value(r.Path)
			return &routers.Route{Spec: c.doc, Path: r.Path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)}, params
		}
	}
	return nil, nil
}

// match reads a path's parameters by its template.
func match(template string, u *url.URL) (map[string]string, bool) {
	want, have := strings.Split(template, "/"), strings.Split(u.EscapedPath(), "/")
	params := map[string]string{}
	if len(want) != len(have) {
		return nil, false
	}
	for i, segment := range have {
		name, isParam := strings.CutPrefix(want[i], "{")
		value, err := url.PathUnescape(segment)
		if err != nil || (isParam && value == "") || (!isParam && segment != want[i]) {
			return nil, false
		}
		if isParam {
			params[strings.TrimSuffix(name, "}")] = value
		}
	}
	return params, true
}

// checkStray checks the reply to a request that is no operation's.
func (c *checker) checkStray(e exchange) error {
	name := map[int]string{
		http.StatusBadRequest: "InvalidRequest", http.StatusForbidden: "Forbidden",
		http.StatusNotFound: "NotFound", http.StatusMethodNotAllowed: "MethodNotAllowed",
	}[e.reply.StatusCode]
	if name == "" {
		return fmt.Errorf("no operation of the contract, but answered %s", e.reply.Status)
	}
	responses := openapi3.NewResponses(openapi3.WithStatus(e.reply.StatusCode, c.doc.Components.Responses[name]))
	return c.checkReply(e, &openapi3filter.RequestValidationInput{
		Request: e.request,
		Route:   &routers.Route{Spec: c.doc, Operation: &openapi3.Operation{Responses: responses}},
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
}

func (c *checker) checkReply(e exchange, input *openapi3filter.RequestValidationInput) error {
	body := fmt.Sprintln(input.Route.Operation.OperationID, e.reply.StatusCode, e.reply.Header["Content-Type"], string(e.got))
	input.Options.ExcludeResponseBody = c.passed[body]
	wrong := openapi3filter.ValidateResponse(e.request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Options: input.Options,
		Status: e.reply.StatusCode, Header: e.reply.Header, Body: io.NopCloser(bytes.NewReader(e.got)),
	})
	c.passed[body] = c.passed[body] || wrong == nil
	if declared := input.Route.Operation.Responses.Status(e.reply.StatusCode); declared != nil {
		wrong = errors.Join(wrong, checkHeaders(e.reply, declared.Value), checkBody(e, declared.Value))
	}
	if e.reply.StatusCode >= http.StatusBadRequest {
		wrong = errors.Join(wrong, c.checkProblem(e))
	}
	return wrong
}

// checkHeaders wants the headers that the contract promises, and no others but
// those that every HTTP server sends.
func checkHeaders(reply *http.Response, declared *openapi3.Response) error {
	var wrong []error
	known := []string{"Content-Length", "Content-Type", "Date"}
	for name, header := range declared.Headers {
		known = append(known, http.CanonicalHeaderKey(name))
		if header.Value.Required && reply.Header.Get(name) == "" {
			wrong = append(wrong, fmt.Errorf("header %s is missing", name))
		}
	}
	for name := range reply.Header {
		if name != "X-Content-Type-Options" && !slices.Contains(known, name) {
			wrong = append(wrong, fmt.Errorf("header %s is not in the contract", name))
		}
	}
	if reply.Header.Get("X-Content-Type-Options") != "nosniff" {
		wrong = append(wrong, errors.New("a browser may sniff what this is"))
	}
	return errors.Join(wrong...)
}

// checkBody wants a body exactly where the contract has one: the validator does
// not look at replies without.
func checkBody(e exchange, declared *openapi3.Response) error {
	if promised, there := len(declared.Content) > 0, len(e.got) > 0; promised != there {
		return fmt.Errorf("a body of %d bytes; the contract has one: %v", len(e.got), promised)
	}
	return nil
}

// checkProblem wants a problem document to agree with itself and its headers.
func (c *checker) checkProblem(e exchange) error {
	var p api.Error
	if err := json.Unmarshal(e.got, &p); err != nil {
		return err
	}
	c.codes[p.Code] = true
	switch {
	case p.Status != e.reply.StatusCode, p.Status != p.Code.Status(), p.Title != http.StatusText(p.Status):
		return fmt.Errorf("%s with status %d, in the document %d %q", p.Code, e.reply.StatusCode, p.Status, p.Title)
	case p.Retryable != p.Code.Retryable(), p.Retryable != (e.reply.Header.Get("Retry-After") != ""):
		return fmt.Errorf("%s is retryable: %v", p.Code, p.Retryable)
	case p.RequestID != e.reply.Header.Get("X-Request-Id"):
		return fmt.Errorf("request id %q, in the header %q", p.RequestID, e.reply.Header.Get("X-Request-Id"))
	case p.Status == http.StatusMethodNotAllowed && slices.Contains(strings.Split(e.reply.Header.Get("Allow"), ", "), e.request.Method):
		return fmt.Errorf("%s is allowed, and not allowed", e.request.Method)
	}
	return nil
}

// checkCoverage wants every success of every operation, and every code, to have
// been seen.
func (c *checker) checkCoverage(t *testing.T) {
	t.Helper()
	for _, r := range api.Routes() {
		op := c.doc.Paths.Value(r.Path).GetOperation(r.Method)
		for status := range op.Responses.Map() {
			if visit := op.OperationID + " " + status; status < "4" && !c.seen[visit] {
				t.Errorf("not visited: %s", visit)
			}
		}
	}
	for _, value := range c.doc.Components.Schemas["Code"].Value.Enum {
		// No disk is filled here.
		if code := api.Code(value.(string)); code != api.CodeStorageFull && !c.codes[code] {
			t.Errorf("not met: %s", code)
		}
	}
}
