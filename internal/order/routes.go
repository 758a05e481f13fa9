package order

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// Handler answers the service's routes. With anyHost it answers requests that
// name any host, not only those from this machine.
func (s *Service) Handler(anyHost bool) http.Handler {
	return web.NewEngine(web.EngineOptions{Log: s.log, AnyHost: anyHost, Door: web.Door{Accounts: s.accounts}}, s.Routes())
}

// Routes is the order service's part of the contract.
func (s *Service) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/v1/orders", Handler: s.getOrders},
		{Method: http.MethodPut, Path: "/v1/orders/:id", Handler: s.putOrder},
		{Method: http.MethodGet, Path: "/v1/orders/:id", Handler: s.getOrder},
		{Method: http.MethodPost, Path: "/v1/orders/:id/cancel", Handler: s.postCancel},
	}
}

func (s *Service) getOrders(c *gin.Context) (any, error) {
	v, err := web.Query(c, "after", "limit", "sort", "all")
	if err != nil {
		return nil, err
	}
	q := ListQuery{Account: web.CallerOf(c).Account, After: v.Get("after"), Newest: v.Get("sort") == "newest"}
	if sort := v.Get("sort"); sort != "" && sort != "newest" && sort != "oldest" {
		return nil, api.Errorf(api.CodeInvalid, "sort is oldest or newest, not %q", sort)
	}
	if q.After != "" {
		if q.After, err = api.ParseID(q.After); err != nil {
			return nil, err
		}
	}
	all, err := web.BoolParam(v, "all")
	if err != nil {
		return nil, err
	}
	if all {
		if !web.CallerOf(c).May(api.ScopeStaff) {
			return nil, api.Errorf(api.CodeForbidden, "only the shop's staff sees everybody's orders")
		}
		q.Account = ""
	}
	if q.Limit, err = web.LimitParam(v); err != nil {
		return nil, err
	}
	return s.Orders(c.Request.Context(), q)
}

func (s *Service) getOrder(c *gin.Context) (any, error) {
	id, err := api.ParseID(c.Param("id"))
	if err != nil {
		return nil, err
	}
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	account := web.CallerOf(c).Account
	if web.CallerOf(c).May(api.ScopeStaff) {
		account = ""
	}
	return s.Order(c.Request.Context(), account, id)
}

func (s *Service) putOrder(c *gin.Context) (any, error) {
	id, err := api.ParseID(c.Param("id"))
	if err != nil {
		return nil, err
	}
	request, err := web.Decode[api.OrderRequest](c)
	if err != nil {
		return nil, err
	}
	order, created, err := s.Place(c.Request.Context(), web.CallerOf(c).Account, id, request)
	if err != nil {
		return nil, err
	}
	if created && order.State == api.OrderConfirmed {
		header := http.Header{"Location": {"/v1/orders/" + id}}
		return web.Reply{Status: http.StatusCreated, Header: header, Body: &order}, nil
	}
	return known(&order), nil
}

func (s *Service) postCancel(c *gin.Context) (any, error) {
	id, err := api.ParseID(c.Param("id"))
	if err != nil {
		return nil, err
	}
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	order, err := s.Cancel(c.Request.Context(), web.CallerOf(c).Account, id)
	if err != nil {
		return nil, err
	}
	return known(&order), nil
}

// known answers an order: 200, or 202 with where to ask again if it is not
// settled.
func known(order *api.Order) web.Reply {
	if order.State != api.OrderPending && order.State != api.OrderCancelling {
		return web.Reply{Status: http.StatusOK, Body: order}
	}
	header := http.Header{"Location": {"/v1/orders/" + order.ID}, "Retry-After": {"1"}}
	return web.Reply{Status: http.StatusAccepted, Header: header, Body: order}
}
