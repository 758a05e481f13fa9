package simulation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"time"
)

// The errors of connections, as those of the system.
var (
	errRefused = errors.New("connection refused")
	errReset   = errors.New("connection reset by peer")
)

// link is a party's way to the services ([http.RoundTripper]).
type link struct {
	world *world
	from  string
	dice  *dice
	gone  <-chan struct{} // closed by the party's own crash; nil: never
}

// message is a request on its way.
type message struct {
	from, to     string
	method, path string // with its query
	header       http.Header
	body         []byte
}

func (m *message) String() string {
	return fmt.Sprintf("%s → %s %s %s %s", m.from, m.to, m.method, m.path, short(m.body))
}

// short is the beginning of a body, up to what differs each time.
func short(body []byte) []byte {
	body, _, _ = bytes.Cut(body, []byte(`,"request_id"`))
	return bytes.TrimSpace(body[:min(len(body), 240)])
}

// arrival is what comes back.
type arrival struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (a *arrival) String() string {
	if a.err != nil {
		return a.err.Error()
	}
	return fmt.Sprintf("%d %s", a.status, short(a.body))
}

// RoundTrip sends a request through the network's weather.
func (l *link) RoundTrip(r *http.Request) (*http.Response, error) {
	m, err := l.message(r)
	if err != nil {
		return nil, err
	}
	f := l.world.fate(l.dice, m)
	to := l.world.nodes[m.to]
	if f.death.at == onCall && l.gone != nil {
		l.world.nodes[l.from].crash(f.death, nil)
	}
	if f.refused || isOver(l.gone) || !to.isUp() {
		l.world.log("%v: refused", m)
		return nil, errRefused
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{}) // from here on the request may have an effect
	}
	ctx, hangUp := context.WithCancel(l.world.ctx)
	defer func() {
		if f.hangsUp {
			hangUp()
		}
	}()
	arrived := make(chan arrival, 1)
	l.world.flights.Go(func() {
		defer hangUp()
		l.world.carry(ctx, m, f, arrived)
	})
	select {
	case a := <-arrived:
		if a.err != nil {
			return nil, a.err
		}
		return a.response(r, f.cutAnswer), nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-l.gone:
		return nil, errReset
	}
}

func (l *link) message(r *http.Request) (m *message, err error) {
	m = &message{from: l.from, to: r.URL.Host, method: r.Method, path: r.URL.RequestURI(), header: r.Header.Clone()}
	if r.Body != nil {
		m.body, err = io.ReadAll(r.Body)
		err = errors.Join(err, r.Body.Close())
	}
	return m, err
}

// carry takes a request to its service, as often as its fate says, and what is
// answered back.
func (w *world) carry(ctx context.Context, m *message, f fate, arrived chan<- arrival) {
	<-time.After(f.out)
	if f.twice {
		w.flights.Go(func() { w.again(*m, f.again) })
	}
	a := arrival{err: errReset}
	if !f.lostRequest {
		a = w.nodes[m.to].serve(ctx, m, f.death, f.cutRequest)
	}
	lost := f.lostRequest || f.lostAnswer || f.cutRequest >= 0
	w.log("%v: %v%s", m, &a, f)
	<-time.After(f.back)
	if lost && w.damage.answer(m, &a) {
		lost = false
	}
	switch {
	case lost && f.silent: // the caller waits until it has no patience left
	case lost:
		arrived <- arrival{err: errReset}
	default:
		arrived <- a
	}
}

// again delivers a request a second time; nobody hears the answer.
func (w *world) again(m message, late time.Duration) {
	<-time.After(late)
	w.damage.again(&m)
	a := w.nodes[m.to].serve(w.ctx, &m, death{}, -1)
	w.log("%v: again, %s late: %v", &m, late, &a)
}

// ask has a handler answer the request, whose body breaks off at cut unless that
// is negative.
func (m *message) ask(ctx context.Context, h http.Handler, cut int) (a arrival) {
	body := io.Reader(bytes.NewReader(m.body))
	if cut >= 0 {
		body = io.MultiReader(bytes.NewReader(m.body[:cut]), broken{})
	}
	r, err := http.NewRequestWithContext(ctx, m.method, m.path, body)
	if err != nil {
		return arrival{err: err}
	}
	r.Header, r.Host, r.RequestURI, r.RemoteAddr = m.header.Clone(), m.to, m.path, "192.0.2.1:1234"
	r.ContentLength = int64(len(m.body)) // as its header says, also where the rest does not come
	if len(m.body) == 0 {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	defer func() {
		if recover() != nil { // what the engine does not recover means: cut the answer off
			a = arrival{err: errReset}
		}
	}()
	h.ServeHTTP(w, r)
	return arrival{status: w.Code, header: w.Result().Header, body: w.Body.Bytes()}
}

// broken is the rest of a body that does not come.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// response is what the caller gets of an answer, cut off in its middle or whole.
func (a *arrival) response(r *http.Request, cut int) *http.Response {
	body := io.Reader(bytes.NewReader(a.body))
	if cut >= 0 && cut < len(a.body) {
		body = io.MultiReader(bytes.NewReader(a.body[:cut]), broken{})
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Header: a.header, Body: io.NopCloser(body),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: -1, Request: r,
	}
}

// is says whether a request has a method, and a path that begins so.
func (m *message) is(method, path string) bool {
	return m.method == method && strings.HasPrefix(m.path, path)
}
