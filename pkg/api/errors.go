package api

import (
	"errors"
	"fmt"
	"net/http"
)

// Code names a kind of failure. It is what programs branch on; the text beside
// it is for people.
type Code string

// The codes of the contract.
const (
	CodeInvalid         Code = "invalid_request"
	CodeMixedCurrency   Code = "mixed_currency"
	CodeUnauthenticated Code = "unauthenticated"
	CodeForbidden       Code = "forbidden"
	CodeNotFound        Code = "not_found"
	CodeMethod          Code = "method_not_allowed"
	CodeConflict        Code = "conflict"
	CodeOutOfStock      Code = "out_of_stock"
	CodePriceChanged    Code = "price_changed"
	CodeRetired         Code = "retired"
	CodeCancelled       Code = "cancelled"
	CodeVersionMismatch Code = "version_mismatch"
	CodeTooLarge        Code = "too_large"
	CodeIDReused        Code = "id_reused"
	CodeRateLimited     Code = "rate_limited"
	CodeInternal        Code = "internal"
	CodeUnavailable     Code = "unavailable"
	CodeStorageFull     Code = "storage_full"
	CodeOutcomeUnknown  Code = "outcome_unknown"
)

// Status is the HTTP status a code travels with; an unknown code is a 500.
func (c Code) Status() int {
	switch c {
	case CodeInvalid, CodeMixedCurrency:
		return http.StatusBadRequest
	case CodeUnauthenticated:
		return http.StatusUnauthorized
	case CodeForbidden:
		return http.StatusForbidden
	case CodeNotFound:
		return http.StatusNotFound
	case CodeMethod:
		return http.StatusMethodNotAllowed
	case CodeConflict, CodeOutOfStock, CodePriceChanged, CodeRetired, CodeCancelled:
		return http.StatusConflict
	case CodeVersionMismatch:
		return http.StatusPreconditionFailed
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeIDReused:
		return http.StatusUnprocessableEntity
	case CodeRateLimited:
		return http.StatusTooManyRequests
	case CodeUnavailable, CodeOutcomeUnknown:
		return http.StatusServiceUnavailable
	case CodeStorageFull:
		return http.StatusInsufficientStorage
	default:
		return http.StatusInternalServerError
	}
}

// Retryable says whether the same request may succeed later without a change.
func (c Code) Retryable() bool {
	return c == CodeRateLimited || c == CodeUnavailable || c == CodeStorageFull || c == CodeOutcomeUnknown
}

// Error is the one error type of Bazar, and on the wire the problem document
// of RFC 9457 (application/problem+json).
type Error struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      Code   `json:"code"`
	Retryable bool   `json:"retryable"`
	RequestID string `json:"request_id"`
	// OrderID and Errors stand in refusals of an order.
	OrderID string      `json:"order_id,omitempty"`
	Errors  []LineError `json:"errors,omitempty"`

	cause error
	after int
}

// LineError says why one line of an order was refused.
type LineError struct {
	BookID    int64  `json:"book_id"`
	Code      Code   `json:"code"`
	Available *int64 `json:"available"`
	Price     *Money `json:"price"`
}

// Errorf makes an [Error] whose detail people read. A %w in the format is kept
// as the cause, for logs; the wire sees only the text.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return newError(code, err.Error(), errors.Unwrap(err))
}

// Wrap makes an [Error] that says detail and keeps cause out of the text, for
// the log alone.
func Wrap(code Code, cause error, detail string) *Error { return newError(code, detail, cause) }

func newError(code Code, detail string, cause error) *Error {
	return &Error{
		Type: "about:blank", Title: http.StatusText(code.Status()), Status: code.Status(),
		Detail: detail, Code: code, Retryable: code.Retryable(), cause: cause,
	}
}

// RetryAfter is how many seconds to wait before the same request may succeed; 0
// if it never will.
func (e *Error) RetryAfter() int {
	if !e.Code.Retryable() {
		return 0
	}
	return max(e.after, 1)
}

// WithRetryAfter sets how many seconds to wait.
func (e *Error) WithRetryAfter(seconds int) *Error {
	e.after = seconds
	return e
}

// Error is the detail alone.
func (e *Error) Error() string { return e.Detail }

// Unwrap gives the cause, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf is the code of the first [Error] in the chain; [CodeInternal] if there
// is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// AsError gives the first [Error] in the chain, or an [CodeInternal] one that
// tells nothing of err but keeps it as the cause.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Wrap(CodeInternal, err, "something went wrong inside; the log has the details under this request id")
}
