package cli

import (
	"strings"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// lowStock is the number of copies from which on a book is nearly sold out.
const lowStock = 3

// bookView is how search, info, stock and price show books.
func bookView() view[api.Book] {
	return view[api.Book]{
		fields:  append(shelfFields(), bookFields()...),
		columns: []string{"id", "title", "authors", "topics", "price", "currency", "stock", "isbn13"},
		table:   []string{"id", "title", "authors", "topics", "year", "price", "stock"},
		id:      "id",
		card:    bookCard,
	}
}

// shelfFields are the columns for good.
func shelfFields() []field[api.Book] {
	type book = api.Book
	return []field[book]{
		{name: "id", value: func(b *book) any { return b.ID }, right: true},
		{name: "title", value: func(b *book) any { return b.Title }, cell: titleCell, flex: true},
		{name: "authors", value: func(b *book) any { return b.Authors }, cell: authorsCell, flex: true, from: 48},
		{name: "topics", value: func(b *book) any { return b.Topics }, cell: topicsCell, flex: true, from: 120},
		{name: "price", value: func(b *book) any { return b.Price }, cell: bookPriceCell, right: true},
		{name: "currency", value: func(b *book) any { return b.Price.Currency }},
		{name: "stock", value: func(b *book) any { return b.Stock }, cell: stockCell, right: true, from: 34},
		{name: "isbn13", value: func(b *book) any { return known(b.ISBN13) }},
	}
}

// bookFields are the others that --fields may name.
func bookFields() []field[api.Book] {
	type book = api.Book
	return []field[book]{
		{name: "publisher", value: func(b *book) any { return known(b.Publisher) }, flex: true},
		{name: "year", value: func(b *book) any { return known(b.Year) }, right: true, from: 72},
		{name: "language", value: func(b *book) any { return known(b.Language) }},
		{name: "description", value: func(b *book) any { return known(b.Description) }, flex: true},
		{name: "state", value: func(b *book) any { return string(b.State) }},
		{name: "version", value: func(b *book) any { return b.Version }, right: true},
		{name: "created_at", value: func(b *book) any { return b.CreatedAt }},
		{name: "updated_at", value: func(b *book) any { return b.UpdatedAt }},
	}
}

func titleCell(b *api.Book) ui.Cell { return ui.Cell{Text: b.Title, Role: ui.Title} }

func authorsCell(b *api.Book) ui.Cell { return ui.Cell{Text: strings.Join(b.Authors, ", ")} }

func topicsCell(b *api.Book) ui.Cell {
	return ui.Cell{Text: strings.Join(b.Topics, ", "), Role: ui.Dim}
}

func bookPriceCell(b *api.Book) ui.Cell { return priceCell(&b.Price) }

func stockCell(b *api.Book) ui.Cell {
	switch {
	case b.State == api.Retired:
		return ui.Cell{Text: "retired", Role: ui.Dim}
	case b.Stock <= 0:
		return ui.Cell{Text: "none", Role: ui.Bad}
	case b.Stock <= lowStock:
		return ui.Cell{Text: text(b.Stock), Role: ui.Warn}
	default:
		return ui.Cell{Text: text(b.Stock), Role: ui.Good}
	}
}

func bookCard(b *api.Book) ui.Card {
	v := bookView()
	return ui.Card{
		Title:    b.Title,
		Subtitle: authorsCell(b).Text,
		Facts:    facts(v.named("id", "price", "stock", "topics", "publisher", "year", "language", "isbn13"), b),
		Text:     text(known(b.Description)),
	}
}

// topicView is how topics shows them.
func topicView() view[api.Topic] {
	return view[api.Topic]{
		fields: []field[api.Topic]{
			{name: "slug", value: func(t *api.Topic) any { return t.Slug }, flex: true},
			{name: "name", value: func(t *api.Topic) any { return t.Name }, flex: true},
			{name: "books", value: func(t *api.Topic) any { return t.Books }, right: true},
		},
		columns: []string{"slug", "name", "books"},
		table:   []string{"slug", "name", "books"},
		id:      "slug",
	}
}
