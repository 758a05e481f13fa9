package cli

import (
	"context"
	"strings"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// newTablePrinter shows a list as a table, and what commands show one by one
// as cards.
func newTablePrinter[T any](t *ui.Terminal, v view[T], picked []field[T], as shape) printer[T] {
	switch {
	case v.card != nil && as != asList && picked != nil:
		return cardPrinter[T]{t, func(item *T) ui.Card { return ui.Card{Facts: facts(picked, item)} }}
	case v.card != nil && as != asList:
		return cardPrinter[T]{t, v.card}
	case picked == nil:
		picked = v.named(v.table...)
	default:
		for i := range picked {
			picked[i].from = 0 // asked for, so shown on any terminal
		}
	}
	return &tablePrinter[T]{t.NewTable(columns(picked)), picked}
}

type tablePrinter[T any] struct {
	table  *ui.Table
	fields []field[T]
}

func columns[T any](fields []field[T]) []ui.Column {
	columns := make([]ui.Column, len(fields))
	for i, f := range fields {
		columns[i] = ui.Column{Title: title(f.name), Right: f.right, Flex: f.flex, From: f.from}
	}
	return columns
}

// title is a field's name as people read it.
func title(name string) string { return strings.ReplaceAll(name, "_", " ") }

func (p *tablePrinter[T]) print(item *T) error {
	cells := make([]ui.Cell, len(p.fields))
	for i := range p.fields {
		cells[i] = p.fields[i].asCell(item)
	}
	return p.table.Row(cells)
}

func (p *tablePrinter[T]) close(context.Context) error { return p.table.Flush() }

type cardPrinter[T any] struct {
	t    *ui.Terminal
	card func(*T) ui.Card
}

func (p cardPrinter[T]) print(item *T) error { return p.t.Card(p.card(item)) }

func (p cardPrinter[T]) close(context.Context) error { return nil }

// facts are the fields of an item as a card has them.
func facts[T any](fields []field[T], item *T) []ui.Fact {
	facts := make([]ui.Fact, len(fields))
	for i := range fields {
		facts[i] = ui.Fact{Key: title(fields[i].name), Value: fields[i].asCell(item)}
	}
	return facts
}

// priceCell is an amount with its currency; nothing if it is not known.
func priceCell(m *api.Money) ui.Cell {
	if m == nil {
		return ui.Cell{}
	}
	return ui.Cell{Text: m.String(), Role: ui.Price}
}
