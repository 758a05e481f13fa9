package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// BenchmarkGet compares a GET through the engine with net/http alone, on a
// socket and on the handler itself; the promise is at least half of net/http's
// rate on the socket.
func BenchmarkGet(b *testing.B) {
	logger, err := web.NewLogger(io.Discard, "info")
	if err != nil {
		b.Fatal(err)
	}
	book := api.Topic{Slug: "distributed-systems", Name: "Distributed systems", Books: 42}
	handlers := map[string]http.Handler{
		"bare": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"slug":"distributed-systems","name":"Distributed systems","books":42}`+"\n")
		}),
		"engine": web.NewEngine(web.EngineOptions{Log: logger}, []web.Route{
			get("/v1/topics/:slug", func(c *gin.Context) (any, error) {
				if _, err := web.Query(c); err != nil {
					return nil, err
				}
				return book, nil
			}),
		}),
	}
	for name, h := range handlers {
		b.Run("socket/"+name, func(b *testing.B) { onSocket(b, h) })
		b.Run("handler/"+name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest(http.MethodGet, "http://localhost/v1/topics/x", http.NoBody)
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

func onSocket(b *testing.B, h http.Handler) {
	server := httptest.NewServer(h)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, _ := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL+"/v1/topics/x", http.NoBody)
			response, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	})
}
