package cli

import (
	"strings"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// historyView is how history shows a book's changes. In rows a price is a
// decimal of its currency; in JSON it is minor units, as the contract has it.
func historyView() view[api.HistoryEntry] {
	type entry = api.HistoryEntry
	return view[entry]{
		fields: []field[entry]{
			{name: "at", value: func(e *entry) any { return e.At }, cell: func(e *entry) ui.Cell { return timeCell(e.At) }},
			{name: "kind", value: func(e *entry) any { return e.Kind }},
			{name: "change", value: func(e *entry) any { return e.Change }, text: changeText, cell: changeCell, right: true},
			{name: "after", value: func(e *entry) any { return e.After }, text: afterText, cell: afterCell, right: true},
			{name: "reason", value: func(e *entry) any { return e.Reason }, flex: true},
			{name: "operation", value: func(e *entry) any { return e.Operation }, cell: operationCell, flex: true, from: 72},
			{name: "currency", value: func(e *entry) any { return known(e.Currency) }},
		},
		columns: []string{"at", "kind", "change", "after", "reason", "operation"},
		table:   []string{"at", "kind", "change", "after", "reason", "operation"},
		id:      "operation",
	}
}

// measured writes a number of the entry in its measure: copies, or money.
func measured(e *api.HistoryEntry, n int64) string {
	if e.Currency == nil {
		return text(n)
	}
	return api.Money{Amount: n, Currency: *e.Currency}.Decimal()
}

func changeText(e *api.HistoryEntry) string { return measured(e, e.Change) }

func afterText(e *api.HistoryEntry) string { return measured(e, e.After) }

func changeCell(e *api.HistoryEntry) ui.Cell {
	switch change := withCurrency(e, changeText(e)); {
	case e.Change > 0:
		return ui.Cell{Text: "+" + change, Role: ui.Good}
	case e.Change < 0:
		return ui.Cell{Text: change, Role: ui.Warn}
	default:
		return ui.Cell{Text: change}
	}
}

func afterCell(e *api.HistoryEntry) ui.Cell { return ui.Cell{Text: withCurrency(e, afterText(e))} }

func operationCell(e *api.HistoryEntry) ui.Cell { return ui.Cell{Text: e.Operation, Role: ui.Dim} }

func withCurrency(e *api.HistoryEntry, number string) string {
	return strings.TrimSpace(number + " " + text(known(e.Currency)))
}
