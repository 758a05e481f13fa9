package audit

import "github.com/bazar-store/bazar/pkg/api"

// Check names what has to hold in every store, at every moment.
type Check string

// The checks.
const (
	// CheckStock: a book's stock is the sum of its movements.
	CheckStock Check = "stock"
	// CheckNegative: there are never less than no copies.
	CheckNegative Check = "negative_stock"
	// CheckLedger: a movement leaves what the one before it left, and its change.
	CheckLedger Check = "ledger"
	// CheckBook: a book that has copies by its movements is there.
	CheckBook Check = "book"
	// CheckCause: no sale without a reservation that was taken, with that line; no
	// movement for an import that is not there, or was not taken back.
	CheckCause Check = "cause"
	// CheckMovement: each line that was taken moved its book.
	CheckMovement Check = "movement"
	// CheckOrder: no reservation without its order.
	CheckOrder Check = "order"
	// CheckDecision: the order's state is what the catalog decided.
	CheckDecision Check = "decision"
	// CheckLines: order and reservation have the same lines.
	CheckLines Check = "lines"
	// CheckPrice: a line is sold at the price it was taken at.
	CheckPrice Check = "price"
	// CheckTotal: an order's total is the sum of price × quantity.
	CheckTotal Check = "total"
	// CheckPending: nothing is pending for long.
	CheckPending Check = "pending"
	// CheckState: the state is one that this version knows.
	CheckState Check = "state"
)

// Fault is one thing that disagrees. What it is not about is null; Expected and
// Found are copies, or minor units where there is a Currency.
type Fault struct {
	Check      Check   `json:"check"`
	OrderID    *string `json:"order_id"`
	BookID     *int64  `json:"book_id"`
	MovementID *int64  `json:"movement_id"`
	Expected   *int64  `json:"expected"`
	Found      *int64  `json:"found"`
	Currency   *string `json:"currency"`
	// Detail says it in a sentence.
	Detail string `json:"detail"`
}

// amounts is the fault with what there should be and what there is.
func (f Fault) amounts(expected, found int64) Fault {
	f.Expected, f.Found = &expected, &found
	return f
}

func (f Fault) book(id int64) Fault {
	f.BookID = &id
	return f
}

func (f Fault) in(currency string) Fault {
	f.Currency = &currency
	return f
}

func (f Fault) movement(m *api.Movement) Fault {
	f.MovementID = &m.ID
	return f.book(m.BookID)
}
