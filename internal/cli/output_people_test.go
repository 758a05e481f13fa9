package cli

import (
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestATerminalGetsATable(t *testing.T) {
	expect(t, onScreen(t, 100, bookView(), asList, []api.Book{streaming(), japanese()}), ""+
		" id  title                authors                       year      price  stock\n"+
		"──────────────────────────────────────────────────────────────────────────────\n"+
		"  2  Streaming <Systems>  Tyler Akidau, Slava Chernyak  2018  44.99 USD     12\n"+
		"101  百年の孤独           García Márquez                        900 JPY   none\n")
}

func TestATerminalGetsCards(t *testing.T) {
	got := onScreen(t, 50, bookView(), asCards, []api.Book{streaming(), japanese()})
	if strings.Count(got, "╭") != 2 {
		t.Errorf("got\n%s", got)
	}
	expect(t, onScreen(t, 50, bookView(), asOne, []api.Book{streaming()}), `
╭────────────────────────────────────────────────╮
│ Streaming <Systems>                            │
│ Tyler Akidau, Slava Chernyak                   │
│                                                │
│ id      2                                      │
│ price   44.99 USD                              │
│ stock   12                                     │
│ topics  streams, data                          │
│ year    2018                                   │
│ isbn13  9781491983874                          │
│                                                │
│ The what,                                      │
│ where, when and how.                           │
╰────────────────────────────────────────────────╯
`[1:])
	expect(t, onScreen(t, 30, bookView(), asOne, []api.Book{streaming()}, "--fields", "price,year"), `
╭────────────────────────────╮
│ price  44.99 USD           │
│ year   2018                │
╰────────────────────────────╯
`[1:])
}

func TestStockHasItsColour(t *testing.T) {
	for _, c := range []struct {
		stock int64
		state api.BookState
		want  ui.Cell
	}{
		{12, api.OnSale, ui.Cell{Text: "12", Role: ui.Good}},
		{3, api.OnSale, ui.Cell{Text: "3", Role: ui.Warn}},
		{0, api.OnSale, ui.Cell{Text: "none", Role: ui.Bad}},
		{5, api.Retired, ui.Cell{Text: "retired", Role: ui.Dim}},
	} {
		if got := stockCell(&api.Book{Stock: c.stock, State: c.state}); got != c.want {
			t.Errorf("%d copies, %s: %v, want %v", c.stock, c.state, got, c.want)
		}
	}
}
