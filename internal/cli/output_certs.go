package cli

import (
	"github.com/bazar-store/bazar/internal/certs"
	"github.com/bazar-store/bazar/internal/ui"
)

// certificateView is how certs shows certificates.
func certificateView() view[certs.Certificate] {
	type one = certs.Certificate
	return view[one]{
		fields: []field[one]{
			{name: "name", value: func(c *one) any { return c.Name }},
			{name: "state", value: func(c *one) any { return string(c.State) }, cell: certificateCell},
			{name: "ends_at", value: func(c *one) any { return known(c.EndsAt) }},
			{name: "identity", value: func(c *one) any { return known(c.Identity) }, from: 80},
			{name: "hosts", value: func(c *one) any { return c.Hosts }, flex: true},
			{name: "file", value: func(c *one) any { return c.File }},
		},
		columns: []string{"name", "state", "ends_at", "identity", "hosts", "file"},
		table:   []string{"name", "state", "ends_at", "identity", "hosts"},
		id:      "name",
	}
}

func certificateCell(c *certs.Certificate) ui.Cell {
	cell := ui.Cell{Text: string(c.State), Role: ui.Bad}
	switch c.State {
	case certs.Valid:
		cell.Role = ui.Good
	case certs.Ending:
		cell.Role = ui.Warn
	default: // nobody accepts it
	}
	return cell
}
