package onix_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
)

// endless is a message of so many products, made as it is read.
type endless struct {
	part, product string
	left          int
}

func newEndless(products int) (*endless, int) {
	head, rest, _ := strings.Cut(reference30, "<Product ")
	body, _, _ := strings.Cut("<Product "+rest, "</Product>")
	e := &endless{part: head, product: body + "</Product>\n", left: products}
	return e, len(head) + products*len(e.product)
}

func (e *endless) Read(p []byte) (int, error) {
	if e.part == "" {
		if e.left < 0 {
			return 0, io.EOF
		}
		e.part = e.product
		if e.left--; e.left < 0 {
			e.part = "</ONIXMessage>"
		}
	}
	n := copy(p, e.part)
	e.part = e.part[n:]
	return n, nil
}

func count(t testing.TB, in io.Reader, each func(int)) int {
	t.Helper()
	r, err := onix.NewReader(in, onix.Options{Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil || p.Err != nil || p.Title == "" {
			t.Fatalf("product %d: %+v, %v", n, p, err)
		}
		each(n)
	}
}

func TestMemoryDoesNotGrowWithTheMessage(t *testing.T) {
	const products = 5_000
	in, size := newEndless(products)
	var most, now runtime.MemStats
	got := count(t, in, func(n int) {
		if n%1000 != 10 {
			return
		}
		runtime.GC()
		if runtime.ReadMemStats(&now); n == 10 {
			most = now
		}
		if now.HeapAlloc > most.HeapAlloc+1<<20 {
			t.Fatalf("%d bytes in use after %d products, %d at first", now.HeapAlloc, n, most.HeapAlloc)
		}
	})
	if got != products || size < 15<<20 {
		t.Errorf("%d products of %d, %d bytes", got, products, size)
	}
}

func BenchmarkRead(b *testing.B) {
	_, size := newEndless(2_000)
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		in, _ := newEndless(2_000)
		count(b, in, func(int) {})
	}
}

func BenchmarkWrite(b *testing.B) {
	book := full()
	text, _ := write(b, book)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		write(b, book)
	}
}
