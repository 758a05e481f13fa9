package account

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// Handler answers the service's routes, for callers that its own tokens stand
// for, and services that show which one they are.
func (s *Service) Handler(door web.Door) http.Handler {
	door.Accounts = s
	return web.NewEngine(web.EngineOptions{Log: s.log, Door: door}, s.Routes())
}

// Routes is the account service's part of the contract.
func (s *Service) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodPost, Path: "/v1/accounts", Handler: s.postAccount},
		{Method: http.MethodGet, Path: "/v1/accounts", Handler: s.getAccounts},
		{Method: http.MethodGet, Path: "/v1/accounts/:account", Handler: s.getAccount},
		{Method: http.MethodPatch, Path: "/v1/accounts/:account", Handler: s.patchAccount},
		{Method: http.MethodGet, Path: "/v1/me", Handler: s.getMe},
		{Method: http.MethodPut, Path: "/v1/me/password", Handler: s.putPassword},
		{Method: http.MethodPost, Path: "/v1/tokens", Handler: s.postToken},
		{Method: http.MethodGet, Path: "/v1/tokens", Handler: s.getTokens},
		{Method: http.MethodDelete, Path: "/v1/tokens/:id", Handler: s.deleteToken},
		{Method: http.MethodPost, Path: "/v1/introspect", Handler: s.postIntrospect},
	}
}

// bearer is the token that a request came with; the engine has looked at it.
func bearer(c *gin.Context) string {
	_, token, _ := strings.Cut(c.Request.Header.Get("Authorization"), " ")
	return token
}

func (s *Service) postAccount(c *gin.Context) (any, error) {
	request, err := web.Decode[api.NewAccount](c)
	if err != nil {
		return nil, err
	}
	account, err := s.add(c, request)
	if err != nil {
		return nil, err
	}
	return web.Reply{Status: http.StatusCreated, Header: http.Header{"Location": {"/v1/accounts/" + account.ID}}, Body: &account}, nil
}

// add lets an admin make any account, and others only where registration is
// open.
func (s *Service) add(c *gin.Context, request api.NewAccount) (api.Account, error) {
	if web.CallerOf(c).May(api.ScopeAdmin) {
		return s.Create(c.Request.Context(), request, api.RoleCustomer)
	}
	return s.Register(c.Request.Context(), request, addressOf(web.PeerAddress(c.Request)))
}

func (s *Service) getAccounts(c *gin.Context) (any, error) {
	after, limit, err := pageOf(c)
	if err != nil {
		return nil, err
	}
	return s.Accounts(c.Request.Context(), limit, after)
}

// pageOf reads which page of a list is asked for.
func pageOf(c *gin.Context) (after string, limit int, err error) {
	v, err := web.Query(c, "after", "limit")
	if err != nil {
		return "", 0, err
	}
	if v.Has("after") {
		if after, err = api.ParseID(v.Get("after")); err != nil {
			return "", 0, err
		}
	}
	limit, err = web.LimitParam(v)
	return after, limit, err
}

// accountParam reads the name or id of an account in the path.
func accountParam(c *gin.Context) (string, error) {
	if id, err := api.ParseID(c.Param("account")); err == nil {
		return id, nil
	}
	return api.ParseAccountName(c.Param("account"))
}

func (s *Service) getAccount(c *gin.Context) (any, error) {
	ref, err := accountParam(c)
	if err != nil {
		return nil, err
	}
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	return s.Account(c.Request.Context(), ref)
}

func (s *Service) patchAccount(c *gin.Context) (any, error) {
	ref, err := accountParam(c)
	if err != nil {
		return nil, err
	}
	edit, err := web.Decode[api.AccountEdit](c)
	if err != nil {
		return nil, err
	}
	return s.Edit(c.Request.Context(), ref, edit)
}

func (s *Service) getMe(c *gin.Context) (any, error) {
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	who := web.CallerOf(c)
	return api.Me{ID: who.Account, Name: who.Name, Role: who.Role, Scopes: who.Scopes, ExpiresAt: who.ExpiresAt}, nil
}

func (s *Service) putPassword(c *gin.Context) (any, error) {
	change, err := web.Decode[api.PasswordChange](c)
	if err != nil {
		return nil, err
	}
	return s.ChangePassword(c.Request.Context(), web.CallerOf(c).Name, bearer(c), change, addressOf(web.PeerAddress(c.Request)))
}

func (s *Service) postToken(c *gin.Context) (any, error) {
	request, err := web.Decode[api.TokenRequest](c)
	if err != nil {
		return nil, err
	}
	issued, err := s.Login(c.Request.Context(), request, addressOf(web.PeerAddress(c.Request)))
	if err != nil {
		return nil, err
	}
	header := http.Header{"Cache-Control": {"no-store"}}
	return web.Reply{Status: http.StatusCreated, Header: header, Body: &issued}, nil
}

func (s *Service) getTokens(c *gin.Context) (any, error) {
	after, limit, err := pageOf(c)
	if err != nil {
		return nil, err
	}
	return s.Tokens(c.Request.Context(), web.CallerOf(c).Account, bearer(c), limit, after)
}

func (s *Service) deleteToken(c *gin.Context) (any, error) {
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	id := ""
	if c.Param("id") != "current" {
		var err error
		if id, err = api.ParseID(c.Param("id")); err != nil {
			return nil, err
		}
	}
	return s.Revoke(c.Request.Context(), web.CallerOf(c).Account, bearer(c), id)
}

func (s *Service) postIntrospect(c *gin.Context) (any, error) {
	request, err := web.Decode[api.IntrospectionRequest](c)
	if err != nil {
		return nil, err
	}
	return s.Introspect(c.Request.Context(), request.Token)
}
