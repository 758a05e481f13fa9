package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/pkg/api"
)

// maxPooled is the largest buffer, in bytes, that is kept for the next reply:
// one long export must not hold its memory for ever.
const maxPooled = 64 << 10

// Reply is a value with a status other than 200 or with headers. Body nil
// means no body; Status 0 means 200, or 204 without a body.
type Reply struct {
	Status int
	Header http.Header
	Body   any
}

// encoded is a reply as it goes over the wire; body is nil if there is none.
type encoded struct {
	status      int
	header      http.Header
	contentType string
	body        *bytes.Buffer
}

// encode turns a handler's value into bytes before a header is written, so
// that a value that cannot be encoded still gets a clean answer.
func (a *adapter) encode(value any) (*encoded, error) {
	reply, ok := value.(Reply)
	if p, pointer := value.(*Reply); pointer && p != nil {
		reply = *p
	} else if !ok {
		reply = Reply{Body: value}
	}
	e := &encoded{status: reply.Status, header: reply.Header, contentType: "application/json"}
	if e.status == 0 {
		e.status = http.StatusOK
		if reply.Body == nil {
			e.status = http.StatusNoContent
		}
	}
	if reply.Body == nil || !mayHaveBody(e.status) {
		return e, nil
	}
	e.body = a.buffer()
	encoder := json.NewEncoder(e.body)
	encoder.SetEscapeHTML(false)
	return e, encoder.Encode(reply.Body)
}

func mayHaveBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

func (a *adapter) buffer() *bytes.Buffer {
	if b, ok := a.buffers.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return new(bytes.Buffer)
}

// problem makes the document of RFC 9457 for an error.
func (a *adapter) problem(err error, requestID string) *encoded {
	document := *api.AsError(err)
	document.RequestID = requestID
	document.Detail = redacted(document.Detail)
	document.Status = document.Code.Status()
	document.Retryable = document.Code.Retryable()
	// A problem consists of texts, numbers and times: encoding cannot fail.
	e, _ := a.encode(Reply{Status: document.Status, Body: &document})
	e.contentType = "application/problem+json"
	if document.Retryable {
		e.header = http.Header{"Retry-After": {strconv.Itoa(document.RetryAfter())}}
	}
	return e
}

// settle gives a context that ended its code: nothing happened to a read, but
// nobody knows how far a write came.
func settle(r *http.Request, err error) error {
	if _, known := errors.AsType[*api.Error](err); known {
		return err
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return api.Wrap(api.CodeUnavailable, err, "the request was given up before it was done; try again")
	}
	return api.Wrap(api.CodeOutcomeUnknown, err,
		"the request was given up before it was done, and may have taken effect; ask for its result before repeating it")
}

func (a *adapter) write(c *gin.Context, e *encoded) {
	h := c.Writer.Header()
	for name, values := range e.header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	c.Status(e.status)
	if e.body == nil {
		if mayHaveBody(e.status) {
			h["Content-Length"] = []string{"0"}
		}
		c.Writer.WriteHeaderNow()
		return
	}
	h["Content-Type"] = []string{e.contentType}
	h["Content-Length"] = []string{strconv.Itoa(e.body.Len())}
	if c.Request.Method == http.MethodHead {
		c.Writer.WriteHeaderNow()
	} else {
		// It fails when the client has left; there is nobody to tell.
		_ = send(c.Writer, e.body.Bytes())
	}
	if e.body.Cap() <= maxPooled {
		a.buffers.Put(e.body)
	}
}
