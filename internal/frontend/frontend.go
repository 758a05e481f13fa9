// Package frontend is what `bazar serve` adds to the services: the store's
// small public REST, and the way to those routes of the contract that are
// public. It calls the services by the same client as everybody.
package frontend

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
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
				Method: r.Method, Path: web.GinPath(r.Path), Handler: f.forward(r), MaxBody: maxBody(r),
			})
		}
	}
	return routes
}

// forward sends a request on as it is, and answers what the service answers.
func (f *FrontEnd) forward(route api.Route) web.Handler {
	if route.Service == api.Accounts && !f.client.Serves(api.Accounts) {
		return noAccounts
	}
	return func(c *gin.Context) (any, error) {
		u := c.Request.URL
		if !plainPath(u) {
			return nil, api.Errorf(api.CodeNotFound, "there is nothing at %s", u.EscapedPath())
		}
		if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead {
			// The engine leaves the body of a HEAD's answer out.
			return f.ask(c, route.Service, http.MethodGet, u.RequestURI(), nil)
		}
		if err := f.admitLarge(c, route); err != nil {
			return nil, err
		}
		body, err := web.ReadBody(c.Request)
		if err != nil {
			return nil, err
		}
		return f.ask(c, route.Service, c.Request.Method, u.RequestURI(), body)
	}
}

// plainPath says whether a path means the same to everybody: a proxy on the way
// to a service may resolve dots and encoded slashes, and come to a route that
// is not public.
func plainPath(u *url.URL) bool {
	return path.Clean(u.Path) == u.Path && strings.Count(u.Path, "/") == strings.Count(u.EscapedPath(), "/")
}

// forwarded are the headers that go along to a service: the caller's token as it
// came, and nothing by which a service shows that it is one.
func forwarded() []string {
	return []string{"Accept", "Authorization", "Content-Type", "If-Match", "If-None-Match"}
}

// ask sends a request to a service for the caller, and answers what it answers.
func (f *FrontEnd) ask(c *gin.Context, service api.Service, method, uri string, body []byte) (any, error) {
	answer, err := f.send(c, service, method, uri, body)
	if err != nil {
		return nil, err
	}
	return reply(answer), nil
}

func (f *FrontEnd) send(c *gin.Context, service api.Service, method, uri string, body []byte) (answer client.Answer, err error) {
	request, err := http.NewRequestWithContext(c.Request.Context(), method, uri, bytes.NewReader(body))
	if err != nil {
		return answer, api.Errorf(api.CodeInvalid, "%w", err)
	}
	for _, name := range forwarded() {
		if values := c.Request.Header.Values(name); len(values) > 0 {
			request.Header[name] = values
		}
	}
	request.Header.Set("X-Request-Id", web.RequestID(c))
	if service == api.Accounts {
		request.Header.Set(web.ClientAddress, c.Request.RemoteAddr)
	}
	return f.client.Send(service, request)
}

func reply(a client.Answer) web.Reply {
	r := web.Reply{Status: a.Status, Header: http.Header{}}
	for _, name := range [...]string{"Cache-Control", "Etag", "Location", "Retry-After"} {
		if value := a.Header.Get(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	if len(a.Body) > 0 {
		r.Body = json.RawMessage(a.Body)
	}
	return r
}

// search is GET /search/{topic}: the books of a topic, page by page.
func (f *FrontEnd) search(c *gin.Context) (any, error) {
	v, err := web.Query(c, "limit", "cursor")
	if err != nil {
		return nil, err
	}
	v.Set("topic", c.Param("topic"))
	return f.ask(c, api.Catalog, http.MethodGet, "/v1/books?"+v.Encode(), nil)
}

// info is GET /info/{item}: a book.
func (f *FrontEnd) info(c *gin.Context) (any, error) {
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	if _, _, err := api.ParseBookRef(c.Param("item")); err != nil {
		return nil, err
	}
	return f.ask(c, api.Catalog, http.MethodGet, "/v1/books/"+url.PathEscape(c.Param("item")), nil)
}

// Purchase is the body of POST /purchase/{item}. Without a quantity one copy is
// bought; without a limit, at whatever it costs.
type Purchase struct {
	Quantity *int64     `json:"quantity"`
	MaxPrice *api.Money `json:"max_price"`
}

// purchase is POST /purchase/{item}: an order of one line.
func (f *FrontEnd) purchase(c *gin.Context) (any, error) {
	wish, err := web.DecodeOptional[Purchase](c)
	if err != nil {
		return nil, err
	}
	id, err := f.orderID(c)
	if err != nil {
		return nil, err
	}
	line := api.LineRequest{Quantity: 1}
	if line.BookID, err = f.itemNumber(c); err != nil {
		return nil, err
	}
	if wish != nil {
		line.MaxPrice = wish.MaxPrice
		if wish.Quantity != nil {
			line.Quantity = *wish.Quantity
		}
	}
	body, err := json.Marshal(api.OrderRequest{Lines: []api.LineRequest{line}})
	if err != nil {
		return nil, err
	}
	c.Request.Header.Set("Content-Type", "application/json") // of our body; the caller may have sent none
	reply, err := f.ask(c, api.Orders, http.MethodPut, "/v1/orders/"+id, body)
	if e := api.AsError(err); err != nil && e.Code == api.CodeOutcomeUnknown {
		e.OrderID = id // it is all the caller has to ask for the order by
	}
	return reply, err
}

// itemNumber is the number of the item in the path, which may name it by ISBN.
func (f *FrontEnd) itemNumber(c *gin.Context) (int64, error) {
	id, isbn, err := api.ParseBookRef(c.Param("item"))
	if err != nil || isbn == "" {
		return id, err
	}
	book, err := f.client.Book(c.Request.Context(), isbn)
	return book.ID, err
}

// orderID makes the order's id of the Idempotency-Key, so that a repeated
// request is the same order: the key itself if it is a UUID, else a UUID named
// after account and key (RFC 9562, version 5).
func (f *FrontEnd) orderID(c *gin.Context) (string, error) {
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
	account, err := f.account(c)
	if err != nil {
		return "", err
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("bazar:"+account+":"+key)).String(), nil
}

// account is the id of the caller's account, as the account service says to the
// caller's own token.
func (f *FrontEnd) account(c *gin.Context) (string, error) {
	if account := web.CallerOf(c).Account; account != "" {
		return account, nil
	}
	me, err := f.me(c)
	return me.ID, err
}

// me is for whom the caller's own token stands.
func (f *FrontEnd) me(c *gin.Context) (me api.Me, err error) {
	answer, err := f.send(c, api.Accounts, http.MethodGet, "/v1/me", nil)
	if err != nil {
		return me, err
	}
	if err := json.Unmarshal(answer.Body, &me); err != nil || me.ID == "" {
		return me, api.Wrap(api.CodeUnavailable, err, "the account service did not say whose token this is; nothing was done")
	}
	return me, nil
}
