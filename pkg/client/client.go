// Package client is how every program of Bazar, and anybody else's, calls its
// services: one [Client.do], and a method for each operation of the contract.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// maxReply is the longest answer that is read, in bytes.
const maxReply = 64 << 20

// Config says where the services are. Each is a list of base URLs of replicas
// that are equal; the first that can be reached is used.
type Config struct {
	Catalog  []string
	Orders   []string
	Accounts []string
	// Token gives the token that is sent along, "" for none; nil means that there
	// never is one. It is sent to these addresses alone, and where they are of
	// another machine only over TLS.
	Token func() (string, error)
	// Caller is what the program shows and trusts over TLS.
	Caller trust.Caller
	// Transport carries the requests; nil means HTTP over the network.
	Transport http.RoundTripper
}

// Client calls Bazar's services. It is safe for use by many at once.
type Client struct {
	transport http.RoundTripper
	token     func() (string, error)
	caller    trust.Caller
	replicas  map[api.Service]*replicas
	patience  time.Duration // 0: as long as the caller's context lasts
}

// replicas are the base URLs of one service and the one that answered last.
type replicas struct {
	urls []*url.URL
	best atomic.Int64
}

// Addresses reads base URLs that are separated by commas.
func Addresses(list string) (urls []string) {
	for u := range strings.SplitSeq(list, ",") {
		if u = strings.TrimSpace(u); u != "" {
			urls = append(urls, u)
		}
	}
	return urls
}

// New makes a client; the URLs must be http or https.
func New(c Config) (*Client, error) {
	client := &Client{transport: c.Transport, token: c.Token, caller: c.Caller, replicas: map[api.Service]*replicas{}}
	if client.transport == nil {
		config, err := c.Caller.Config()
		if err != nil {
			return nil, err
		}
		client.transport = newTransport(config)
	}
	for service, bases := range map[api.Service][]string{api.Catalog: c.Catalog, api.Orders: c.Orders, api.Accounts: c.Accounts} {
		r := &replicas{}
		for _, base := range bases {
			u, err := url.Parse(base)
			if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" {
				return nil, api.Errorf(api.CodeInvalid, "%q is not the URL of a service; write it like http://127.0.0.1:8080", base)
			}
			u.Path = strings.TrimSuffix(u.Path, "/")
			r.urls = append(r.urls, u)
		}
		client.replicas[service] = r
	}
	return client, nil
}

// Within is the same client, but it waits no longer than d for any answer.
func (c *Client) Within(d time.Duration) *Client {
	within := *c
	within.patience = d
	return &within
}

// call is one request of the contract.
type call struct {
	service api.Service
	method  string
	path    string
	query   url.Values
	header  http.Header
	body    any // nil for none
	// anonymous goes without a token, private has a password in it.
	anonymous, private bool
}

// do sends a call and decodes its answer into reply. Its errors are
// [*api.Error]: the problem that the service answered; [api.CodeUnavailable]
// if nothing can have been done; [api.CodeOutcomeUnknown] if a write was sent
// and its answer lost.
func (c *Client) do(ctx context.Context, call call, reply any) error {
	request, err := call.request(ctx)
	if err == nil {
		err = c.authorize(&call, request)
	}
	if err != nil {
		return err
	}
	answer, err := c.Send(call.service, request)
	if err != nil {
		return err
	}
	if err := jsonv2.Unmarshal(answer.Body, reply); err != nil {
		return lost(call.service, call.method, fmt.Errorf("its answer can't be read: %w", err))
	}
	return nil
}

// Answer is what a service answered, read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Send sends a request with a relative URL to a service and reads its answer
// whole. Its errors are those of [Client.do]. An answer of 300 or more that is
// no problem document, except 304, is an error too.
func (c *Client) Send(service api.Service, request *http.Request) (Answer, error) {
	if c.patience > 0 {
		ctx, cancel := context.WithTimeout(request.Context(), c.patience)
		defer cancel()
		request = request.WithContext(ctx)
	}
	response, err := route{client: c, service: service}.RoundTrip(request)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err != nil {
		return Answer{}, lost(service, request.Method, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices && response.StatusCode != http.StatusNotModified {
		return Answer{}, problem(service, request, response, body)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

func (c *call) request(ctx context.Context) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if c.body != nil {
		data, err := json.Marshal(c.body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", c.method, c.path, err)
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, c.path, body)
	if err != nil {
		return nil, api.Errorf(api.CodeInvalid, "%w", err)
	}
	request.URL.RawQuery = c.query.Encode()
	request.Header.Set("Accept", "application/json, application/problem+json")
	if c.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.header {
		request.Header[name] = values
	}
	return request, nil
}

// problem reads the error that a service answered.
func problem(service api.Service, request *http.Request, response *http.Response, body []byte) error {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	var p api.Error
	if kind == "application/problem+json" && json.Unmarshal(body, &p) == nil && p.Code != "" {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // it is a hint
		return p.WithRetryAfter(seconds)
	}
	if isPlainToTLS(response.StatusCode, body) {
		return understand(plainToTLS{}).unavailable(service, response.Request.URL.Host, plainToTLS{})
	}
	before := fmt.Errorf("something before it answered %s", response.Status)
	switch {
	case response.StatusCode == http.StatusTooManyRequests:
		return api.Wrap(api.CodeUnavailable, before, fmt.Sprintf("the %s service did not get the request: %s", service, before))
	case response.StatusCode >= http.StatusInternalServerError:
		return lost(service, request.Method, before)
	}
	return api.Errorf(api.CodeInternal, "%s is not answered by Bazar there: %s; is the address right?", request.URL.Path, response.Status)
}

// lost is the error of a call whose answer did not come.
func lost(service api.Service, method string, cause error) *api.Error {
	if method == http.MethodGet || method == http.MethodHead {
		return api.Wrap(api.CodeUnavailable, cause, fmt.Sprintf("the %s service did not answer: %s", service, reason(cause)))
	}
	return api.Wrap(api.CodeOutcomeUnknown, cause, fmt.Sprintf("the answer of the %s service was lost: %s", service, reason(cause)))
}

func reason(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	default:
		return err.Error()
	}
}

// route is the way to one service.
type route struct {
	client  *Client
	service api.Service
}

// RoundTrip sends the request to the next replica while one can't be reached.
func (r route) RoundTrip(request *http.Request) (*http.Response, error) {
	replicas := r.client.replicas[r.service]
	if len(replicas.urls) == 0 {
		return nil, api.Errorf(api.CodeUnavailable, "no address of the %s service is set", r.service)
	}
	start := replicas.best.Load()
	var err *api.Error
	for i := range int64(len(replicas.urls)) {
		n := (start + i) % int64(len(replicas.urls))
		var response *http.Response
		if response, err = r.try(request, replicas.urls[n]); err == nil {
			if n != start {
				replicas.best.Store(n)
			}
			return response, nil
		}
		if err.Code != api.CodeUnavailable || request.Context().Err() != nil {
			break
		}
	}
	return nil, err
}

// try sends the request to one replica, and tells whether it can have arrived.
func (r route) try(request *http.Request, base *url.URL) (*http.Response, *api.Error) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	sent := request.Clone(httptrace.WithClientTrace(request.Context(), trace))
	sent.URL = &url.URL{
		Scheme: base.Scheme, User: base.User, Host: base.Host, RawQuery: request.URL.RawQuery,
		Path: base.Path + request.URL.Path, RawPath: base.EscapedPath() + request.URL.EscapedPath(),
	}
	sent.Host, sent.RequestURI = "", ""
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, api.Errorf(api.CodeInternal, "request body: %w", err)
		}
		sent.Body = body
	}
	if err := r.sign(sent); err != nil {
		return nil, api.Errorf(api.CodeInternal, "%w", err)
	}
	response, err := r.client.transport.RoundTrip(sent)
	known, _ := errors.AsType[*api.Error](err)
	switch {
	case err == nil:
		return response, nil
	case known != nil:
		return nil, known
	case understand(err).reason != "":
		return nil, understand(err).unavailable(r.service, base.Redacted(), err)
	case connected.Load():
		return nil, lost(r.service, request.Method, err)
	default:
		return nil, api.Wrap(api.CodeUnavailable, err, fmt.Sprintf("the %s service at %s can't be reached: %s", r.service, base.Redacted(), reason(err)))
	}
}
