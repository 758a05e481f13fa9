package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/pkg/api"
)

// readyTime is how long a service may take to say whether it is ready.
const readyTime = 2 * time.Second

type health struct {
	Status string `json:"status"`
}

// newAdmin answers what operators and orchestrators ask: /healthz (the process
// lives) and /readyz (it can serve now). Any host may ask; there is nothing to
// change here.
func newAdmin(log *slog.Logger, draining *atomic.Bool, ready func(context.Context) error) http.Handler {
	return NewEngine(EngineOptions{Log: log, AnyHost: true}, []Route{
		{Method: http.MethodGet, Path: "/healthz", Access: api.Anyone, Handler: func(*gin.Context) (any, error) {
			return health{"ok"}, nil
		}},
		{Method: http.MethodGet, Path: "/readyz", Access: api.Anyone, Handler: func(c *gin.Context) (any, error) {
			return readiness(c.Request.Context(), draining, ready)
		}},
	})
}

func readiness(ctx context.Context, draining *atomic.Bool, ready func(context.Context) error) (any, error) {
	if draining.Load() {
		return nil, api.Errorf(api.CodeUnavailable, "this server is stopping")
	}
	if ready == nil {
		return health{"ready"}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	if err := ready(ctx); err != nil {
		return nil, api.Wrap(api.CodeUnavailable, err, "this server is not ready; its log says why")
	}
	return health{"ready"}, nil
}
