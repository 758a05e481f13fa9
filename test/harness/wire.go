package harness

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"testing/iotest"
	"time"
)

// Edge is a moment in a call's way over a [Wire].
type Edge int

// The edges of a call, in their order.
const (
	// Arrived: the whole request is here, nothing of it was passed on.
	Arrived Edge = iota
	// Torn: if it is cut here, half of the request's body was passed on.
	Torn
	// Passed: the whole request was passed on, nothing of the answer has come.
	Passed
	// Answered: the whole answer is here, nothing of it was delivered.
	Answered
	// Halfway: half of the answer's bytes were delivered.
	Halfway
	// Delivered: the whole answer was delivered.
	Delivered
)

// Call is a request on its way.
type Call struct {
	Method, Path string
	Body         []byte
}

// Guard is asked what happens to a call: it gives nil for nothing, or what is
// done at each of its edges; true cuts the connection of who called there.
type Guard func(Call) func(Edge) (cut bool)

// Wire carries requests to a service at a fixed address, each whole before it is
// passed on, and has its guard look on. It stays when the service dies: who
// calls then sees the connection end.
type Wire struct {
	URL string
	// Guard may be set at any time.
	Guard atomic.Pointer[Guard]

	to        string
	server    *http.Server
	transport *http.Transport
}

// NewWire makes a wire to the service at an address. It is closed with the run.
func (r *Run) NewWire(to string) *Wire {
	addr, err := freeAddress()
	r.Must(err)
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	r.Must(err)
	w := &Wire{URL: "http://" + addr, to: to, transport: &http.Transport{MaxIdleConnsPerHost: 1_024, DisableCompression: true}}
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := w.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.Errorf("wire to %s: %v", to, err)
		}
	}()
	r.Cleanup(func() {
		_ = w.server.Close() // cuts what is left
		<-served
		w.transport.CloseIdleConnections()
	})
	return w
}

// ServeHTTP carries one call as far as it gets.
func (w *Wire) ServeHTTP(reply http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	at := func(Edge) bool { return false }
	if guard := w.Guard.Load(); guard != nil {
		if own := (*guard)(Call{Method: request.Method, Path: request.URL.Path, Body: body}); own != nil {
			at = own
		}
	}
	cutIf(at(Arrived))
	status, header, answer := w.pass(request, body, at)
	cutIf(at(Answered))
	for name, values := range header {
		reply.Header()[name] = values
	}
	reply.WriteHeader(status)
	half := len(answer) / 2
	deliver(reply, answer[:half])
	cutIf(at(Halfway))
	deliver(reply, answer[half:])
	cutIf(at(Delivered))
}

// cutIf ends the connection of who called, without an answer.
func cutIf(cut bool) {
	if cut {
		panic(http.ErrAbortHandler)
	}
}

func deliver(reply http.ResponseWriter, part []byte) {
	if _, err := reply.Write(part); err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = http.NewResponseController(reply).Flush() // who has left, has left
}

// pass passes a call on and gives its answer, or cuts the connection if there is
// none.
func (w *Wire) pass(request *http.Request, body []byte, at func(Edge) bool) (int, http.Header, []byte) {
	ctx, cancel := context.WithCancel(request.Context())
	defer cancel()
	var cut atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
		if info.Err == nil && at(Passed) {
			cut.Store(true)
			cancel()
		}
	}})
	onward := request.Clone(ctx)
	onward.URL.Scheme, onward.URL.Host, onward.RequestURI = "http", w.to, ""
	onward.Host = w.to
	onward.Body = io.NopCloser(bytes.NewReader(body))
	if at(Torn) {
		onward.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), iotest.ErrReader(errors.New("torn"))))
	}
	onward.Header.Del("Connection")
	answer, err := w.transport.RoundTrip(onward)
	cutIf(err != nil || cut.Load())
	defer func() { _ = answer.Body.Close() }() // it was only read
	text, err := io.ReadAll(answer.Body)
	cutIf(err != nil || cut.Load())
	return answer.StatusCode, answer.Header, text
}

// Transport is a way for clients that share no connections with others.
func Transport() *http.Transport {
	return &http.Transport{MaxIdleConns: 4_096, MaxIdleConnsPerHost: 4_096, IdleConnTimeout: time.Minute}
}
