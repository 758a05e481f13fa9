package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/bazar-store/bazar/pkg/api"
)

// Store says which store answers.
func (c *Client) Store(ctx context.Context) (store api.Store, err error) {
	err = c.do(ctx, call{service: api.Catalog, method: http.MethodGet, path: "/v1/store"}, &store)
	return store, err
}

// Topics gives a page of topics; cursor "" is the first.
func (c *Client) Topics(ctx context.Context, limit int, cursor string) (page api.TopicList, err error) {
	err = c.do(ctx, call{
		service: api.Catalog, method: http.MethodGet, path: "/v1/topics", query: listQuery(limit, "cursor", cursor),
	}, &page)
	return page, err
}

func listQuery(limit int, position, from string) url.Values {
	v := url.Values{}
	if limit != 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	if from != "" {
		v.Set(position, from)
	}
	return v
}

// Books gives a page of what the query finds.
func (c *Client) Books(ctx context.Context, q api.BookQuery) (page api.BookList, err error) {
	err = c.do(ctx, call{service: api.Catalog, method: http.MethodGet, path: "/v1/books", query: q.Values()}, &page)
	return page, err
}

func bookPath(ref string) string { return "/v1/books/" + url.PathEscape(ref) }

// Book gives the book with an item number or ISBN.
func (c *Client) Book(ctx context.Context, ref string) (book api.Book, err error) {
	err = c.do(ctx, call{service: api.Catalog, method: http.MethodGet, path: bookPath(ref)}, &book)
	return book, err
}

// AddBook adds a book.
func (c *Client) AddBook(ctx context.Context, e api.BookEdit) (book api.Book, err error) {
	err = c.do(ctx, call{service: api.Catalog, method: http.MethodPost, path: "/v1/books", body: e}, &book)
	return book, err
}

// EditBook changes what is known of a book; version 0 edits whichever is there.
func (c *Client) EditBook(ctx context.Context, ref string, version int64, e api.BookEdit) (book api.Book, err error) {
	edit := call{service: api.Catalog, method: http.MethodPatch, path: bookPath(ref), body: e}
	if version != 0 {
		edit.header = http.Header{"If-Match": {strconv.Quote(strconv.FormatInt(version, 10))}}
	}
	err = c.do(ctx, edit, &book)
	return book, err
}

// Move changes a book's stock, once for an id.
func (c *Client) Move(ctx context.Context, ref, id string, m api.MovementRequest) (book api.Book, err error) {
	err = c.do(ctx, call{
		service: api.Catalog, method: http.MethodPut, path: bookPath(ref) + "/movements/" + url.PathEscape(id), body: m,
	}, &book)
	return book, err
}

// History gives a page of a book's price changes and stock movements.
func (c *Client) History(ctx context.Context, ref string, limit int, cursor string) (page api.History, err error) {
	err = c.do(ctx, call{
		service: api.Catalog, method: http.MethodGet, path: bookPath(ref) + "/history", query: listQuery(limit, "cursor", cursor),
	}, &page)
	return page, err
}

// Import sends a part of a book file.
func (c *Client) Import(ctx context.Context, r api.ImportRequest) (results api.ImportResults, err error) {
	err = c.do(ctx, call{service: api.Catalog, method: http.MethodPost, path: "/v1/imports", body: r}, &results)
	return results, err
}

// Imports gives a page of the imports' reports, the latest first.
func (c *Client) Imports(ctx context.Context, limit int, cursor string) (page api.ImportList, err error) {
	err = c.do(ctx, call{
		service: api.Catalog, method: http.MethodGet, path: "/v1/imports", query: listQuery(limit, "cursor", cursor),
	}, &page)
	return page, err
}

// ImportReport gives an import with a page of what it did to books.
func (c *Client) ImportReport(ctx context.Context, id string, limit int, cursor string) (page api.ImportReport, err error) {
	err = c.do(ctx, call{
		service: api.Catalog, method: http.MethodGet, path: "/v1/imports/" + url.PathEscape(id), query: listQuery(limit, "cursor", cursor),
	}, &page)
	return page, err
}

// UndoImport takes an import back, some of it with each call; it is done when
// the state is [api.ImportUndone].
func (c *Client) UndoImport(ctx context.Context, id string) (progress api.UndoProgress, err error) {
	err = c.do(ctx, call{
		service: api.Catalog, method: http.MethodPost, path: "/v1/imports/" + url.PathEscape(id) + "/undo",
	}, &progress)
	return progress, err
}

// Reserve has the catalog decide reservations; for the order service alone.
func (c *Client) Reserve(ctx context.Context, batch []api.ReservationRequest) ([]api.Reservation, error) {
	var results api.ReservationResults
	err := c.do(ctx, call{
		service: api.Catalog, method: http.MethodPost, path: "/v1/reservations", body: api.ReservationBatch{Reservations: batch},
	}, &results)
	return results.Results, err
}

// Release gives back what was taken for an order, or sees to it that nothing
// ever will be; for the order service alone.
func (c *Client) Release(ctx context.Context, id string) (r api.Reservation, err error) {
	err = c.do(ctx, call{service: api.Catalog, method: http.MethodDelete, path: "/v1/reservations/" + url.PathEscape(id)}, &r)
	return r, err
}

// Reservations gives a page of decided reservations, by id.
func (c *Client) Reservations(ctx context.Context, limit int, after string) (page api.ReservationList, err error) {
	err = c.do(ctx, call{
		service: api.Catalog, method: http.MethodGet, path: "/v1/reservations", query: listQuery(limit, "after", after),
	}, &page)
	return page, err
}

// Reservation gives the decided reservation of an order.
func (c *Client) Reservation(ctx context.Context, id string) (reservation api.Reservation, err error) {
	err = c.do(ctx, call{service: api.Catalog, method: http.MethodGet, path: "/v1/reservations/" + url.PathEscape(id)}, &reservation)
	return reservation, err
}

// Movements gives a page of the stock ledger.
func (c *Client) Movements(ctx context.Context, q api.MovementQuery) (page api.MovementList, err error) {
	query := listQuery(q.Limit, "after", q.After)
	if q.Sort != "" {
		query.Set("sort", q.Sort)
	}
	if q.Operation != "" {
		query.Set("operation", q.Operation)
	}
	err = c.do(ctx, call{service: api.Catalog, method: http.MethodGet, path: "/v1/movements", query: query}, &page)
	return page, err
}
