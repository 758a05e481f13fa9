package catalog_test

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/database/databasetest"
	"github.com/bazar-store/bazar/pkg/api"
)

type column struct {
	Name    string
	NotNull bool `gorm:"column:notnull"`
	PK      int
}

// A model that has drifted from its table would lose a column in silence.
func TestModelsAreTheMigratedSchema(t *testing.T) {
	s := empty(t)
	for table, model := range catalog.Models() {
		parsed, err := schema.Parse(model, &sync.Map{}, schema.NamingStrategy{})
		if err != nil {
			t.Fatal(err)
		}
		var columns []column
		if err := s.DB().Read(t.Context()).Raw("SELECT name, \"notnull\", pk FROM pragma_table_info(?)", table).Scan(&columns).Error; err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range columns {
			names = append(names, c.Name)
			field := parsed.FieldsByDBName[c.Name]
			if field == nil {
				continue // the names below say so
			}
			if pointer := field.FieldType.Kind() == reflect.Pointer; pointer == c.NotNull {
				t.Errorf("%s.%s: NOT NULL is %t, the model's field %s", table, c.Name, c.NotNull, field.FieldType)
			}
			if c.PK > 0 && !field.PrimaryKey {
				t.Errorf("%s.%s is of the primary key", table, c.Name)
			}
		}
		if parsed.Table != table || !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(parsed.DBNames))) {
			t.Errorf("table %s has %v\nthe model of %s %v", table, names, parsed.Table, parsed.DBNames)
		}
		books, ledger, bookValues, ledgerValues := catalog.HandWritten()
		switch table {
		case "books":
			if !slices.Equal(names[:len(names)-3], books) || len(books) != bookValues { // the last are of sales, which a new book has none of
				t.Errorf("bookColumns are %v (%d values), the table's %v", books, bookValues, names)
			}
		case "ledger":
			if !slices.Equal(names, ledger) || len(ledger) != ledgerValues {
				t.Errorf("ledgerColumns are %v (%d values), the table's %v", ledger, ledgerValues, names)
			}
		}
	}
}

// SQLite would build a table of the values of each IN, for each row. Nor does it
// for whoever opens an older store, and has read the schema that it had.
func TestNoCheckOfARowBuildsATable(t *testing.T) {
	for _, s := range []*catalog.Service{empty(t), open(t, olderStore(t, 4), nil), open(t, olderStore(t, 5), nil)} {
		for table := range catalog.Models() {
			databasetest.BuildsNoTable(t, s.DB(), "INSERT INTO "+table+" DEFAULT VALUES")
		}
	}
}

func TestAStoreIsMadeOnce(t *testing.T) {
	path := newPath(t)
	var wg sync.WaitGroup
	stores := make([]string, 8)
	for i := range stores {
		wg.Go(func() {
			s := open(t, path, bookfile.Starter)
			store, err := s.Store(t.Context())
			if err != nil || store.Currency != "USD" || store.CreatedAt.IsZero() {
				t.Errorf("store %+v, %v", store, err)
			}
			stores[i] = store.StoreID
		})
	}
	wg.Wait()
	if len(slices.Compact(stores)) != 1 {
		t.Errorf("stores %v", stores)
	}
	if books := all(t, open(t, path, nil)); len(books) != 32 || books[0].ID != 1 || books[31].ID != 32 {
		t.Errorf("%d books: %v", len(books), ids(books))
	}
}

func TestAStoreIsNotMadeOfBadOptions(t *testing.T) {
	path := newPath(t)
	_, err := catalog.Open(t.Context(), catalog.Options{Database: "sqlite:" + path, Currency: "usd"})
	wants(t, err, "invalid_request", "ISO 4217")
	broken := errors.New("broken starter")
	_, err = catalog.Open(t.Context(), catalog.Options{Database: "sqlite:" + path, Starter: func() ([]api.ImportRow, error) { return nil, broken }})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if books := all(t, open(t, path, bookfile.Starter)); len(books) != 32 {
		t.Errorf("%d books after all", len(books))
	}
}
