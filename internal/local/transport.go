package local

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
)

// transport calls handlers in memory ([http.RoundTripper]). Replies stream: the
// caller reads while the handler writes.
type transport struct {
	handler func(ctx context.Context, host string) (http.Handler, error)
	running sync.WaitGroup

	mu      sync.Mutex
	engines map[string]http.Handler
}

// RoundTrip runs the handler of the request's host.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	engine, err := t.engine(r.Context(), r.URL.Host)
	if err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{}) // from here on the request may have an effect
	}
	reader, writer := io.Pipe()
	reply := &replyWriter{header: http.Header{}, body: writer, begun: make(chan struct{})}
	// Who leaves reads no further, and the handler's writes fail from then on.
	stop := context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
	t.running.Go(func() {
		defer stop()
		reply.serve(engine, received(r))
	})
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
