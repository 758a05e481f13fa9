package frontend

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// noAccounts answers the account service's routes where there is none: everyone
// is local.
func noAccounts(c *gin.Context) (any, error) {
	if c.FullPath() != "/v1/me" || (c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead) {
		return nil, api.Errorf(api.CodeForbidden, "this store has no accounts: everyone who reaches it is %q, and may do anything", api.LocalAccount)
	}
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	return api.Local(), nil
}
