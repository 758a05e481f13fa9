package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

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

func decodeStrict[T any](body []byte) (*T, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	v := new(T)
	if err := decoder.Decode(v); err != nil {
		return nil, explain[T](body, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, api.Errorf(api.CodeInvalid, "the body goes on after its JSON value")
	}
	if string(bytes.TrimSpace(body)) == "null" {
		return nil, api.Errorf(api.CodeInvalid, "the body is null; send a JSON object")
	}
	if err := checkMembers(body); err != nil {
		return nil, err
	}
	return v, nil
}

// explain says in our words what encoding/json found wrong.
func explain[T any](body []byte, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return api.Errorf(api.CodeInvalid, "the body is not JSON: %w at byte %d", err, syntax.Offset)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return api.Errorf(api.CodeInvalid, "the body is not JSON: it ends too early")
	}
	// encoding/json has no type for this one.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return api.Errorf(api.CodeInvalid, "unknown member %s", name)
	}
	member := wrongMember[T](body)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return api.Errorf(api.CodeInvalid, "%s must be %s, not %s", memberPath(member, wrong.Field), kindName(wrong.Type), clip(wrong.Value))
	}
	return api.Wrap(api.CodeInvalid, err, memberPath(member, "")+" cannot be read")
}

// wrongMember finds the member of the body's object that does not decode: the
// error of a type that decodes itself does not name it.
func wrongMember[T any](body []byte) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		one, err := json.Marshal(map[string]json.RawMessage{name: members[name]})
		if err != nil || json.Unmarshal(one, new(T)) != nil {
			return name
		}
	}
	return ""
}

func memberPath(member, field string) string {
	first, _, _ := strings.Cut(field, ".")
	switch {
	case member == "" && field == "":
		return "the body"
	case member == "" || member == first:
		return field
	case field == "":
		return member
	default:
		return member + "." + field
	}
}

func kindName(t reflect.Type) string {
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

func clip(value string) string {
	if len(value) > 40 {
		return value[:40] + "…"
	}
	return value
}
