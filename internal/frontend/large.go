package frontend

import (
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// largeAtOnce is how many large answers are fetched at a time. It is the services
// who make them, and bound that themselves.
const largeAtOnce = 64

// maxBody is how much a service takes on a route, in bytes: so much is read for
// it, and no more.
func maxBody(r api.Route) int64 {
	switch r.Method + " " + r.Path {
	case "POST /v1/imports":
		return api.MaxImportBytes
	case "POST /v1/books", "PATCH /v1/books/{book}":
		return api.MaxBookBytes
	default:
		return web.DefaultMaxBody
	}
}

// admitLarge refuses a large body before it is read, if its sender may not use
// the route: else anybody's megabytes would be kept until the service has judged
// them.
func (f *FrontEnd) admitLarge(c *gin.Context, route api.Route) error {
	length := c.Request.ContentLength
	if length >= 0 && length <= web.DefaultMaxBody || maxBody(route) <= web.DefaultMaxBody || !f.client.Serves(api.Accounts) {
		return nil
	}
	me, err := f.me(c)
	if err != nil {
		return err
	}
	if !slices.Contains(me.Scopes, route.Access.Scope()) {
		return api.Errorf(api.CodeForbidden, "this is for the shop's staff")
	}
	return nil
}
