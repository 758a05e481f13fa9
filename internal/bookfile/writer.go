package bookfile

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// Writer writes books to a file that [Reader] reads back without loss: as CSV,
// or as NDJSON with the JSON of [api.Book]. Cells stand as they are, even those
// that a spreadsheet would take for a formula: this is a catalogue.
type Writer struct {
	buffer *bufio.Writer
	csv    *csv.Writer   // nil for NDJSON
	json   *json.Encoder // nil for CSV
}

// NewWriter makes a writer of the format, CSV unless it is NDJSON; the CSV
// header is written even when no book follows.
func NewWriter(w io.Writer, f Format) *Writer {
	b := bufio.NewWriter(w)
	if f == NDJSON {
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		return &Writer{buffer: b, json: e}
	}
	c := csv.NewWriter(b)
	// An error stays with the writer, and the next call returns it.
	_ = c.Write(fieldNames())
	return &Writer{buffer: b, csv: c}
}

// Write writes a book. Errors are those of the file, and may come late: at
// [Writer.Flush].
func (w *Writer) Write(b *api.Book) error {
	if w.json != nil {
		return w.json.Encode(b)
	}
	return w.csv.Write(cells(b))
}

// Flush writes what is still buffered.
func (w *Writer) Flush() error {
	if w.csv != nil {
		w.csv.Flush()
		if err := w.csv.Error(); err != nil {
			return err
		}
	}
	return w.buffer.Flush()
}

// cells gives the book's texts in the order of fieldNames.
func cells(b *api.Book) []string {
	year := ""
	if b.Year != nil {
		year = strconv.Itoa(*b.Year)
	}
	return []string{
		strconv.FormatInt(b.ID, 10), orEmpty(b.ISBN13), b.Title,
		strings.Join(b.Authors, ";"), strings.Join(b.Topics, ";"),
		orEmpty(b.Publisher), year, orEmpty(b.Language), orEmpty(b.Description),
		b.Price.Decimal(), b.Price.Currency,
		strconv.FormatInt(b.Stock, 10), string(b.State),
	}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
