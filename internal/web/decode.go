package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/bazar-store/bazar/pkg/api"
)

// Decode reads the request's JSON body into a T, strictly: an unknown, doubled
// or differently capitalised member, a wrong type, trailing data, invalid
// UTF-8, an empty body and a Content-Type other than JSON are
// [api.CodeInvalid], with the member named; a body over the route's limit is
// [api.CodeTooLarge]. Members are in snake_case. What takes a body takes no
// query: a parameter is [api.CodeInvalid] too.
func Decode[T any](c *gin.Context) (T, error) {
	v, err := DecodeOptional[T](c)
	if err == nil && v == nil {
		err = api.Errorf(api.CodeInvalid, "the body is empty; send a JSON object")
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return *v, nil
}

// DecodeOptional is [Decode] where the body may be left out; it is nil then.
func DecodeOptional[T any](c *gin.Context) (*T, error) {
	if _, err := Query(c); err != nil {
		return nil, err
	}
	body, err := ReadBody(c.Request)
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return nil, err
	}
	if err := checkContentType(c.Request.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	if !utf8.Valid(body) {
		return nil, api.Errorf(api.CodeInvalid, "the body is not valid UTF-8")
	}
	return decodeStrict[T](body)
}

// ReadBody reads the request's body whole. One over the route's limit is
// [api.CodeTooLarge], one that ends too early [api.CodeInvalid].
func ReadBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		return body, nil
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, api.Errorf(api.CodeTooLarge, "the body is larger than the %d bytes allowed here", tooLarge.Limit)
	}
	if ctxErr := r.Context().Err(); ctxErr != nil {
		return nil, ctxErr
	}
	return nil, api.Wrap(api.CodeInvalid, err, "the body ended too early")
}

func checkContentType(header string) error {
	if header == "" {
		return nil
	}
	kind, params, err := mime.ParseMediaType(header)
	charset := params["charset"]
	if err != nil || kind != "application/json" || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return api.Errorf(api.CodeInvalid, "the body is %q; send application/json", header)
	}
	return nil
}

// decodeStrict reads JSON as version 2 of encoding/json does: names match to the
// letter, and none stands twice.
func decodeStrict[T any](body []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(body, v, json.RejectUnknownMembers(true)); err != nil {
		return nil, explain(body, err)
	}
	if string(bytes.TrimSpace(body)) == "null" {
		return nil, api.Errorf(api.CodeInvalid, "the body is null; send a JSON object")
	}
	return v, nil
}

// explain says in our words what is wrong with a body.
func explain(body []byte, err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return explainSyntax(body, syntax)
	}
	wrong, ok := errors.AsType[*json.SemanticError](err)
	switch {
	case !ok:
		return api.Wrap(api.CodeInvalid, err, "the body cannot be read")
	case errors.Is(wrong.Err, json.ErrUnknownName):
		return api.Errorf(api.CodeInvalid, "unknown member %q", wrong.JSONPointer.LastToken())
	case wrong.GoType == reflect.TypeFor[time.Time]() && wrong.JSONKind == '"':
		return api.Wrap(api.CodeInvalid, err, memberPath(wrong.JSONPointer)+" cannot be read")
	default:
		return api.Errorf(api.CodeInvalid, "%s must be %s, not %s", memberPath(wrong.JSONPointer), kindName(wrong.GoType), found(wrong))
	}
}

func explainSyntax(body []byte, err *jsontext.SyntacticError) error {
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return api.Errorf(api.CodeInvalid, "member %q stands twice", err.JSONPointer.LastToken())
	case errors.Is(err, io.ErrUnexpectedEOF):
		return api.Errorf(api.CodeInvalid, "the body is not JSON: it ends too early")
	case err.JSONPointer == "" && jsontext.Value(bytes.TrimSpace(body[:err.ByteOffset])).IsValid():
		return api.Errorf(api.CodeInvalid, "the body goes on after its JSON value")
	default:
		return api.Errorf(api.CodeInvalid, "the body is not JSON: something is wrong at byte %d", err.ByteOffset+1)
	}
}

// memberPath is the way to a value in the body, as people write it, without the
// places in lists.
func memberPath(to jsontext.Pointer) string {
	var names []string
	for name := range to.Tokens() {
		if _, err := strconv.ParseUint(name, 10, 32); err != nil {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "the body"
	}
	return strings.Join(names, ".")
}

func kindName(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	default:
		return "a whole number that fits"
	}
}

// found says what stands where something else should.
func found(wrong *json.SemanticError) string {
	switch kind := wrong.JSONKind; {
	case kind == '{':
		return "an object"
	case kind == '[':
		return "a list"
	case kind == '0' && len(wrong.JSONValue) > 0:
		return "number " + clip(string(wrong.JSONValue))
	default:
		return kind.String()
	}
}

func clip(value string) string {
	if len(value) > 40 {
		return value[:40] + "…"
	}
	return value
}
