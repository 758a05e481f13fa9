package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bazar-store/bazar/pkg/api"
)

// Introspect asks for whom a token stands; for services.
func (c *Client) Introspect(ctx context.Context, token string) (who api.Introspection, err error) {
	err = c.do(ctx, call{
		service: api.Accounts, method: http.MethodPost, path: "/v1/introspect", body: api.IntrospectionRequest{Token: token},
	}, &who)
	return who, err
}

// Register makes an account, where registration is open.
func (c *Client) Register(ctx context.Context, r api.NewAccount) (account api.Account, err error) {
	err = c.do(ctx, call{
		service: api.Accounts, method: http.MethodPost, path: "/v1/accounts", body: r, anonymous: true, private: true,
	}, &account)
	return account, err
}

// AddAccount makes an account for somebody; for admins.
func (c *Client) AddAccount(ctx context.Context, r api.NewAccount) (account api.Account, err error) {
	err = c.do(ctx, call{service: api.Accounts, method: http.MethodPost, path: "/v1/accounts", body: r, private: true}, &account)
	return account, err
}

// Accounts gives a page of accounts, by id behind after; for admins.
func (c *Client) Accounts(ctx context.Context, limit int, after string) (page api.AccountList, err error) {
	err = c.do(ctx, call{
		service: api.Accounts, method: http.MethodGet, path: "/v1/accounts", query: listQuery(limit, "after", after),
	}, &page)
	return page, err
}

// Account gives the account with a name or id; for admins.
func (c *Client) Account(ctx context.Context, ref string) (account api.Account, err error) {
	err = c.do(ctx, call{service: api.Accounts, method: http.MethodGet, path: "/v1/accounts/" + url.PathEscape(ref)}, &account)
	return account, err
}

// EditAccount changes the role or the state of the account with a name or id;
// for admins.
func (c *Client) EditAccount(ctx context.Context, ref string, edit api.AccountEdit) (account api.Account, err error) {
	err = c.do(ctx, call{
		service: api.Accounts, method: http.MethodPatch, path: "/v1/accounts/" + url.PathEscape(ref), body: edit,
	}, &account)
	return account, err
}

// Login makes a token for who knows an account's password.
func (c *Client) Login(ctx context.Context, r api.TokenRequest) (issued api.IssuedToken, err error) {
	err = c.do(ctx, call{service: api.Accounts, method: http.MethodPost, path: "/v1/tokens", body: r, anonymous: true, private: true}, &issued)
	return issued, err
}

// Tokens gives a page of the account's own tokens, by id behind after.
func (c *Client) Tokens(ctx context.Context, limit int, after string) (page api.TokenList, err error) {
	err = c.do(ctx, call{
		service: api.Accounts, method: http.MethodGet, path: "/v1/tokens", query: listQuery(limit, "after", after),
	}, &page)
	return page, err
}

// CurrentToken stands in [Client.RevokeToken] for the token that is sent along.
const CurrentToken = "current"

// RevokeToken ends one of the account's own tokens.
func (c *Client) RevokeToken(ctx context.Context, id string) (token api.Token, err error) {
	err = c.do(ctx, call{service: api.Accounts, method: http.MethodDelete, path: "/v1/tokens/" + url.PathEscape(id)}, &token)
	return token, err
}

// Me says for whom the token stands that is sent along.
func (c *Client) Me(ctx context.Context) (me api.Me, err error) {
	err = c.do(ctx, call{service: api.Accounts, method: http.MethodGet, path: "/v1/me"}, &me)
	return me, err
}

// ChangePassword gives the account another password, and revokes its other
// tokens.
func (c *Client) ChangePassword(ctx context.Context, r api.PasswordChange) (account api.Account, err error) {
	err = c.do(ctx, call{service: api.Accounts, method: http.MethodPut, path: "/v1/me/password", body: r, private: true}, &account)
	return account, err
}
