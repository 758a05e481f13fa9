package bookfile

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
	"github.com/bazar-store/bazar/pkg/api"
)

// Writer writes books to a file that [Reader] reads back without loss: as CSV,
// as NDJSON with the JSON of [api.Book], or as a message of ONIX for Books 3.0;
// [onix.Writer] says what that cannot carry. Cells stand as they are, even those
// that a spreadsheet would take for a formula: this is a catalogue.
type Writer struct {
	buffer *bufio.Writer
	csv    *csv.Writer   // of CSV alone
	json   *json.Encoder // of NDJSON alone
	onix   *onix.Writer  // of ONIX alone
}

// NewWriter makes a writer of the format, CSV unless it is NDJSON or ONIX; the
// header of CSV and ONIX is written even when no book follows.
func NewWriter(w io.Writer, f Format) *Writer {
	b := bufio.NewWriter(w)
	if f == ONIX {
		return &Writer{onix: onix.NewWriter(w, time.Now())}
	}
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
	if w.onix != nil {
		return w.onix.Write(b)
	}
	if w.json != nil {
		return w.json.Encode(b)
	}
	return w.csv.Write(cells(b))
}

// Notes gives what a person should know of the books written, a sentence each.
func (w *Writer) Notes() []string {
	if w.onix != nil {
		return w.onix.Notes()
	}
	return nil
}

// Flush writes what is still buffered, and ends the file.
func (w *Writer) Flush() error {
	if w.onix != nil {
		return w.onix.Close()
	}
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
