// Package order keeps orders: the purchase, from the wish to its settlement,
// and the recovery of those that were cut off half-way.
package order

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/batch"
	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

//go:embed schema/*.sql
var schema embed.FS

const (
	// liveOrder is how long an order belongs to the request that placed it,
	// before recovery takes it up.
	liveOrder = 5 * time.Second
	// callCrowd is how many orders are worth a call of the catalog while another
	// is under way.
	callCrowd = 64
	// callTime bounds a call of the catalog, and the way of an order through the
	// service; less than liveOrder, so that an order is seldom driven twice at a
	// time. Twice would be harmless.
	callTime = 4 * time.Second
)

// Catalog is what the order service needs of the catalog; the shared client is
// one. Only an answer decides: any error leaves everything open.
type Catalog interface {
	Reserve(ctx context.Context, batch []api.ReservationRequest) ([]api.Reservation, error)
	Release(ctx context.Context, id string) (api.Reservation, error)
}

// Options says how the order service is opened.
type Options struct {
	// Database is where the orders are kept: "sqlite:PATH".
	Database string
	// OpenLog opens the database's log; nil for the system's files. See
	// [database.WithLog].
	OpenLog func(path string) (database.Log, error)
	Catalog Catalog
	// Accounts says for whom tokens stand; nil where there are no accounts.
	Accounts web.Introspector
	Log      *slog.Logger
	// BatchCallers bounds how many orders share a transaction, or a call of the
	// catalog; 256 by default.
	BatchCallers int
}

// Service is an open order service.
type Service struct {
	db       *database.DB
	catalog  Catalog
	accounts web.Introspector
	log      *slog.Logger
	present  atomic.Int64 // orders that are on their way through the service
	writes   *batch.Group[write, *orderRow]
	calls    *batch.Group[*orderRow, decision]
}

// Open opens the order service's database.
func Open(ctx context.Context, o Options) (*Service, error) {
	migrations, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, fmt.Errorf("order schema: %w", err)
	}
	db, err := database.Open(ctx, o.Database, migrations, database.WithLog(o.OpenLog))
	if err != nil {
		return nil, err
	}
	s := &Service{db: db, catalog: o.Catalog, accounts: o.Accounts, log: o.Log}
	present := func() int { return int(s.present.Load()) }
	s.writes = batch.New(batch.Options[write]{
		Present: present,
		Callers: o.BatchCallers,
		Key:     write.key,
		Weigh:   func(w write) int { return len(w.row.Lines.of) },
		Split:   database.IsConstraint,
	}, s.writeAll)
	s.calls = batch.New(batch.Options[*orderRow]{
		Present: present, Crowd: callCrowd,
		Callers: o.BatchCallers,
		Key:     func(row *orderRow) string { return row.ID },
		Weigh:   func(row *orderRow) int { return len(row.Lines.of) },
		Timeout: callTime,
		Split:   spoiled,
	}, s.decideAll)
	return s, nil
}

// spoiled says whether one order can have made the catalog refuse a call. A
// catalog that fails by itself is not asked again in halves: it would be held up
// the longer; recovery comes back to those orders.
func spoiled(err error) bool {
	code := api.CodeOf(err)
	return !code.Retryable() && code != api.CodeInternal
}

// Close ends the service's work and closes its database.
func (s *Service) Close() error {
	s.calls.Close()
	s.writes.Close()
	return s.db.Close()
}

// Ready says whether the service can answer.
func (s *Service) Ready(ctx context.Context) error {
	return database.Explain(s.db.Read(ctx).Select("id").Limit(1).Find(&[]orderRow{}).Error)
}

// Order gives an account's order, or with account "" anybody's. One of another
// account is, to the letter, like one that does not exist.
func (s *Service) Order(ctx context.Context, account, id string) (api.Order, error) {
	find := s.db.Read(ctx)
	if account != "" {
		find = find.Where("account_id = ?", account)
	}
	var row orderRow
	err := find.Take(&row, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return api.Order{}, api.Errorf(api.CodeNotFound, "no order %s", id)
	}
	return row.order(), database.Explain(err)
}

// ListQuery says which orders, and in what order: everybody's or one account's,
// by id behind After (or, Newest, backwards).
type ListQuery struct {
	Account string // "" for everybody's
	After   string
	Newest  bool
	Limit   int
}

// Orders gives a page of orders.
func (s *Service) Orders(ctx context.Context, q ListQuery) (page api.OrderList, err error) {
	find, direction := s.db.Read(ctx), "id"
	if q.Account != "" {
		find = find.Where("account_id = ?", q.Account)
	}
	switch {
	case q.Newest && q.After != "":
		find = find.Where("id < ?", q.After)
	case q.After != "":
		find = find.Where("id > ?", q.After)
	}
	if q.Newest {
		direction = "id DESC"
	}
	var rows []orderRow
	if err := find.Order(direction).Limit(q.Limit + 1).Find(&rows).Error; err != nil {
		return page, database.Explain(err)
	}
	page.Orders = []api.Order{}
	for i := range rows[:min(q.Limit, len(rows))] {
		page.Orders = append(page.Orders, rows[i].order())
	}
	if len(rows) > q.Limit {
		page.NextCursor = &rows[q.Limit-1].ID
	}
	return page, nil
}
