package order

import (
	"database/sql/driver"
	"encoding/json"
	"time"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// orderRow is a row of table orders. As JSON it travels into set-wise
// statements.
type orderRow struct {
	ID            string                  `gorm:"primaryKey" json:"id"`
	AccountID     string                  `json:"account_id"`
	State         api.OrderState          `json:"state"`
	Reason        *api.Code               `json:"reason"`
	Lines         column[[]api.OrderLine] `json:"lines"`
	Refusal       column[[]api.LineError] `json:"refusal"`
	TotalAmount   *int64                  `json:"total_amount"`
	TotalCurrency *string                 `json:"total_currency"`
	Attempts      int                     `json:"attempts"`
	AttemptAt     int64                   `json:"attempt_at"`
	CreatedAt     int64                   `gorm:"autoCreateTime:false" json:"created_at"`
	UpdatedAt     int64                   `gorm:"autoUpdateTime:false" json:"updated_at"`
}

func (orderRow) TableName() string { return "orders" }

func newRow(account, id string, r *api.OrderRequest) *orderRow {
	at := now()
	row := &orderRow{
		ID: id, AccountID: account, State: api.OrderPending,
		AttemptAt: at + liveOrder.Milliseconds(), CreatedAt: at, UpdatedAt: at,
	}
	row.Refusal.of = []api.LineError{}
	for _, l := range r.Lines {
		row.Lines.of = append(row.Lines.of, api.OrderLine{BookID: l.BookID, Quantity: l.Quantity, MaxPrice: l.MaxPrice})
	}
	return row
}

// newTombstone is the order that is kept for an id that is cancelled before it
// was placed.
func newTombstone(account, id string) *orderRow {
	row := newRow(account, id, &api.OrderRequest{})
	row.State, row.Lines.of = api.OrderCancelling, []api.OrderLine{}
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

// column keeps a value as JSON in one column.
type column[T any] struct{ of T }

// Scan reads the column.
func (c *column[T]) Scan(value any) error { return database.ScanJSON(value, &c.of) }

// Value writes the column.
func (c column[T]) Value() (driver.Value, error) {
	data, err := json.Marshal(c.of)
	return string(data), err
}

// MarshalJSON writes the value alone.
func (c column[T]) MarshalJSON() ([]byte, error) { return json.Marshal(c.of) }
