package marc_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile/marc"
)

// usual is a record such as libraries have by the million.
func usual(leader, acute string) []string {
	return []string{
		leader, "001ocm12345678", "003OCoLC", "00520200101120000.0", "008850101s1954    enk           000 1 eng  ", "010  $a   54012345 ",
		"020  $a0-04-823188-6 (pbk.) :$c£3.95", "040  $aDLC$cDLC$dDLC", "043  $ae-uk---", "05000$aPZ3.T576$bFe", "08200$a823/.912",
		"1001 $aTolkien, J. R. R.$q(John Ronald Reuel),$d1892-1973.", "24514$aThe fellowship of the ring :$bbeing the first part of a caf" + acute + " /$cby J. R. R. Tolkien.",
		"260  $aLondon :$bAllen & Unwin,$cc1954.", "300  $a423 p. :$bmaps ;$c23 cm.", "4901 $aThe lord of the rings ;$vpart 1", "500  $aIncludes folded map in two colors.",
		"520  $aA hobbit inherits a ring, and has to leave his home; " + strings.Repeat("much happens on the way. ", 12),
		"650 0$aMiddle Earth (Imaginary place)$vFiction.", "650 0$aBaggins, Frodo (Fictitious character)$vFiction.", "655 7$aFantasy fiction.$2lcgft", "7001 $aBaynes, Pauline,$eillustrator.",
	}
}

// repeated gives a text again and again, n bytes at least.
type repeated struct {
	text string
	at   int
	left int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left <= 0 && r.at == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	r.left -= n
	return n, nil
}

func count(t testing.TB, next func() (marc.Item, error), each func()) (n int) {
	for {
		item, err := next()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err == nil {
			err = item.Err
		}
		if err == nil {
			_, err = item.Record.Book()
		}
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%20_000 == 0 {
			each()
		}
	}
}

func benchmark(b *testing.B, text string, open func(io.Reader) func() (marc.Item, error)) {
	const size = 8 << 20
	b.ReportAllocs()
	b.SetBytes(size)
	for b.Loop() {
		count(b, open(&repeated{text: text, left: size}), func() {})
	}
}

func openISO(r io.Reader) func() (marc.Item, error) { return marc.NewReader(r).Next }

func BenchmarkISO2709(b *testing.B) {
	f := usual(utf8Leader, "é")
	benchmark(b, iso(f[0], f[1:]...), openISO)
}

func BenchmarkMARC8(b *testing.B) {
	f := usual(marc8Leader, "\xe2e")
	benchmark(b, strings.ReplaceAll(iso(f[0], f[1:]...), "£", "$$"), openISO)
}

func BenchmarkMARCXML(b *testing.B) {
	f := usual(utf8Leader, "é")
	benchmark(b, xmlRecord(f[0], f[1:]...), func(r io.Reader) func() (marc.Item, error) {
		x, err := marc.NewXMLReader(r, false)
		if err != nil {
			b.Fatal(err)
		}
		return x.Next
	})
}

// TestMemoryStaysFlat streams more than 100 MB.
func TestMemoryStaysFlat(t *testing.T) {
	f := usual(utf8Leader, "é")
	x, err := marc.NewXMLReader(&repeated{text: xmlRecord(f[0], f[1:]...), left: 6 << 20}, false)
	if err != nil {
		t.Fatal(err)
	}
	most := uint64(0)
	measure := func() {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}
	measure()
	before := most
	n := count(t, openISO(&repeated{text: iso(f[0], f[1:]...), left: 104 << 20}), measure)
	n += count(t, x.Next, measure)
	if grown := int64(most) - int64(before); grown > 4<<20 || n < 60_000 {
		t.Errorf("after %d records the heap has grown by %d bytes", n, grown)
	}
}
