package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// orderView is how buy and orders list show orders.
func orderView() view[api.Order] {
	type order = api.Order
	return view[order]{
		fields: []field[order]{
			{name: "order_id", also: "id", value: func(o *order) any { return o.ID }},
			{name: "state", value: func(o *order) any { return string(o.State) }, cell: stateCell},
			{name: "total", value: func(o *order) any { return known(o.Total) }, cell: totalCell, right: true},
			{name: "currency", value: func(o *order) any { return currencyOf(o.Total) }},
			{name: "created_at", value: func(o *order) any { return o.CreatedAt }, cell: createdCell, from: 80},
			{name: "account_id", value: func(o *order) any { return o.AccountID }},
			{name: "reason", value: func(o *order) any { return reasonOf(o) }},
			{name: "updated_at", value: func(o *order) any { return o.UpdatedAt }},
			{name: "lines", value: func(o *order) any { return o.Lines }, cell: linesCell, flex: true},
		},
		columns: []string{"order_id", "state", "total", "currency", "created_at"},
		table:   []string{"order_id", "state", "total", "created_at"},
		id:      "order_id",
		card:    orderCard,
	}
}

func currencyOf(m *api.Money) any {
	if m == nil {
		return nil
	}
	return m.Currency
}

func reasonOf(o *api.Order) any {
	if o.Reason == nil {
		return nil
	}
	return string(*o.Reason)
}

func stateCell(o *api.Order) ui.Cell {
	cell := ui.Cell{Text: string(o.State)}
	switch o.State {
	case api.OrderConfirmed:
		cell.Role = ui.Good
	case api.OrderRejected:
		cell.Role = ui.Bad
	case api.OrderCancelled:
		cell.Role = ui.Dim
	default: // on its way to one of these
		cell.Role = ui.Warn
	}
	return cell
}

func totalCell(o *api.Order) ui.Cell { return priceCell(o.Total) }

func createdCell(o *api.Order) ui.Cell { return timeCell(o.CreatedAt) }

// timeCell is a moment on the reader's own clock.
func timeCell(t time.Time) ui.Cell {
	return ui.Cell{Text: t.Local().Format("2006-01-02 15:04"), Role: ui.Dim}
}

func linesCell(o *api.Order) ui.Cell {
	parts := make([]string, len(o.Lines))
	for i := range o.Lines {
		parts[i] = lineText(&o.Lines[i])
	}
	return ui.Cell{Text: strings.Join(parts, ", ")}
}

func lineText(l *api.OrderLine) string {
	if l.Title == nil {
		return fmt.Sprintf("%d × book %d", l.Quantity, l.BookID)
	}
	return fmt.Sprintf("%d × %s", l.Quantity, *l.Title)
}

func orderCard(o *api.Order) ui.Card {
	v := orderView()
	card := ui.Card{Title: "Order " + o.ID, Facts: facts(v.named("state", "reason"), o)}
	key := "books"
	for i := range o.Lines {
		line := lineText(&o.Lines[i])
		if price := o.Lines[i].Price; price != nil {
			line += ", " + price.String() + " each"
		}
		card.Facts = append(card.Facts, ui.Fact{Key: key, Value: ui.Cell{Text: line}})
		key = ""
	}
	card.Facts = append(card.Facts, facts(v.named("total", "created_at"), o)...)
	return card
}

// lineView is how orders show shows the lines of an order.
func lineView() view[api.OrderLine] {
	type line = api.OrderLine
	return view[line]{
		fields: []field[line]{
			{name: "book_id", value: func(l *line) any { return l.BookID }, right: true},
			{name: "title", value: func(l *line) any { return known(l.Title) }, flex: true},
			{name: "quantity", value: func(l *line) any { return l.Quantity }, right: true},
			{name: "price", value: func(l *line) any { return known(l.Price) }, cell: linePriceCell, right: true},
			{name: "currency", value: func(l *line) any { return currencyOf(l.Price) }},
			{name: "max_price", value: func(l *line) any { return known(l.MaxPrice) }, right: true},
		},
		columns: []string{"book_id", "title", "quantity", "price", "currency"},
		table:   []string{"book_id", "title", "quantity", "price"},
		id:      "book_id",
	}
}

func linePriceCell(l *api.OrderLine) ui.Cell { return priceCell(l.Price) }

// newOrderPrinter shows an order as orders show does: as JSON and as a card it
// is the order, in rows it is the order's lines.
func newOrderPrinter(s *ui.Streams, f outputFlags) (printer[api.Order], error) {
	chosen, err := f.format(s.Out.IsTerminal())
	if err != nil {
		return nil, err
	}
	switch {
	case chosen == formatTSV, chosen == formatCSV, chosen == formatIDs, chosen == formatTable && len(f.fields) > 0:
		lines, err := newPrinter(s, f, lineView(), asList)
		return linesPrinter{lines}, err
	default:
		return newPrinter(s, f, orderView(), asOne)
	}
}

// linesPrinter prints an order line by line.
type linesPrinter struct{ lines printer[api.OrderLine] }

func (p linesPrinter) print(o *api.Order) error {
	for i := range o.Lines {
		if err := p.lines.print(&o.Lines[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p linesPrinter) close(ctx context.Context) error { return p.lines.close(ctx) }
