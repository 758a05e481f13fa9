package harness

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestAWireCutsACallAtAnyEdge(t *testing.T) {
	for edge, want := range map[Edge]struct {
		served int
		heard  string
	}{
		Arrived: {0, ""}, Torn: {0, ""}, Passed: {1, ""}, Answered: {1, ""}, Halfway: {1, "good "}, Delivered: {1, "good bread"}, -1: {1, "good bread"},
	} {
		served := make(chan struct{}, 10)
		answered := make(chan struct{})
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			served <- struct{}{}
			if edge == Passed {
				<-r.Context().Done() // the wire hangs up
			}
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "good "+string(body))
			close(answered)
		}))
		wire := wireTo(t, strings.TrimPrefix(service.URL, "http://"))
		noted := make(chan Edge, 10)
		guard := Guard(func(c Call) func(Edge) bool {
			if c.Method != http.MethodPost || c.Path != "/a" || string(c.Body) != "bread" {
				t.Errorf("%+v", c)
			}
			return func(at Edge) bool {
				noted <- at
				return at == edge
			}
		})
		wire.Guard.Store(&guard)
		response, err := http.Post(wire.URL+"/a", "text/plain", strings.NewReader("bread"))
		heard := ""
		if err == nil {
			text, _ := io.ReadAll(response.Body)
			heard = string(text)
			response.Body.Close()
		}
		if want.served > 0 {
			<-answered
		}
		if len(served) != want.served || heard != want.heard {
			t.Errorf("edge %d: served %d times, heard %q", edge, len(served), heard)
		}
		service.Close()
		last := edge
		if edge < 0 {
			last = Delivered
		}
		var edges []Edge
		for range last + 1 { // the wire may be at the last one still, when its answer is here
			edges = append(edges, <-noted)
		}
		if !slices.Equal(edges, []Edge{Arrived, Torn, Passed, Answered, Halfway, Delivered}[:last+1]) {
			t.Errorf("edge %d: went %v", edge, edges)
		}
	}
}

// wireTo is a wire of a run that starts nothing.
func wireTo(t *testing.T, to string) *Wire {
	run := &Run{TB: t, room: NewRoom("harness", flag.NewFlagSet("", flag.ContinueOnError))}
	return run.NewWire(to)
}
