package bookfile_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
)

// endless repeats a text for so many bytes.
type endless struct {
	text string
	at   int
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	e.left -= n
	return n, nil
}

func TestMemoryStaysFlatHoweverLongTheFile(t *testing.T) {
	const size, most = 48 << 20, 24 << 20
	line := "9780439023481,The Hunger Games,Suzanne Collins,2008,\"39,80 €\"," + strings.Repeat("It is told. ", 20) + "\n"
	in := io.MultiReader(strings.NewReader("isbn13,title,authors,year,price,description\n"), &endless{text: line, left: size})
	r, err := bookfile.NewReader(in, bookfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var stats runtime.MemStats
	rows, peak := 0, uint64(0)
	for ; err == nil; rows++ {
		if _, err = r.Read(); rows%10_000 == 0 {
			runtime.ReadMemStats(&stats)
			peak = max(peak, stats.HeapInuse)
		}
	}
	if !errors.Is(err, io.EOF) || rows < size/len(line) || peak > most {
		t.Errorf("%d rows, %v, and %d MiB of memory at most; want %d rows in %d MiB", rows, err, peak>>20, size/len(line), most>>20)
	}
}
