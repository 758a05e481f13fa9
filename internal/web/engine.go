package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/pkg/api"
)

// DefaultMaxBody is how many bytes a request's body may have where its [Route]
// says nothing else.
const DefaultMaxBody = 64 << 10

// Handler parses a request, calls one method and returns its value or an
// error; the engine writes both. A value is answered with status 200 as JSON, a
// [Reply] as it says, nil with 204.
type Handler func(c *gin.Context) (any, error)

// Route is one operation of a server. Path has its parameters in Gin's form
// (":id"); MaxBody is in bytes, 0 means [DefaultMaxBody]. A GET answers HEAD
// too. Access is who may use it: left out, what the contract has for method and
// path. Only what is not in the contract, as health, says it itself.
type Route struct {
	Method, Path string
	Handler      Handler
	MaxBody      int64
	Access       api.Access
}

// EngineOptions is what an engine needs besides its routes.
type EngineOptions struct {
	// Log gets a line a request: failures (5xx) as errors, writes as info, the
	// rest as debug.
	Log *slog.Logger
	// AnyHost lets requests name any host and come from any origin; without it
	// only those of this machine are answered. Where there are accounts it changes
	// nothing: a web page has no token, and a browser sends none by itself.
	AnyHost bool
	// Door is how callers are known.
	Door Door
	// LargeAtOnce is how many answers to those who ask for much are made ready at a
	// time; 0 means half as many as there are cores. More is for who only fetches
	// them elsewhere.
	LargeAtOnce int
}

// NewEngine makes a Gin engine that answers the routes by Bazar's conventions:
// strict paths, problem documents for every error, a request id on every
// reply and a log line for it, and nobody comes to a handler who may not. It
// panics if nobody has said who may use a route.
func NewEngine(o EngineOptions, routes []Route) *gin.Engine {
	// Gin keeps its mode in one global; the other modes print to stdout.
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	// An encoded slash stays inside its segment, so that it cannot lead to
	// another route than the one a proxy in front saw.
	engine.UseRawPath = true
	engine.UnescapePathValues = false
	engine.ForwardedByClientIP = false
	// It only fails on addresses that do not parse, and there are none.
	_ = engine.SetTrustedProxies(nil)

	a := &adapter{log: o.Log, door: o.Door, anyHost: o.AnyHost || o.Door.accounts(), large: newLargeness(o.LargeAtOnce)}
	contract := api.Routes()
	for _, r := range routes {
		handle := a.handle(r.Handler, r.MaxBody, accessOf(r, contract))
		engine.Handle(r.Method, r.Path, handle)
		if r.Method == http.MethodGet {
			engine.HEAD(r.Path, handle)
		}
	}
	engine.NoRoute(a.handle(noRoute, 0, ""))
	engine.NoMethod(a.handle(noMethod, 0, ""))
	return engine
}

func noRoute(c *gin.Context) (any, error) {
	return nil, api.Errorf(api.CodeNotFound, "there is nothing at %s", c.Request.URL.EscapedPath())
}

func noMethod(c *gin.Context) (any, error) {
	return nil, api.Errorf(api.CodeMethod, "%s does not take %s; it takes %s",
		c.Request.URL.EscapedPath(), c.Request.Method, c.Writer.Header().Get("Allow"))
}

// adapter turns handlers into Gin's.
type adapter struct {
	log     *slog.Logger
	door    Door
	anyHost bool
	buffers sync.Pool
	large   *largeness
}

func (a *adapter) handle(h Handler, maxBody int64, access api.Access) gin.HandlerFunc {
	if maxBody == 0 {
		maxBody = DefaultMaxBody
	}
	return func(c *gin.Context) {
		start := time.Now()
		id := identify(c)
		reply, err := a.call(c, h, maxBody, access)
		if err == nil {
			var end func()
			if end, err = a.large.begin(c.Request, reply); err == nil {
				defer end()
			}
		}
		if err != nil {
			err = settle(c.Request, err)
			reply = a.problem(err, id)
			if reply.status == http.StatusUnauthorized {
				challenge(c)
			}
		}
		a.write(c, reply)
		a.record(c, start, err)
	}
}

// call runs the handler up to the bytes of its reply; a panic on the way is an
// error like any other.
func (a *adapter) call(c *gin.Context, h Handler, maxBody int64, access api.Access) (reply *encoded, err error) {
	defer func() {
		if r := recover(); r != nil {
			reply, err = nil, a.recovered(c, r)
		}
	}()
	if err := a.admit(c, access); err != nil {
		return nil, err
	}
	if c.Request.Body != nil && c.Request.Body != http.NoBody {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
	}
	leave, err := a.large.enter(c)
	if err != nil {
		return nil, err
	}
	defer leave()
	value, err := h(c)
	if err != nil {
		return nil, err
	}
	return a.encode(value)
}

func (a *adapter) recovered(c *gin.Context, r any) error {
	if r == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, and a panic is any value
		panic(r)
	}
	a.log.ErrorContext(c.Request.Context(), "panic",
		"panic", redacted(fmt.Sprint(r)), "request_id", RequestID(c), "stack", string(debug.Stack()))
	// As text alone: what panicked must not choose the answer.
	return errors.New(fmt.Sprint("panic: ", r))
}

// admit refuses what no handler should see, and whoever may not use the route.
// What is no route has no access, and is looked for by anyone.
func (a *adapter) admit(c *gin.Context, access api.Access) error {
	if !a.anyHost {
		if err := checkOrigin(c.Request); err != nil {
			return err
		}
	}
	if err := plainText(c); err != nil || access == "" {
		return err
	}
	caller, err := a.door.caller(c.Request, access)
	if err != nil {
		return err
	}
	c.Set(callerSlot, caller)
	return nil
}

// plainText wants a path to be text, and gives its parameters as they are meant.
func plainText(c *gin.Context) error {
	u := c.Request.URL
	if !utf8.ValidString(u.Path) || strings.IndexByte(u.Path, 0) >= 0 {
		return api.Errorf(api.CodeInvalid, "the path is not valid UTF-8 text")
	}
	if u.RawPath == "" {
		return nil
	}
	for i := range c.Params {
		// Gin would read "+" as a space, which holds for queries only.
		value, err := url.PathUnescape(c.Params[i].Value)
		if err != nil {
			return api.Errorf(api.CodeInvalid, "the path is wrongly encoded: %w", err)
		}
		c.Params[i].Value = value
	}
	return nil
}
