package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// ServeWithin is Serve with another drain time.
func ServeWithin(ctx context.Context, log *slog.Logger, s Settings, svc Service, drain time.Duration) error {
	return serve(ctx, log, s, svc, drain)
}

// NewServer is the server behind each address.
func NewServer(ctx context.Context, log *slog.Logger, h http.Handler) *http.Server {
	return newServer(ctx, log, h)
}

// VersionOf is Version of another build.
func VersionOf(info *debug.BuildInfo) string { return versionOf(info) }

// MaxRefused is of how many tokens that stand for nobody something is remembered.
const MaxRefused = maxRefused

// Remembered is of how many tokens something is remembered: of those that stand
// for somebody, and of those that do not.
func Remembered(cached Introspector) (known, refused int) {
	t, _ := cached.(*tokens)
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.known), len(t.refused)
}

// Acting answers requests as if a service had sent them, and shown that it did.
func Acting(s api.Service, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, string(s))))
	})
}
