package bookfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// chunk is how much is read at once, in bytes.
const chunk = 64 << 10

// window is the part of the input that is in memory: a row at most, and a
// chunk. Lines end in LF, CRLF or CR.
type window struct {
	r     decoded
	name  string
	buf   []byte
	start int
	eof   bool
	err   error // that ended the sample, for who reads on
	gone  int   // bytes of the input before the data
	line  int   // the physical line at the start of the data, from 1
}

func newWindow(r decoded, name string) *window {
	return &window{r: r, name: name, line: 1, buf: make([]byte, 0, 2*chunk)}
}

func (w *window) data() []byte { return w.buf[w.start:] }

// step goes past n bytes that hold so many line ends.
func (w *window) step(n, lines int) {
	w.start += n
	w.gone += n
	w.line += lines
}

// sample fills the window with what tells a file's kind, a chunk if there is as
// much. An error of reading is kept for who reads on, unless there is nothing
// before it; a file that is found to be damaged so early is not begun.
func (w *window) sample() error {
	for !w.eof && w.err == nil && len(w.data()) < chunk {
		w.err = w.fill()
	}
	if _, damaged := errors.AsType[*api.Error](w.err); damaged || len(w.data()) == 0 {
		return w.err
	}
	return nil
}

// rest is what has not been stepped past, for formats that are not lines: as it
// stands in the file, unless w.r.encoding says what it was decoded from.
func (w *window) rest() io.Reader {
	return io.MultiReader(bytes.NewReader(w.data()), w.r)
}

// fill reads more data, or finds out that there is none.
func (w *window) fill() error {
	if w.err != nil {
		return w.err
	}
	if w.start > 0 {
		w.buf = w.buf[:copy(w.buf, w.data())]
		w.start = 0
	}
	if cap(w.buf)-len(w.buf) < chunk {
		w.buf = append(make([]byte, 0, 2*cap(w.buf)), w.buf...)
	}
	for range 100 {
		n, err := w.r.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf = w.buf[:len(w.buf)+n]
		if w.eof = errors.Is(err, io.EOF); err != nil && !w.eof {
			return fmt.Errorf("read %s: %w", w.name, err)
		}
		if n > 0 || w.eof {
			return nil
		}
	}
	return fmt.Errorf("read %s: %w", w.name, io.ErrNoProgress)
}

// firstLine gives the length of the first line without its end and with it,
// reading on as needed; a line that is too long is cut at [maxRow] and the rest
// of it stays.
func (w *window) firstLine() (end, next int, err error) {
	for {
		data := w.data()
		end = bytes.IndexAny(data, "\r\n")
		switch {
		case end > maxRow, end < 0 && len(data) > maxRow:
			return maxRow, maxRow, nil
		case end >= 0 && (end+1 < len(data) || w.eof):
			return end, pastLineEnd(data, end), nil
		case w.eof:
			return len(data), len(data), nil
		}
		if err := w.fill(); err != nil {
			return 0, 0, err
		}
	}
}

// takeLine gives the first line and steps past it. What is over [maxRow] bytes
// is left out, and said.
func (w *window) takeLine() (line string, cut bool, err error) {
	end, next, err := w.firstLine()
	if err != nil {
		return "", false, err
	}
	line = string(w.data()[:end])
	for w.step(next, 0); end == maxRow && next == maxRow; w.step(next, 0) {
		if end, next, err = w.firstLine(); err != nil {
			return "", false, err
		}
		cut = cut || end > 0
	}
	w.step(0, 1)
	return line, cut, nil
}

// pastLineEnd is where the line after the end at position end begins.
func pastLineEnd(data []byte, end int) int {
	switch {
	case end == len(data):
		return end
	case bytes.HasPrefix(data[end:], []byte("\r\n")):
		return end + 2
	default:
		return end + 1
	}
}

// lineEnds counts the line ends in s.
func lineEnds(s string) int {
	n := strings.Count(s, "\n")
	if returns := strings.Count(s, "\r"); returns > 0 {
		n += returns - strings.Count(s, "\r\n")
	}
	return n
}
