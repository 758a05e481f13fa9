package local

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func serving(h http.HandlerFunc) *transport {
	return newTransport(func(context.Context, string) (http.Handler, error) { return h, nil })
}

func request(ctx context.Context, t *testing.T, method, body string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://books.local/a%2Fb?c=d", reader)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAHandlerSeesWhatAServerWouldSee(t *testing.T) {
	calls := serving(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // nil would panic
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Seen", r.Method+" "+r.Host+" "+r.RequestURI+" "+r.Proto)
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Late", "1")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(body)
	})
	for _, body := range []string{"", "hello"} {
		response, err := calls.RoundTrip(request(t.Context(), t, http.MethodPut, body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusTeapot || string(got) != body || err != nil || response.Header.Get("X-Late") != "" {
			t.Errorf("%d %q %v %v", response.StatusCode, got, response.Header, err)
		}
		if want := "PUT books.local /a%2Fb?c=d HTTP/1.1"; response.Header.Get("X-Seen") != want {
			t.Errorf("seen %q, want %q", response.Header.Get("X-Seen"), want)
		}
	}
}

func TestAnAnswerIsReadWhileItIsWritten(t *testing.T) {
	more := make(chan struct{})
	calls := serving(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "one\n")
		<-more
		_, _ = io.WriteString(w, "two\n")
	})
	response, err := calls.RoundTrip(request(t.Context(), t, http.MethodGet, ""))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(response.Body)
	first, _ := lines.ReadString('\n')
	close(more)
	second, _ := lines.ReadString('\n')
	if _, end := lines.ReadByte(); first != "one\n" || second != "two\n" || !errors.Is(end, io.EOF) {
		t.Errorf("%q, %q, %v", first, second, end)
	}
}

func TestANothingIsAnAnswerToo(t *testing.T) {
	response, err := serving(func(http.ResponseWriter, *http.Request) {}).RoundTrip(request(t.Context(), t, http.MethodGet, ""))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(response.Body); response.StatusCode != http.StatusOK || len(body) != 0 || err != nil {
		t.Errorf("%d %q %v", response.StatusCode, body, err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"before the answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"in the middle of it": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "begun")
			<-r.Context().Done()
			<-time.After(time.Hour) // a handler that does not notice
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start, calls := time.Now(), serving(handler)
				response, err := calls.RoundTrip(request(ctx, t, http.MethodGet, ""))
				if err == nil {
					_, err = io.ReadAll(response.Body)
				}
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
					t.Errorf("%v after %v", err, time.Since(start))
				}
				calls.close()
			})
		})
	}
}

func TestAPanicCutsTheAnswerOff(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"at once": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"in the middle": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "{")
			panic("boom")
		},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := serving(handler).RoundTrip(request(t.Context(), t, http.MethodPut, "x"))
			if err == nil {
				_, err = io.ReadAll(response.Body)
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAReaderWhoLeavesStopsTheHandler(t *testing.T) {
	written := make(chan error, 1)
	calls := serving(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := io.WriteString(w, "more and more"); err != nil {
				written <- err
				return
			}
		}
	})
	response, err := calls.RoundTrip(request(t.Context(), t, http.MethodGet, ""))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := <-written; err == nil {
		t.Error("it writes on")
	}
	calls.close()
}
