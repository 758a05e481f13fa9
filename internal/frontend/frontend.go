// Package frontend is what `bazar serve` adds to the services: the store's
// small public REST, and the way to those routes of the contract that are
// public. It calls the services by the same client as everybody.
package frontend

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// FrontEnd answers for the whole store behind one address.
type FrontEnd struct {
	client *client.Client
}

// New makes a front end that calls the services by c.
func New(c *client.Client) *FrontEnd { return &FrontEnd{client: c} }

// Routes is the front end's own REST and, from the contract, the public routes
// of the services. What is not listed does not exist here.
func (f *FrontEnd) Routes() []web.Route {
	routes := []web.Route{
		{Method: http.MethodGet, Path: "/search/:topic", Handler: f.search},
		{Method: http.MethodGet, Path: "/info/:item", Handler: f.info},
		{Method: http.MethodPost, Path: "/purchase/:item", Handler: f.purchase},
	}
	for _, r := range api.Routes() {
		if r.Public && r.Service != api.FrontEnd {
			routes = append(routes, web.Route{
				Method: r.Method, Path: ginPath(r.Path), Handler: f.forward(r.Service), MaxBody: api.MaxImportBytes,
			})
		}
	}
	return routes
}

// ginPath turns "/books/{book}" into Gin's "/books/:book".
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// forwarded are the headers that go along to a service.
func forwarded() []string {
	return []string{"Accept", "Content-Type", "If-Match", "If-None-Match"}
}

// forward sends a request on as it is, and answers what the service answers.
func (f *FrontEnd) forward(service api.Service) web.Handler {
	return func(c *gin.Context) (any, error) {
		body, err := io.ReadAll(c.Request.Body)
		if err != nil {
			return nil, err
		}
		request, err := http.NewRequestWithContext(c.Request.Context(), c.Request.Method, c.Request.URL.RequestURI(),
			strings.NewReader(string(body)))
		if err != nil {
			return nil, api.Errorf(api.CodeInvalid, "%w", err)
		}
		for _, name := range forwarded() {
			if values := c.Request.Header.Values(name); len(values) > 0 {
				request.Header[name] = values
			}
		}
		request.Header.Set("X-Request-Id", web.RequestID(c))
		response, answer, err := f.client.Send(service, request)
		if err != nil {
			return nil, err
		}
		return reply(response, answer), nil
	}
}

func reply(response *http.Response, body []byte) web.Reply {
	r := web.Reply{Status: response.StatusCode, Header: http.Header{}}
	for _, name := range [...]string{"Etag", "Location", "Retry-After"} {
		if value := response.Header.Get(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	if len(body) > 0 {
		r.Body = json.RawMessage(body)
	}
	return r
}

// search is GET /search/{topic}: the first books of a topic, as their /v1 twin.
func (f *FrontEnd) search(c *gin.Context) (any, error) {
	v, err := web.Query(c, "limit", "cursor")
	if err != nil {
		return nil, err
	}
	limit, err := web.LimitParam(v)
	if err != nil {
		return nil, err
	}
	return f.client.Books(c.Request.Context(), api.BookQuery{Topic: c.Param("topic"), Limit: limit, Cursor: v.Get("cursor")})
}

// info is GET /info/{item}: a book.
func (f *FrontEnd) info(c *gin.Context) (any, error) {
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	book, err := f.client.Book(c.Request.Context(), c.Param("item"))
	if err != nil {
		return nil, err
	}
	return web.Reply{Header: http.Header{"Etag": {book.ETag()}}, Status: http.StatusOK, Body: &book}, nil
}

// Purchase is the body of POST /purchase/{item}; without one, a copy is bought
// at whatever it costs.
type Purchase struct {
	Quantity int64      `json:"quantity"`
	MaxPrice *api.Money `json:"max_price"`
}

// purchase is POST /purchase/{item}: an order of one line.
func (f *FrontEnd) purchase(c *gin.Context) (any, error) {
	wish, err := web.DecodeOptional[Purchase](c)
	if err != nil {
		return nil, err
	}
	if wish == nil {
		wish = &Purchase{Quantity: 1}
	}
	id, err := orderID(c)
	if err != nil {
		return nil, err
	}
	book, isbn, err := api.ParseBookRef(c.Param("item"))
	if err != nil {
		return nil, err
	}
	if isbn != "" {
		found, err := f.client.Book(c.Request.Context(), isbn)
		if err != nil {
			return nil, err
		}
		book = found.ID
	}
	order, err := f.client.PlaceOrder(c.Request.Context(), id, api.OrderRequest{
		Lines: []api.LineRequest{{BookID: book, Quantity: wish.Quantity, MaxPrice: wish.MaxPrice}},
	})
	if err != nil {
		return nil, err
	}
	return ordered(&order), nil
}

func ordered(order *api.Order) web.Reply {
	r := web.Reply{Status: http.StatusCreated, Header: http.Header{"Location": {"/v1/orders/" + order.ID}}, Body: order}
	if order.State == api.OrderPending {
		r.Status = http.StatusAccepted
		r.Header.Set("Retry-After", strconv.Itoa(1))
	}
	return r
}

// orderID makes the order's id of the Idempotency-Key, so that a repeated
// request is the same order: the key itself if it is a UUID, else a UUID named
// after account and key (RFC 9562, version 5).
func orderID(c *gin.Context) (string, error) {
	keys := c.Request.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return api.NewID(), nil
	}
	key := strings.Trim(keys[0], `"`)
	if len(keys) > 1 || key == "" || len(key) > 255 {
		return "", api.Errorf(api.CodeInvalid, "Idempotency-Key is one text of 1 to 255 characters")
	}
	if id, err := api.ParseID(key); err == nil {
		return id, nil
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("bazar:"+web.Account(c)+":"+key)).String(), nil
}
