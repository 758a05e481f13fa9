package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bazar-store/bazar/pkg/api"
)

// PlaceOrder places the order with this id, or goes on with it. An order that
// is still pending is no error; a refused one is, with the order's id in it.
func (c *Client) PlaceOrder(ctx context.Context, id string, r api.OrderRequest) (order api.Order, err error) {
	err = c.do(ctx, call{service: api.Orders, method: http.MethodPut, path: "/v1/orders/" + url.PathEscape(id), body: r}, &order)
	return order, err
}

// Order gives an order.
func (c *Client) Order(ctx context.Context, id string) (order api.Order, err error) {
	err = c.do(ctx, call{service: api.Orders, method: http.MethodGet, path: "/v1/orders/" + url.PathEscape(id)}, &order)
	return order, err
}

// CancelOrder takes an order back, or sees to it that the id never becomes one.
// An order that is still cancelling is no error; a rejected one is.
func (c *Client) CancelOrder(ctx context.Context, id string) (order api.Order, err error) {
	err = c.do(ctx, call{service: api.Orders, method: http.MethodPost, path: "/v1/orders/" + url.PathEscape(id) + "/cancel"}, &order)
	return order, err
}

// Orders gives a page of the account's orders: by id behind after, or with
// newest backwards from the last.
func (c *Client) Orders(ctx context.Context, limit int, after string, newest bool) (page api.OrderList, err error) {
	query := listQuery(limit, "after", after)
	if newest {
		query.Set("sort", "newest")
	}
	err = c.do(ctx, call{service: api.Orders, method: http.MethodGet, path: "/v1/orders", query: query}, &page)
	return page, err
}

// AllOrders gives a page of everybody's orders, by id; for staff.
func (c *Client) AllOrders(ctx context.Context, limit int, after string) (page api.OrderList, err error) {
	query := listQuery(limit, "after", after)
	query.Set("all", "true")
	err = c.do(ctx, call{service: api.Orders, method: http.MethodGet, path: "/v1/orders", query: query}, &page)
	return page, err
}
