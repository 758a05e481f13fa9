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

// What is held is measured, after a collection: how far the heap grows between
// two collections depends on how soon a busy machine lets the collector run.
func TestMemoryStaysFlatHoweverLongTheFile(t *testing.T) {
	const size, most = 48 << 20, 1 << 20
	line := "9780439023481,The Hunger Games,Suzanne Collins,2008,\"39,80 €\"," + strings.Repeat("It is told. ", 20) + "\n"
	in := io.MultiReader(strings.NewReader("isbn13,title,authors,year,price,description\n"), &endless{text: line, left: size})
	held := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := held()
	r, err := bookfile.NewReader(in, bookfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, peak := 0, before
	for ; err == nil; rows++ {
		if _, err = r.Read(); rows%10_000 == 0 {
			peak = max(peak, held())
		}
	}
	if !errors.Is(err, io.EOF) || rows < size/len(line) || peak-before > most {
		t.Errorf("%d rows, %v, and %d KiB held at most; want %d rows in %d KiB", rows, err, (peak-before)>>10, size/len(line), most>>10)
	}
	t.Logf("%d rows, %d KiB held at most", rows, (peak-before)>>10)
}
