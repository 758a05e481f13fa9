package cli

import (
	"github.com/bazar-store/bazar/internal/audit"
	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// finding is a line of an audit: a fault, or one of the sums of a store without
// any; State is whose.
type finding struct {
	audit.Fault

	State *string `json:"state"`
}

// faultView is how audit shows what disagrees. In rows money is a decimal.
func faultView() view[finding] {
	return view[finding]{
		fields: []field[finding]{
			{name: "check", value: func(f *finding) any { return string(f.Check) }, cell: checkCell},
			{name: "order_id", value: func(f *finding) any { return known(f.OrderID) }},
			{name: "book_id", value: func(f *finding) any { return known(f.BookID) }, right: true},
			{name: "movement_id", value: func(f *finding) any { return known(f.MovementID) }, right: true},
			{name: "state", value: func(f *finding) any { return known(f.State) }},
			{name: "expected", value: func(f *finding) any { return known(f.Expected) }, text: expectedText, right: true},
			{name: "found", value: func(f *finding) any { return known(f.Found) }, text: foundText, right: true},
			{name: "currency", value: func(f *finding) any { return known(f.Currency) }},
			{name: "detail", value: func(f *finding) any { return f.Detail }, flex: true},
			{name: "id", value: func(f *finding) any { return idOf(f) }},
		},
		columns: []string{"check", "order_id", "book_id", "movement_id", "expected", "found", "currency", "detail"},
		table:   []string{"check", "expected", "found", "detail"},
		id:      "id",
	}
}

// sumView is how audit shows the sums of a store in which nothing disagrees.
func sumView() view[finding] {
	v := faultView()
	v.columns = []string{"check", "state", "found", "currency"}
	v.table = v.columns
	return v
}

func checkCell(f *finding) ui.Cell {
	if f.Detail == "" {
		return ui.Cell{Text: string(f.Check)}
	}
	return ui.Cell{Text: string(f.Check), Role: ui.Bad}
}

func expectedText(f *finding) string { return amountText(f, f.Expected) }

func foundText(f *finding) string { return amountText(f, f.Found) }

// amountText writes copies, or money where there is a currency.
func amountText(f *finding, n *int64) string {
	if n == nil || f.Currency == nil {
		return text(known(n))
	}
	return api.Money{Amount: *n, Currency: *f.Currency}.Decimal()
}

// idOf is what -q prints: the order, else the book.
func idOf(f *finding) any {
	if f.OrderID != nil {
		return *f.OrderID
	}
	return known(f.BookID)
}
