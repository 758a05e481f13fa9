package web

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/pkg/api"
)

// requestIDHeader carries a request's id from program to program and into
// every log on its way.
const requestIDHeader = "X-Request-Id"

// ClientAddress is the header in which the front end tells the account service
// where a request comes from. Nobody else is believed.
const ClientAddress = "Bazar-Client-Address"

// PeerAddress is where a request comes from, host and port: the connection's
// other end, whatever the request says of itself; or what the front end says it
// is, if it has shown that it is the front end.
func PeerAddress(r *http.Request) string {
	if told := r.Header.Get(ClientAddress); told != "" && serviceOf(r) == api.FrontEnd {
		return told
	}
	return r.RemoteAddr
}

// RequestID is the id of the request: the caller's X-Request-Id if it can
// stand (1 to 64 of A-Z, a-z, 0-9, ".", "_", "-", and no token), else a new one.
// It is on the reply, in every problem and in every log line.
func RequestID(c *gin.Context) string { return c.Writer.Header().Get(requestIDHeader) }

// identify gives the request its id, kept on the reply's header because it has
// to be there anyway.
func identify(c *gin.Context) string {
	id := c.Request.Header.Get(requestIDHeader)
	if !validRequestID(id) {
		id = rand.Text()
	}
	h := c.Writer.Header()
	h[requestIDHeader] = []string{id}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	return id
}

func validRequestID(id string) bool {
	if id == "" || len(id) > 64 || strings.Contains(id, api.TokenPrefix) {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// record writes the request's line in the log.
func (a *adapter) record(c *gin.Context, start time.Time, err error) {
	ctx, status := c.Request.Context(), c.Writer.Status()
	level := levelOf(c.Request, status)
	if !a.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs,
		slog.String("method", c.Request.Method),
		slog.String("route", c.FullPath()),
		slog.String("path", redacted(c.Request.URL.Path)),
		slog.Int("status", status),
		slog.Duration("duration", time.Since(start)),
		slog.Int("bytes", max(c.Writer.Size(), 0)),
		slog.String("request_id", RequestID(c)))
	if caller, ok := ServiceOf(c.Request); ok {
		attrs = append(attrs, slog.String("caller", caller))
	}
	if err != nil {
		problem := api.AsError(err)
		attrs = append(attrs, slog.String("code", string(problem.Code)))
		// What says why a request cannot be read quotes it, and it may have a
		// password in the wrong place. The caller was told.
		if problem.Code != api.CodeInvalid {
			attrs = append(attrs, slog.String("error", redacted(err.Error())))
		}
		if cause := problem.Unwrap(); cause != nil {
			attrs = append(attrs, slog.String("cause", redacted(cause.Error())))
		}
	}
	a.log.LogAttrs(ctx, level, "request", attrs...)
}

// redacted is a text without the tokens that somebody put where none belongs.
func redacted(text string) string {
	before, rest, found := strings.Cut(text, api.TokenPrefix)
	if !found {
		return text
	}
	rest = strings.TrimLeftFunc(rest, func(r rune) bool {
		return (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
	})
	return before + "(a token)" + redacted(rest)
}

func levelOf(r *http.Request, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError && r.Context().Err() == nil:
		return slog.LevelError
	case status >= http.StatusInternalServerError:
		// The caller left: nothing is wrong with this server.
		return slog.LevelInfo
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}
