// Package catalog keeps the books: what is known of them, how many are left,
// and the ledger of how that came about. It finds books, and takes them off the
// shelf for orders, each order once and never more than there are.
package catalog

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

// Options says how a catalog is opened.
type Options struct {
	// Database is where the books are kept: "sqlite:PATH".
	Database string
	// OpenLog opens the database's log; nil for the system's files. See
	// [database.WithLog].
	OpenLog func(path string) (database.Log, error)
	// Currency is the currency of a store that is made now; an existing one
	// keeps its own. USD by default.
	Currency string
	// Starter gives the books of a store that is made now; nil for none.
	Starter func() ([]api.ImportRow, error)
	// Accounts says for whom tokens stand; nil where there are no accounts.
	Accounts web.Introspector
	// Identities says that services show which one they are: then nobody else
	// writes reservations, also where there are no accounts.
	Identities bool
	Log        *slog.Logger
	// BatchCallers bounds how many reservations are decided in one
	// transaction; 256 by default.
	BatchCallers int
}

// Service is an open catalog.
type Service struct {
	db           *database.DB
	door         web.Door
	log          *slog.Logger
	reservations *batch.Group[[]api.ReservationRequest, []api.Reservation]
	reads        *batch.Group[int64, *bookRow]
	merger       *merger
	// importStep is how many rows of an import a transaction takes, undoStep how
	// many books of one that is taken back, as the last ones went.
	importStep, undoStep atomic.Int64
	turns                *turns
}

// Open opens the catalog's database and, where there is none yet, makes the
// store with its starter catalogue.
func Open(ctx context.Context, o Options) (*Service, error) {
	migrations, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, fmt.Errorf("catalog schema: %w", err)
	}
	db, err := database.Open(ctx, o.Database, migrations, database.WithLog(o.OpenLog))
	if err != nil {
		return nil, err
	}
	s := &Service{db: db, door: web.Door{Accounts: o.Accounts, Identities: o.Identities}, log: o.Log, turns: newTurns()}
	s.importStep.Store(firstImportStep)
	s.undoStep.Store(firstImportStep)
	s.merger = newMerger(ctx, db, o.Log)
	s.reservations = batch.New(batch.Options[[]api.ReservationRequest]{
		Callers: o.BatchCallers, Weigh: countLines, Split: database.IsConstraint,
	}, s.decide)
	s.reads = batch.New(batch.Options[int64]{Split: ownFault}, s.readBooks)
	if err := s.establish(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends the catalog's work and closes its database.
func (s *Service) Close() error {
	s.reservations.Close()
	s.reads.Close()
	s.merger.Close()
	return s.db.Close()
}

// Ready says whether the catalog can answer.
func (s *Service) Ready(ctx context.Context) error {
	_, err := s.Store(ctx)
	return err
}

// Store says which store this is.
func (s *Service) Store(ctx context.Context) (api.Store, error) {
	var row storeRow
	if err := s.db.Read(ctx).Take(&row).Error; err != nil {
		return api.Store{}, database.Explain(err)
	}
	return api.Store{StoreID: row.ID, Currency: row.Currency, CreatedAt: instant(row.CreatedAt)}, nil
}

// establish makes the store's identity and its first books, in one transaction,
// unless another process has.
func (s *Service) establish(ctx context.Context, o Options) error {
	if _, err := s.Store(ctx); !errors.Is(err, gorm.ErrRecordNotFound) {
		return err
	}
	currency := o.Currency
	if currency == "" {
		currency = "USD"
	}
	if _, ok := api.Decimals(currency); !ok {
		return api.Errorf(api.CodeInvalid, "%q is not an ISO 4217 currency code", currency)
	}
	var rows []api.ImportRow
	if o.Starter != nil {
		var err error
		if rows, err = o.Starter(); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Take(&storeRow{}).Error; !errors.Is(err, gorm.ErrRecordNotFound) {
			return err
		}
		store := storeRow{ID: api.NewID(), Currency: currency, CreatedAt: now()}
		if err := tx.Create(&store).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		starter := &api.ImportRequest{ID: store.ID, Source: "starter", Rows: rows}
		_, err := newImporter(starter).take(tx, newPart(rows, starter.Source))
		return err
	})
}

func now() int64 { return time.Now().UnixMilli() }
