package client

import (
	"context"
	"net/http"

	"github.com/bazar-store/bazar/pkg/api"
)

// Introspect asks for whom a token stands; for services.
func (c *Client) Introspect(ctx context.Context, token string) (who api.Introspection, err error) {
	err = c.do(ctx, call{
		service: api.Accounts, method: http.MethodPost, path: "/v1/introspect", body: api.IntrospectionRequest{Token: token},
	}, &who)
	return who, err
}
