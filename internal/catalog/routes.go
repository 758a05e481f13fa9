package catalog

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// Handler answers the service's routes. With anyHost it answers requests that
// name any host, not only those from this machine.
func (s *Service) Handler(anyHost bool) http.Handler {
	return web.NewEngine(web.EngineOptions{Log: s.log, AnyHost: anyHost, Door: s.door}, s.Routes())
}

// Routes is the catalog's part of the contract.
func (s *Service) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/v1/store", Handler: s.getStore},
		{Method: http.MethodGet, Path: "/v1/topics", Handler: s.getTopics},
		{Method: http.MethodGet, Path: "/v1/books", Handler: s.getBooks},
		{Method: http.MethodPost, Path: "/v1/books", Handler: s.postBook, MaxBody: api.MaxBookBytes},
		{Method: http.MethodGet, Path: "/v1/books/:book", Handler: s.getBook},
		{Method: http.MethodPatch, Path: "/v1/books/:book", Handler: s.patchBook, MaxBody: api.MaxBookBytes},
		{Method: http.MethodGet, Path: "/v1/books/:book/history", Handler: s.getHistory},
		{Method: http.MethodPut, Path: "/v1/books/:book/movements/:id", Handler: s.putMovement},
		{Method: http.MethodGet, Path: "/v1/imports", Handler: s.getImports},
		{Method: http.MethodPost, Path: "/v1/imports", Handler: s.postImport, MaxBody: api.MaxImportBytes},
		{Method: http.MethodGet, Path: "/v1/imports/:id", Handler: s.getImport},
		{Method: http.MethodPost, Path: "/v1/imports/:id/undo", Handler: s.postUndo},
		{Method: http.MethodPost, Path: "/v1/reservations", Handler: s.postReservations, MaxBody: api.MaxImportBytes},
		{Method: http.MethodGet, Path: "/v1/reservations", Handler: s.getReservations},
		{Method: http.MethodGet, Path: "/v1/reservations/:id", Handler: s.getReservation},
		{Method: http.MethodDelete, Path: "/v1/reservations/:id", Handler: s.deleteReservation},
		{Method: http.MethodGet, Path: "/v1/movements", Handler: s.getMovements},
	}
}

func (s *Service) getStore(c *gin.Context) (any, error) {
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	return s.Store(c.Request.Context())
}

func (s *Service) getTopics(c *gin.Context) (any, error) {
	limit, cursor, err := listQuery(c, "cursor")
	if err != nil {
		return nil, err
	}
	return s.Topics(c.Request.Context(), limit, cursor)
}

// listQuery reads the query of a list that has nothing but a limit and where to
// go on.
func listQuery(c *gin.Context, position string) (limit int, from string, err error) {
	v, err := web.Query(c, "limit", position)
	if err != nil {
		return 0, "", err
	}
	limit, err = web.LimitParam(v)
	return limit, v.Get(position), err
}

func (s *Service) getBooks(c *gin.Context) (any, error) {
	q, err := bookQuery(c)
	if err != nil {
		return nil, err
	}
	return s.Search(c.Request.Context(), q)
}

func bookQuery(c *gin.Context) (q api.BookQuery, err error) {
	v, err := web.Query(c, "q", "topic", "words", "author", "in_stock", "retired", "min_price", "max_price",
		"currency", "sort", "limit", "cursor")
	if err != nil {
		return q, err
	}
	q = api.BookQuery{
		Q: v.Get("q"), Topic: v.Get("topic"), Words: v.Get("words"), Author: v.Get("author"),
		Currency: v.Get("currency"), Sort: v.Get("sort"), Cursor: v.Get("cursor"),
	}
	if q.InStock, err = web.BoolParam(v, "in_stock"); err != nil {
		return q, err
	}
	if q.All, err = web.BoolParam(v, "retired"); err != nil {
		return q, err
	}
	if q.MinPrice, err = web.IntParam(v, "min_price", 0, api.MaxAmount); err != nil {
		return q, err
	}
	if q.MaxPrice, err = web.IntParam(v, "max_price", 0, api.MaxAmount); err != nil {
		return q, err
	}
	q.Limit, err = web.LimitParam(v)
	return q, err
}

func (s *Service) getBook(c *gin.Context) (any, error) {
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	book, err := s.Book(c.Request.Context(), c.Param("book"))
	if err != nil {
		return nil, err
	}
	return tagged(c, http.StatusOK, &book), nil
}

// tagged answers a book with its entity tag, or with 304 to who has it already.
func tagged(c *gin.Context, status int, book *api.Book) web.Reply {
	tag := book.ETag()
	header := http.Header{"Etag": {tag}}
	for known := range strings.SplitSeq(c.GetHeader("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			return web.Reply{Status: http.StatusNotModified, Header: header}
		}
	}
	return web.Reply{Status: status, Header: header, Body: book}
}

func (s *Service) postBook(c *gin.Context) (any, error) {
	edit, err := web.Decode[api.BookEdit](c)
	if err != nil {
		return nil, err
	}
	book, err := s.Create(c.Request.Context(), edit)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Location": {"/v1/books/" + strconv.FormatInt(book.ID, 10)}, "Etag": {book.ETag()}}
	return web.Reply{Status: http.StatusCreated, Header: header, Body: &book}, nil
}

func (s *Service) patchBook(c *gin.Context) (any, error) {
	match, err := ifMatch(c.GetHeader("If-Match"))
	if err != nil {
		return nil, err
	}
	edit, err := web.Decode[api.BookEdit](c)
	if err != nil {
		return nil, err
	}
	book, err := s.Edit(c.Request.Context(), c.Param("book"), match, edit)
	if err != nil {
		return nil, err
	}
	return web.Reply{Status: http.StatusOK, Header: http.Header{"Etag": {book.ETag()}}, Body: &book}, nil
}

// ifMatch reads the version of "<version>" or of a whole entity tag, whose other
// part is the stock: copies sold meanwhile are no reason to refuse an edit.
func ifMatch(header string) (*int64, error) {
	if header == "" || header == "*" {
		return nil, nil // no condition
	}
	tag := strings.TrimSuffix(strings.TrimPrefix(header, `"`), `"`)
	number, _, _ := strings.Cut(tag, "-")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil || len(tag) != len(header)-2 {
		return nil, api.Errorf(api.CodeInvalid, `If-Match %s is not a version such as "3"`, header)
	}
	return &version, nil
}

func (s *Service) getHistory(c *gin.Context) (any, error) {
	limit, cursor, err := listQuery(c, "cursor")
	if err != nil {
		return nil, err
	}
	return s.History(c.Request.Context(), c.Param("book"), limit, cursor)
}

func (s *Service) putMovement(c *gin.Context) (any, error) {
	id, err := api.ParseID(c.Param("id"))
	if err != nil {
		return nil, err
	}
	movement, err := web.Decode[api.MovementRequest](c)
	if err != nil {
		return nil, err
	}
	return s.Move(c.Request.Context(), c.Param("book"), id, movement)
}

func (s *Service) postImport(c *gin.Context) (any, error) {
	request, err := web.Decode[api.ImportRequest](c)
	if err != nil {
		return nil, err
	}
	return s.Import(c.Request.Context(), request)
}

func (s *Service) getImports(c *gin.Context) (any, error) {
	limit, cursor, err := listQuery(c, "cursor")
	if err != nil {
		return nil, err
	}
	return s.Imports(c.Request.Context(), limit, cursor)
}

func (s *Service) getImport(c *gin.Context) (any, error) {
	limit, cursor, err := listQuery(c, "cursor")
	if err != nil {
		return nil, err
	}
	return s.ImportReport(c.Request.Context(), c.Param("id"), limit, cursor)
}

func (s *Service) postUndo(c *gin.Context) (any, error) {
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	return s.Undo(c.Request.Context(), c.Param("id"))
}

func (s *Service) postReservations(c *gin.Context) (any, error) {
	batch, err := web.Decode[api.ReservationBatch](c)
	if err != nil {
		return nil, err
	}
	results, err := s.Reserve(c.Request.Context(), batch.Reservations)
	if err != nil {
		return nil, err
	}
	return api.ReservationResults{Results: results}, nil
}

func (s *Service) getReservations(c *gin.Context) (any, error) {
	limit, after, err := listQuery(c, "after")
	if err != nil {
		return nil, err
	}
	return s.Reservations(c.Request.Context(), limit, after)
}

func (s *Service) deleteReservation(c *gin.Context) (any, error) {
	id, err := api.ParseID(c.Param("id"))
	if err != nil {
		return nil, err
	}
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	return s.Release(c.Request.Context(), id)
}

func (s *Service) getReservation(c *gin.Context) (any, error) {
	id, err := api.ParseID(c.Param("id"))
	if err != nil {
		return nil, err
	}
	if _, err := web.Query(c); err != nil {
		return nil, err
	}
	return s.Reservation(c.Request.Context(), id)
}

func (s *Service) getMovements(c *gin.Context) (any, error) {
	v, err := web.Query(c, "after", "limit", "sort", "operation")
	if err != nil {
		return nil, err
	}
	q := api.MovementQuery{Sort: v.Get("sort"), After: v.Get("after")}
	if v.Has("operation") {
		if q.Operation, err = api.ParseID(v.Get("operation")); err != nil {
			return nil, err
		}
	}
	if q.Limit, err = web.LimitParam(v); err != nil {
		return nil, err
	}
	return s.Movements(c.Request.Context(), q)
}
