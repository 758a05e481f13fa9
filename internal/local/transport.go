package local

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"

	"github.com/bazar-store/bazar/pkg/api"
)

// transport calls handlers in memory ([http.RoundTripper]). Replies stream: the
// caller reads while the handler writes.
type transport struct {
	handler func(ctx context.Context, host string) (http.Handler, error)

	mu      sync.Mutex // for engines; held while one is made
	engines map[string]http.Handler

	gate   sync.Mutex // for what is below
	calls  int
	closed bool
	ended  *sync.Cond // a call has
}

func newTransport(handler func(ctx context.Context, host string) (http.Handler, error)) *transport {
	t := &transport{handler: handler, engines: map[string]http.Handler{}}
	t.ended = sync.NewCond(&t.gate)
	return t
}

// close refuses new calls, except those that calls under way make, and returns
// when none is left.
func (t *transport) close() {
	t.gate.Lock()
	defer t.gate.Unlock()
	t.closed = true
	for t.calls > 0 {
		t.ended.Wait()
	}
}

func (t *transport) begin() bool {
	t.gate.Lock()
	defer t.gate.Unlock()
	if t.closed && t.calls == 0 {
		return false
	}
	t.calls++
	return true
}

func (t *transport) end() {
	t.gate.Lock()
	defer t.gate.Unlock()
	t.calls--
	t.ended.Broadcast()
}

// RoundTrip runs the handler of the request's host.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !t.begin() {
		return nil, api.Errorf(api.CodeUnavailable, "the store has been closed")
	}
	engine, err := t.engine(r.Context(), r.URL.Host)
	if err != nil {
		t.end()
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{}) // from here on the request may have an effect
	}
	reader, writer := io.Pipe()
	reply := &replyWriter{header: http.Header{}, body: writer, begun: make(chan struct{})}
	// Who leaves reads no further, and the handler's writes fail from then on.
	stop := context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
	go func() { // close waits for it
		defer t.end()
		defer stop()
		reply.serve(engine, received(r))
	}()
	select {
	case <-reply.begun:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return &http.Response{
		Status: http.StatusText(reply.status), StatusCode: reply.status, Header: reply.header, Body: reader,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: -1, Request: r,
	}, nil
}

func (t *transport) engine(ctx context.Context, host string) (http.Handler, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if engine := t.engines[host]; engine != nil {
		return engine, nil
	}
	engine, err := t.handler(ctx, host)
	if err == nil {
		t.engines[host] = engine
	}
	return engine, err
}

// received is the request as a server sees it.
func received(r *http.Request) *http.Request {
	in := r.Clone(r.Context())
	in.Host, in.RequestURI, in.RemoteAddr = r.URL.Host, r.URL.RequestURI(), "127.0.0.1:0"
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

// replyWriter hands a handler's reply over as it is written.
type replyWriter struct {
	header http.Header
	status int
	body   *io.PipeWriter
	begin  sync.Once
	begun  chan struct{}
}

func (w *replyWriter) serve(h http.Handler, r *http.Request) {
	defer func() {
		var err error
		if recover() != nil { // what the engine does not recover means: cut the reply off
			err = io.ErrUnexpectedEOF
		}
		w.WriteHeader(http.StatusOK)
		_ = w.body.CloseWithError(err) // never fails
	}()
	h.ServeHTTP(w, r)
}

// Header gives the reply's headers, as long as they are not sent.
func (w *replyWriter) Header() http.Header {
	if w.status != 0 {
		return http.Header{}
	}
	return w.header
}

// WriteHeader sends the status; only the first counts.
func (w *replyWriter) WriteHeader(status int) {
	w.begin.Do(func() {
		w.status = status
		close(w.begun)
	})
}

// Write sends a part of the body.
func (w *replyWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Flush does nothing: what is written is there.
func (w *replyWriter) Flush() {}
