package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/pkg/api"
)

// Query reads the query's parameters. One that is not among the allowed, one
// that stands twice and one that is wrongly encoded are [api.CodeInvalid].
func Query(c *gin.Context, allowed ...string) (url.Values, error) {
	raw := c.Request.URL.RawQuery
	if raw == "" {
		return url.Values{}, nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, api.Errorf(api.CodeInvalid, "the query is wrongly encoded: %w", err)
	}
	for name, given := range values {
		if !slices.Contains(allowed, name) {
			return nil, api.Errorf(api.CodeInvalid, "unknown parameter %q; %s", name, known(allowed))
		}
		if len(given) > 1 {
			return nil, api.Errorf(api.CodeInvalid, "parameter %s stands %d times; give it once", name, len(given))
		}
		if !utf8.ValidString(given[0]) || strings.IndexByte(given[0], 0) >= 0 {
			return nil, api.Errorf(api.CodeInvalid, "parameter %s is not valid UTF-8 text", name)
		}
	}
	return values, nil
}

func known(allowed []string) string {
	if len(allowed) == 0 {
		return "there are none here"
	}
	return "known are " + strings.Join(allowed, ", ")
}

// IntParam reads a whole number from least to most; nil if the parameter is
// absent.
func IntParam(v url.Values, name string, least, most int64) (*int64, error) {
	if !v.Has(name) {
		return nil, nil
	}
	n, err := strconv.ParseInt(v.Get(name), 10, 64)
	if err != nil || n < least || n > most {
		return nil, api.Errorf(api.CodeInvalid, "parameter %s: %q is not a whole number from %d to %d", name, v.Get(name), least, most)
	}
	return &n, nil
}

// BoolParam reads true or false; false if the parameter is absent.
func BoolParam(v url.Values, name string) (bool, error) {
	switch value := v.Get(name); {
	case value == "true":
		return true, nil
	case value == "false" || !v.Has(name):
		return false, nil
	default:
		return false, api.Errorf(api.CodeInvalid, "parameter %s: %q is neither true nor false", name, value)
	}
}

// LimitParam reads how many items a page may have ("limit"): 1 to
// [api.MaxLimit], [api.DefaultLimit] if absent.
func LimitParam(v url.Values) (int, error) {
	n, err := IntParam(v, "limit", 1, api.MaxLimit)
	if err != nil {
		return 0, err
	}
	if n == nil {
		return api.DefaultLimit, nil
	}
	return int(*n), nil
}
