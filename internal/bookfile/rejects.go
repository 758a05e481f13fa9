package bookfile

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"

	"github.com/bazar-store/bazar/internal/bookfile/marc"
	"github.com/bazar-store/bazar/internal/bookfile/onix"
)

// Rejects writes rows that were turned down to a file of the input's own
// format, each as it stood there, or as it was decoded, with the reason in a last
// column or member "error". The file can be mended and imported with the same
// options: "error" is not read. Rows turned down again have a second one. In
// MARCXML and ONIX the reason is a comment before the record; in ISO 2709 there
// is no place for it.
type Rejects struct {
	w       *bufio.Writer
	format  Format
	dialect dialect
	mark    string          // before all, still to be written
	header  string          // still to be written
	onix    *onix.Rejects   // of ONIX alone
	xml     *marc.XMLReader // of MARCXML
	tail    string          // still to be written at the end
}

// Rejects makes a writer of rejected rows of r's format, with a mark of UTF-8
// where r was decoded. Nothing is written before the first row.
func (r *Reader) Rejects(w io.Writer) *Rejects {
	if r.message != nil {
		return &Rejects{onix: r.message.Rejects(w)}
	}
	rejects := &Rejects{w: bufio.NewWriter(w), format: r.format, dialect: r.dialect, mark: r.mark, header: r.header}
	if s, ok := r.source.(*marcSource); ok {
		rejects.xml = s.xml
	}
	return rejects
}

// Add writes a row of the reader with the reason, or the row's own error if
// that is empty. Errors are those of the writer.
func (r *Rejects) Add(row Row, reason string) error {
	if reason == "" && row.Err != nil {
		reason = row.Err.Error()
	}
	if r.onix != nil {
		return r.onix.Add(row.raw, oneLine(reason))
	}
	if _, err := r.w.WriteString(r.mark); err != nil {
		return err
	}
	r.mark = ""
	if r.format == MARC || r.format == MARCXML {
		return r.addMARC(row.raw, oneLine(reason))
	}
	if r.format == NDJSON {
		_, err := r.w.WriteString(withError(row.raw, reason) + "\n")
		return err
	}
	if r.header != "" {
		if _, err := r.w.WriteString(r.header + string(rune(r.dialect.delimiter)) + errorColumn + "\n"); err != nil {
			return err
		}
		r.header = ""
	}
	// The quotes make sure that a quote left open in the row stays an error of
	// this row.
	_, err := r.w.WriteString(row.raw + string(rune(r.dialect.delimiter)) + r.dialect.cell(oneLine(reason)) + "\n")
	return err
}

// addMARC writes a record, which in ISO 2709 may have lost its end.
func (r *Rejects) addMARC(raw, reason string) error {
	text := marc.Terminated(raw)
	if r.xml != nil {
		text = marc.Rejected(raw, reason)
		if r.tail == "" {
			text = r.xml.Head() + text
			r.tail = r.xml.Tail()
		}
	}
	_, err := r.w.WriteString(text)
	return err
}

// Flush ends the file, and writes what is still buffered.
func (r *Rejects) Flush() error {
	if r.onix != nil {
		return r.onix.Close()
	}
	// An error stays with the writer.
	_, _ = r.w.WriteString(r.tail)
	r.tail = ""
	return r.w.Flush()
}

// oneLine makes the reason a line that is never empty.
func oneLine(s string) string {
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return "rejected"
	}
	return s
}

// withError adds the member to a JSON object, and makes an object of what is
// none.
func withError(raw, reason string) string {
	quoted := quoteJSON(oneLine(reason))
	body, ok := strings.CutSuffix(raw, "}")
	if _, err := parseObject(raw); err != nil || !ok {
		return `{"raw":` + quoteJSON(raw) + `,"error":` + quoted + "}"
	}
	if body = strings.TrimSpace(body); body != "{" {
		body += ","
	}
	return body + `"error":` + quoted + "}"
}

func quoteJSON(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return `""`
	}
	return string(quoted)
}
