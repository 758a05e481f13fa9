package bookfile

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// dialect is how the cells of a file are kept apart.
type dialect struct {
	delimiter byte
	quote     byte // around cells; 0: none
	backslash bool // before a quote within a cell, where RFC 4180 doubles it
}

// tried is how much of a file dialects are tried on, in bytes.
const tried = 32 << 10

// noQuote is what [Options.Quote] says where no cell is quoted.
const noQuote = "none"

// parseQuote reads what --quote says.
func parseQuote(s string) (quote byte, backslash bool, err error) {
	switch s {
	case noQuote:
		return 0, false, nil
	case `"`, `'`:
		return s[0], false, nil
	case `\"`, `\'`:
		return s[1], true, nil
	}
	return 0, false, api.Errorf(api.CodeInvalid, `%q cannot quote cells; use ", ' or none, or \" or \' where a backslash stands before quotes within`, s)
}

// sniffDialect finds out what the options do not say from the sample, and steps
// past the line that spreadsheets write for each other: sep=;
func sniffDialect(in *window, o *Options) dialect {
	d := dialect{delimiter: byte(o.Delimiter), quote: '"'} //nolint:gosec // it is ASCII: Options are checked
	said := sepLine(in)
	if d.delimiter == 0 {
		d.delimiter = said
	}
	if d.delimiter == 0 {
		d.delimiter = sniffDelimiter(in.data())
	}
	if o.Quote != "" {
		d.quote, d.backslash, _ = parseQuote(o.Quote) // the options were checked
		return d
	}
	return d.sniffQuote(in)
}

// sepLine steps past a first line such as "sep=;" and gives its delimiter, else 0.
func sepLine(in *window) byte {
	const sep = "sep="
	data := in.data()
	at := len(sep) + 1
	if !bytes.HasPrefix(data, []byte(sep)) || len(data) <= at || (data[at] != '\r' && data[at] != '\n') || !delimits(rune(data[at-1])) {
		return 0
	}
	in.step(pastLineEnd(data, at), 1)
	return data[at-1]
}

// delimits says whether cells can be told apart by c.
func delimits(c rune) bool { return c > 0 && c <= 126 && !strings.ContainsRune("\"'\\\r\n", c) }

// sniffQuote takes the quotes that leave the fewest rows of the sample bad. The
// others have to be better than those of RFC 4180, not as good.
func (d dialect) sniffQuote(in *window) dialect {
	data := in.data()
	if bytes.IndexByte(data, '"') < 0 && bytes.IndexByte(data, '\'') < 0 {
		return d
	}
	standard := d.try(in)
	if standard.bad == 0 && standard.quoted > 0 {
		return d
	}
	if escaped := (dialect{d.delimiter, '"', true}); bytes.Contains(data, []byte(`\"`)) && escaped.try(in).bad < standard.bad {
		return escaped
	}
	if standard.quoted == 0 {
		single := dialect{d.delimiter, '\'', bytes.Contains(data, []byte(`\'`))}
		if t := single.try(in); t.bad <= standard.bad && t.quoted >= t.rows {
			return single
		}
	}
	// Tabs are seldom quoted. Elsewhere one quote too many is a mistake, and a
	// few are a habit.
	habit := standard.bad >= 3 || (standard.bad > 0 && d.delimiter == '\t')
	if none := (dialect{delimiter: d.delimiter}); habit && standard.bad > standard.quoted && none.try(in).bad == 0 {
		return none
	}
	return d
}

// trial is how a dialect fares on a sample.
type trial struct {
	rows   int // the header too
	bad    int // rows that cannot be read, or have not as many cells as the header
	quoted int // cells
}

func (d dialect) try(in *window) (t trial) {
	data := in.data()
	sample := &window{buf: data[:min(len(data), tried)], eof: in.eof && len(data) <= tried, err: errSampleEnd()}
	s := newCSV(sample, d)
	width := 0
	for {
		row, err := s.row()
		if err != nil {
			return t
		}
		if t.rows++; t.rows == 1 {
			width = s.count
		}
		if s.count != width || row.raw == "" || s.broke {
			t.bad++
			continue
		}
		for _, c := range s.cells {
			if c.quoted {
				t.quoted++
			}
		}
	}
}

func errSampleEnd() error { return fmt.Errorf("the sample ends") }

// text is what the cell says. It shares the memory of raw where it can.
func (d dialect) text(c *cell, raw string) string {
	if c.escaped {
		return d.unescape(raw[c.start:c.end])
	}
	return raw[c.start:c.end]
}

func (d dialect) unescape(s string) string {
	quote := string(rune(d.quote))
	if d.backslash {
		return strings.NewReplacer(`\\`, `\`, `\`+quote, quote, quote+quote, quote).Replace(s)
	}
	return strings.ReplaceAll(s, quote+quote, quote)
}

// cell writes s, a line, as a last cell that stays one whatever the row before it.
func (d dialect) cell(s string) string {
	quote := string(rune(d.quote))
	switch {
	case d.quote == 0:
		return strings.ReplaceAll(s, string(rune(d.delimiter)), "_")
	case d.backslash:
		return quote + strings.NewReplacer(`\`, `\\`, quote, `\`+quote).Replace(s) + quote
	}
	return quote + strings.ReplaceAll(s, quote, quote+quote) + quote
}

// notes says what was detected and is not the comma or the quotes of RFC 4180.
func (d dialect) notes(o *Options) []string {
	var notes []string
	if o.Delimiter == 0 && d.delimiter != ',' {
		name := string(rune(d.delimiter))
		if d.delimiter == '\t' {
			name = "a tab"
		}
		notes = append(notes, "detected: cells are delimited by "+name)
	}
	switch {
	case o.Quote != "":
	case d.quote == 0:
		notes = append(notes, "detected: quotes are text, and keep no cell together")
	case d.quote == '\'':
		notes = append(notes, "detected: cells are quoted by '")
	}
	if o.Quote == "" && d.backslash {
		notes = append(notes, "detected: quotes within cells have a backslash before them")
	}
	return notes
}
