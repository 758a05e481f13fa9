package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// importView is how imports list shows imports.
func importView() view[api.Import] {
	type report = api.Import
	count := func(name string, from int, n func(*report) int64) field[report] {
		return field[report]{name: name, value: func(i *report) any { return n(i) }, right: true, from: from}
	}
	undone := func(name string, n func(*api.ImportUndo) int64) field[report] {
		return field[report]{name: name, right: true, value: func(i *report) any {
			if i.Undo == nil {
				return nil
			}
			return n(i.Undo)
		}}
	}
	return view[report]{
		fields: []field[report]{
			{name: "import_id", also: "id", value: func(i *report) any { return i.ID }},
			{name: "state", value: func(i *report) any { return string(i.State) }, cell: importStateCell},
			{name: "source", value: func(i *report) any { return i.Source }, flex: true},
			count("new", 0, func(i *report) int64 { return i.New }),
			count("changed", 0, func(i *report) int64 { return i.Changed }),
			count("same", 96, func(i *report) int64 { return i.Same }),
			count("rejected", 96, func(i *report) int64 { return i.Rejected }),
			{name: "at", also: "started_at", value: func(i *report) any { return i.StartedAt }, cell: func(i *report) ui.Cell { return timeCell(i.StartedAt) }, from: 116},
			{name: "ended_at", value: func(i *report) any { return i.EndedAt }, cell: func(i *report) ui.Cell { return timeCell(i.EndedAt) }},
			undone("removed", func(u *api.ImportUndo) int64 { return u.Removed }),
			undone("retired", func(u *api.ImportUndo) int64 { return u.Retired }),
			undone("restored", func(u *api.ImportUndo) int64 { return u.Restored }),
			undone("kept", func(u *api.ImportUndo) int64 { return u.Kept }),
		},
		columns: []string{"import_id", "state", "source", "new", "changed", "same", "rejected", "at"},
		table:   []string{"import_id", "state", "source", "new", "changed", "same", "rejected", "at"},
		id:      "import_id",
	}
}

// undoView is how import --undo shows what became of an import.
func undoView() view[api.Import] {
	v := importView()
	v.columns = []string{"removed", "retired", "restored", "kept", "import_id"}
	v.table = v.columns
	return v
}

func importStateCell(i *api.Import) ui.Cell {
	cell := ui.Cell{Text: string(i.State)}
	switch i.State {
	case api.ImportApplied:
		cell.Role = ui.Good
	case api.ImportUndone:
		cell.Role = ui.Dim
	default: // on its way there
		cell.Role = ui.Warn
	}
	return cell
}

// importReport is an import with what it did, as JSON shows it.
type importReport struct {
	api.Import

	Changes []api.ImportChange `json:"changes"`
}

func reportView() view[importReport] {
	v := view[importReport]{id: "import_id", card: reportCard}
	for _, f := range importView().fields {
		v.fields = append(v.fields, field[importReport]{
			name: f.name, also: f.also, right: f.right, value: func(r *importReport) any { return f.value(&r.Import) },
			cell: func(r *importReport) ui.Cell { return f.asCell(&r.Import) },
		})
	}
	v.fields = append(v.fields, field[importReport]{name: "changes", value: func(r *importReport) any { return r.Changes }})
	return v
}

func reportCard(r *importReport) ui.Card {
	v := reportView()
	return ui.Card{Title: "Import " + r.ID, Facts: facts(v.named(
		"state", "source", "new", "changed", "same", "rejected", "at", "removed", "retired", "restored", "kept"), r)}
}

// changeLine is one field that an import changed, or would change; a new book
// is a line without a field. Line is where the row stands in the file, for who
// imports it; Undone is what taking the import back did.
type changeLine struct {
	Line   int              `json:"line"`
	BookID *int64           `json:"book_id"`
	Title  *string          `json:"title"`
	Status api.ImportStatus `json:"status"`
	Field  *string          `json:"field"`
	Before json.RawMessage  `json:"before"`
	After  json.RawMessage  `json:"after"`
	Undone *string          `json:"undone,omitempty"`
}

// changeView is how imports show lists what an import did.
func changeView() view[changeLine] {
	type line = changeLine
	value := func(l *line, raw json.RawMessage) string { return fieldText(text(known(l.Field)), raw) }
	return view[line]{
		fields: []field[line]{
			{name: "book_id", value: func(l *line) any { return known(l.BookID) }, right: true},
			{name: "title", value: func(l *line) any { return known(l.Title) }, flex: true, from: 60},
			{name: "status", value: func(l *line) any { return string(l.Status) }, cell: changeStatusCell},
			{name: "field", value: func(l *line) any { return known(l.Field) }},
			{
				name: "before", value: func(l *line) any { return l.Before }, flex: true,
				text: func(l *line) string { return value(l, l.Before) },
			},
			{
				name: "after", value: func(l *line) any { return l.After }, flex: true,
				text: func(l *line) string { return value(l, l.After) },
			},
			{name: "undone", value: func(l *line) any { return known(l.Undone) }},
			{name: "line", value: func(l *line) any { return int64(l.Line) }, right: true},
		},
		columns: []string{"book_id", "title", "status", "field", "before", "after", "undone"},
		table:   []string{"book_id", "title", "status", "field", "before", "after", "undone"},
		id:      "book_id",
	}
}

// diffView is how import --dry-run --diff lists what an import would do.
func diffView() view[changeLine] {
	v := changeView()
	v.fields = slices.DeleteFunc(v.fields, func(f field[changeLine]) bool { return f.name == "undone" })
	v.columns = []string{"line", "status", "book_id", "title", "field", "before", "after"}
	v.table, v.id = v.columns, "line"
	return v
}

func changeStatusCell(l *changeLine) ui.Cell {
	cell := ui.Cell{Text: string(l.Status), Role: ui.Warn}
	if l.Status == api.RowNew {
		cell.Role = ui.Good
	}
	return cell
}

// fieldText writes a field's value as a cell of TSV.
func fieldText(name string, raw json.RawMessage) string {
	switch name {
	case "price":
		if m := valueOf[*api.Money](raw); m != nil {
			return m.Decimal() + " " + m.Currency
		}
		return ""
	case "authors", "topics":
		return strings.Join(valueOf[[]string](raw), ";")
	case "key":
		key := valueOf[struct{ Source, Key string }](raw)
		return strings.Trim(key.Source+"/"+key.Key, "/")
	}
	switch value := valueOf[any](raw).(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		return string(raw)
	}
}

// valueOf reads a value; what is of another kind is none.
func valueOf[T any](raw json.RawMessage) (value T) {
	if json.Unmarshal(raw, &value) != nil {
		var none T
		return none
	}
	return value
}

// changeLines are the lines of one book of a report.
func changeLines(c *api.ImportChange) (lines []changeLine) {
	line := changeLine{BookID: &c.BookID, Title: c.Title, Status: c.Status}
	if c.Status == api.RowNew {
		line.Undone = (*string)(c.Undone)
		return []changeLine{line}
	}
	for n := range c.Fields {
		f := &c.Fields[n]
		line.Field, line.Before, line.After = &f.Field, f.Before, f.After
		if c.Undone != nil {
			outcome := string(api.UndoRestored)
			if slices.Contains(c.Kept, f.Field) {
				outcome = string(api.UndoKept)
			}
			line.Undone = &outcome
		}
		lines = append(lines, line)
	}
	return lines
}

// newReportPrinter shows an import as imports show does: as JSON it is the
// report with its changes, as a card the report with a table of them, in rows
// they alone.
func newReportPrinter(s *ui.Streams, f outputFlags) (printer[importReport], error) {
	chosen, err := f.format(s.Out.IsTerminal())
	if err != nil {
		return nil, err
	}
	card, rows := printer[importReport](nil), chosen == formatTSV || chosen == formatCSV || chosen == formatIDs
	if !rows && (chosen != formatTable || len(f.fields) == 0) {
		if card, err = newPrinter(s, f, reportView(), asOne); err != nil || chosen != formatTable {
			return card, err
		}
	}
	lines, err := newPrinter(s, f, changeView(), asList)
	return reportPrinter{card, lines, chosen == formatIDs}, err
}

// reportPrinter prints a report in lines, after a card unless that is nil.
type reportPrinter struct {
	card  printer[importReport]
	lines printer[changeLine]
	ids   bool // once a book
}

func (p reportPrinter) print(r *importReport) error {
	if p.card != nil {
		if err := p.card.print(r); err != nil {
			return err
		}
	}
	for n := range r.Changes {
		lines := changeLines(&r.Changes[n])
		if p.ids {
			lines = lines[:min(1, len(lines))]
		}
		for m := range lines {
			if err := p.lines.print(&lines[m]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p reportPrinter) close(ctx context.Context) error {
	if p.card != nil {
		if err := p.card.close(ctx); err != nil {
			return err
		}
	}
	return p.lines.close(ctx)
}
