package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
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
