package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// serveEchoCatalog takes whatever is asked for, without a database: the words
// of the catalog, on the same engine.
func serveEchoCatalog(ctx context.Context, log *slog.Logger) error {
	reserve := func(c *gin.Context) (any, error) {
		batch, err := web.Decode[api.ReservationBatch](c)
		if err != nil {
			return nil, err
		}
		title, price := "A book", api.Money{Amount: 1_000, Currency: "USD"}
		var results api.ReservationResults
		for _, r := range batch.Reservations {
			taken := api.Reservation{ID: r.ID, State: api.Taken}
			for _, l := range r.Lines {
				taken.Lines = append(taken.Lines, api.ReservedLine{BookID: l.BookID, Quantity: l.Quantity, Title: &title, Price: &price})
			}
			results.Results = append(results.Results, taken)
		}
		return results, nil
	}
	return web.Serve(ctx, log, settings(), web.Service{Name: "echo-catalog", Handler: web.NewEngine(web.EngineOptions{Log: log}, []web.Route{
		{Method: http.MethodPost, Path: "/v1/reservations", Handler: reserve},
	})})
}

// serveEchoOrders asks a catalog for every order, one call each, and answers as
// the order service does, without a database.
func serveEchoOrders(ctx context.Context, log *slog.Logger, catalogURL string) error {
	serving, books, err := beforeCatalog(log, catalogURL)
	if err != nil {
		return err
	}
	put := func(c *gin.Context) (any, error) {
		request, err := web.Decode[api.OrderRequest](c)
		if err != nil {
			return nil, err
		}
		taken, err := books.Reserve(c.Request.Context(), []api.ReservationRequest{{ID: c.Param("id"), Lines: request.Lines}})
		if err != nil {
			return nil, err
		}
		return web.Reply{Status: http.StatusCreated, Body: confirmed(taken[0])}, nil
	}
	return web.Serve(ctx, log, serving, web.Service{Name: "echo-order", Handler: web.NewEngine(web.EngineOptions{Log: log}, []web.Route{
		{Method: http.MethodPut, Path: "/v1/orders/:id", Handler: put},
	})})
}

func confirmed(r api.Reservation) *api.Order {
	order := &api.Order{ID: r.ID, AccountID: api.LocalAccount, State: api.OrderConfirmed, CreatedAt: time.Now().UTC(), UpdatedAt: time.Now().UTC()}
	total := api.Money{}
	for _, l := range r.Lines {
		order.Lines = append(order.Lines, api.OrderLine{BookID: l.BookID, Quantity: l.Quantity, Title: l.Title, Price: l.Price})
		total = api.Money{Amount: total.Amount + l.Price.Amount*l.Quantity, Currency: l.Price.Currency}
	}
	order.Total = &total
	return order
}
