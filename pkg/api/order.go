package api

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// Limits of an order.
const (
	MaxOrderLines = 100
	MaxQuantity   = 100
)

// LocalAccount is the account of whoever owns the store's directory; where
// there is no account service, everyone is local.
const LocalAccount = "local"

// OrderState is how far an order has come.
type OrderState string

// The states of an order. A pending order becomes confirmed or rejected; one
// that is taken back, pending or confirmed, is cancelling and then cancelled.
const (
	OrderPending    OrderState = "pending"
	OrderConfirmed  OrderState = "confirmed"
	OrderRejected   OrderState = "rejected"
	OrderCancelling OrderState = "cancelling"
	OrderCancelled  OrderState = "cancelled"
)

// LineRequest asks for Quantity copies of a book, each for at most MaxPrice if
// that is set.
type LineRequest struct {
	BookID   int64  `json:"book_id"`
	Quantity int64  `json:"quantity"`
	MaxPrice *Money `json:"max_price"`
}

// OrderRequest is the body of PUT /v1/orders/{uuid}.
type OrderRequest struct {
	Lines []LineRequest `json:"lines"`
}

// Check says what is wrong with an order, as [CodeInvalid] or
// [CodeMixedCurrency].
func (r *OrderRequest) Check() error {
	if len(r.Lines) == 0 || len(r.Lines) > MaxOrderLines {
		return Errorf(CodeInvalid, "an order has 1 to %d lines, not %d", MaxOrderLines, len(r.Lines))
	}
	seen := make(map[int64]bool, len(r.Lines))
	currency := ""
	for i := range r.Lines {
		if err := r.Lines[i].check(); err != nil {
			return err
		}
		if seen[r.Lines[i].BookID] {
			return Errorf(CodeInvalid, "book %d stands twice in the order; sum its lines", r.Lines[i].BookID)
		}
		seen[r.Lines[i].BookID] = true
		if p := r.Lines[i].MaxPrice; p != nil {
			if currency != "" && currency != p.Currency {
				return Errorf(CodeMixedCurrency, "the order's limits are in %s and %s; one order has one currency", currency, p.Currency)
			}
			currency = p.Currency
		}
	}
	return nil
}

func (l *LineRequest) check() error {
	if l.BookID < 1 || l.BookID > MaxBookID {
		return Errorf(CodeInvalid, "%d is not an item number", l.BookID)
	}
	if l.Quantity < 1 || l.Quantity > MaxQuantity {
		return Errorf(CodeInvalid, "quantity of book %d: 1 to %d copies an order, not %d", l.BookID, MaxQuantity, l.Quantity)
	}
	if l.MaxPrice != nil && !l.MaxPrice.Valid() {
		return Errorf(CodeInvalid, "max_price of book %d is not an amount of money", l.BookID)
	}
	return nil
}

// OrderLine is a line of an order; Title and Price (of one copy) are known once
// the order is confirmed.
type OrderLine struct {
	BookID   int64   `json:"book_id"`
	Title    *string `json:"title"`
	Quantity int64   `json:"quantity"`
	MaxPrice *Money  `json:"max_price"`
	Price    *Money  `json:"price"`
}

// Order is what a customer asked for, and what became of it. Reason is why it
// was rejected. An id that was cancelled before it was placed has no lines.
type Order struct {
	ID        string      `json:"id"`
	AccountID string      `json:"account_id"`
	State     OrderState  `json:"state"`
	Reason    *Code       `json:"reason"`
	Lines     []OrderLine `json:"lines"`
	Total     *Money      `json:"total"`
	CreatedAt time.Time   `json:"created_at"`
	UpdatedAt time.Time   `json:"updated_at"`
}

// OrderList is a page of orders, by id.
type OrderList struct {
	Orders     []Order `json:"orders"`
	NextCursor *string `json:"next_cursor"`
}

// ParseID reads an order's id, a UUID (RFC 9562) in its usual form, and gives
// it in lower case.
func ParseID(s string) (string, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != 36 || id == uuid.Nil {
		return "", Errorf(CodeInvalid, "%q is not a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057", s)
	}
	return strings.ToLower(s), nil
}

// NewID mints a UUIDv7, which sorts by time (RFC 9562, 5.7).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// ReservationState is what became of a reservation: decided once, taken or
// refused; what was taken may be released later.
type ReservationState string

// The states of a reservation. One that was cancelled before it was asked for is
// refused, for [CodeCancelled] and without lines: a tombstone.
const (
	Taken    ReservationState = "taken"
	Refused  ReservationState = "refused"
	Released ReservationState = "released"
)

// ReservationRequest asks the catalog to take an order's lines off the shelf,
// all or none. ID is the order's.
type ReservationRequest struct {
	ID    string        `json:"id"`
	Lines []LineRequest `json:"lines"`
}

// ReservationBatch is the body of POST /v1/reservations.
type ReservationBatch struct {
	Reservations []ReservationRequest `json:"reservations"`
}

// ReservedLine is a line as it was decided: title and price of one copy at that
// moment. In a refused reservation Code says what was wrong with this line, if
// anything, and Available how many copies there were.
type ReservedLine struct {
	BookID    int64   `json:"book_id"`
	Quantity  int64   `json:"quantity"`
	Title     *string `json:"title"`
	Price     *Money  `json:"price"`
	Code      *Code   `json:"code"`
	Available *int64  `json:"available"`
}

// Reservation is a decided reservation; Reason is why it was refused.
type Reservation struct {
	ID     string           `json:"id"`
	State  ReservationState `json:"state"`
	Reason *Code            `json:"reason"`
	Lines  []ReservedLine   `json:"lines"`
}

// ReservationResults answers POST /v1/reservations, in the order of the request.
type ReservationResults struct {
	Results []Reservation `json:"results"`
}

// ReservationList is a page of reservations, by id.
type ReservationList struct {
	Reservations []Reservation `json:"reservations"`
	NextCursor   *string       `json:"next_cursor"`
}
