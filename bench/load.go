package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// wire is one kept-alive connection that carries requests written beforehand:
// what the generator spends is taken from the server it measures.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte // of the last answer
}

func dial(ctx context.Context, addr string) (*wire, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, in: bufio.NewReaderSize(conn, 32<<10)}, nil
}

// do sends a request and reads its answer whole.
func (w *wire) do(request []byte) (status int, err error) {
	if err := w.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := w.conn.Write(request); err != nil {
		return 0, err
	}
	line, err := w.in.ReadSlice('\n')
	if err != nil || len(line) < len("HTTP/1.1 200") {
		return 0, fmt.Errorf("status line %q: %w", line, err)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length, err := w.contentLength()
	if err != nil {
		return 0, err
	}
	if cap(w.body) < length {
		w.body = make([]byte, length)
	}
	w.body = w.body[:length]
	_, err = io.ReadFull(w.in, w.body)
	return status, err
}

// contentLength reads the headers.
func (w *wire) contentLength() (length int, err error) {
	length = -1
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if name := []byte("Content-Length: "); bytes.HasPrefix(line, name) {
			if length, err = strconv.Atoi(string(line[len(name):])); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, errors.New("the answer has no Content-Length")
	}
	return length, nil
}

// get is the request for a path.
func get(path string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
}

// send is a request with a JSON body, and more header lines, each with its end.
func send(method, path, body, header string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s",
		method, path, len(body), header, body)
}

// slice is what a load did in some time; cpu is what it cost servers, if that
// was looked at.
type slice struct {
	took  time.Duration
	times []time.Duration
	cpu   []time.Duration
}

// cost is the CPU time of one request in the n-th server, in microseconds.
func (s *slice) cost(n int) float64 {
	if n >= len(s.cpu) || len(s.times) == 0 {
		return 0
	}
	return float64(s.cpu[n].Microseconds()) / float64(len(s.times))
}

func (s *slice) rate() float64 { return perSecond(len(s.times), s.took) }

// load sends requests to a server on n connections for a time; next makes a
// connection's next one. Every answer must have the status wanted.
func load(ctx context.Context, addr string, n int, d time.Duration, wanted int, next func(conn int) []byte) (s slice, err error) {
	wires := make([]*wire, n)
	for i := range wires {
		if wires[i], err = dial(ctx, addr); err != nil {
			return s, err
		}
		defer func() { _ = wires[i].conn.Close() }() // whatever it says, it is gone
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	start := time.Now()
	for i, w := range wires {
		all.Go(func() {
			mine, failed := w.repeat(start.Add(d), wanted, func() []byte { return next(i) })
			mu.Lock()
			defer mu.Unlock()
			s.times = append(s.times, mine...)
			err = errors.Join(err, failed)
		})
	}
	all.Wait()
	s.took = time.Since(start)
	return s, err
}

func (w *wire) repeat(until time.Time, wanted int, next func() []byte) (times []time.Duration, err error) {
	for start := time.Now(); start.Before(until); {
		status, err := w.do(next())
		if err != nil {
			return times, err
		}
		if status != wanted {
			return times, fmt.Errorf("status %d, not %d: %s", status, wanted, w.body)
		}
		now := time.Now()
		times = append(times, now.Sub(start))
		start = now
	}
	return times, nil
}
