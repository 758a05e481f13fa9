package order

import (
	"database/sql/driver"
	"encoding/json"
	"time"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// orderRow is a row of table orders.
type orderRow struct {
	ID            string `gorm:"primaryKey"`
	AccountID     string
	State         api.OrderState
	Reason        *api.Code
	Lines         column[[]api.OrderLine]
	Refusal       column[[]api.LineError]
	TotalAmount   *int64
	TotalCurrency *string
	Attempts      int
	AttemptAt     int64
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
	UpdatedAt     int64 `gorm:"autoUpdateTime:false"`
}

func (orderRow) TableName() string { return "orders" }

func newRow(account, id string, r *api.OrderRequest) *orderRow {
	at := now()
	row := &orderRow{
		ID: id, AccountID: account, State: api.OrderPending,
		AttemptAt: at + liveOrder.Milliseconds(), CreatedAt: at, UpdatedAt: at,
	}
	lines := make([]api.OrderLine, len(r.Lines))
	for i, l := range r.Lines {
		lines[i] = api.OrderLine{BookID: l.BookID, Quantity: l.Quantity, MaxPrice: l.MaxPrice}
	}
	row.Lines.set(lines)
	row.Refusal.set([]api.LineError{})
	return row
}

// newTombstone is the order that is kept for an id that is cancelled before it
// was placed.
func newTombstone(account, id string) *orderRow {
	row := newRow(account, id, &api.OrderRequest{})
	row.State = api.OrderCancelling
	return row
}

func now() int64 { return time.Now().UnixMilli() }

func (o *orderRow) order() api.Order {
	order := api.Order{
		ID: o.ID, AccountID: o.AccountID, State: o.State, Reason: o.Reason, Lines: o.Lines.of,
		CreatedAt: time.UnixMilli(o.CreatedAt).UTC(), UpdatedAt: time.UnixMilli(o.UpdatedAt).UTC(),
	}
	if o.TotalAmount != nil && o.TotalCurrency != nil {
		order.Total = &api.Money{Amount: *o.TotalAmount, Currency: *o.TotalCurrency}
	}
	return order
}

// asks says whether the order asks for the same as another.
func (o *orderRow) asks(other *orderRow) bool {
	if len(o.Lines.of) != len(other.Lines.of) {
		return false
	}
	for i, a := range o.Lines.of {
		b := other.Lines.of[i]
		samePrice := a.MaxPrice == b.MaxPrice || (a.MaxPrice != nil && b.MaxPrice != nil && *a.MaxPrice == *b.MaxPrice)
		if a.BookID != b.BookID || a.Quantity != b.Quantity || !samePrice {
			return false
		}
	}
	return true
}

func (o *orderRow) reservation() api.ReservationRequest {
	r := api.ReservationRequest{ID: o.ID}
	for _, l := range o.Lines.of {
		r.Lines = append(r.Lines, api.LineRequest{BookID: l.BookID, Quantity: l.Quantity, MaxPrice: l.MaxPrice})
	}
	return r
}

// column keeps a value as JSON in one column. Who sets it encodes it: of those who
// write there is one at a time.
type column[T any] struct {
	of   T
	text string
}

func (c *column[T]) set(of T) {
	data, _ := json.Marshal(of) // lines always marshal
	c.of, c.text = of, string(data)
}

// Scan reads the column.
func (c *column[T]) Scan(value any) error {
	switch text := value.(type) {
	case string:
		c.text = text
	case []byte:
		c.text = string(text)
	}
	return database.ScanJSON(value, &c.of)
}

// Value writes the column.
func (c column[T]) Value() (driver.Value, error) { return c.text, nil }
