package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

// shelfful makes n rows of an import, with ISBNs in no order.
func shelfful(random *rand.Rand, first, n int) []api.ImportRow {
	zipf := rand.NewZipf(random, 1.1, 4, 50_000)
	rows := make([]api.ImportRow, n)
	for i := range rows {
		title := ""
		for range 2 + random.IntN(7) {
			title += fmt.Sprintf("w%sd ", strconv.FormatUint(zipf.Uint64(), 36))
		}
		isbn, _ := api.RepairISBN(isbn10(uint64(first+i) * 618_033_989 % 1_000_000_000))
		publisher, language, year, stock := fmt.Sprintf("Publisher %d", random.IntN(300)), "en", 1900+random.IntN(126), int64(100)
		rows[i] = api.ImportRow{
			Line: first + i + 2, ISBN13: &isbn, Title: &title, Publisher: &publisher, Language: &language, Year: &year, Stock: &stock,
			Authors: []string{fmt.Sprintf("Given%d Sur%d", random.IntN(500), random.IntN(400))},
			Topics:  []string{fmt.Sprintf("topic-%d", random.IntN(40)), fmt.Sprintf("topic-%d", random.IntN(40))},
			Price:   &api.Money{Amount: random.Int64N(10_000), Currency: "USD"},
		}
	}
	return rows
}

func isbn10(n uint64) string {
	digits, sum := fmt.Sprintf("%09d", n), 0
	for i := range 9 {
		sum += (10 - i) * int(digits[i]-'0')
	}
	return digits + string("0123456789X"[(11-sum%11)%11])
}

// BenchmarkImport imports 100,000 new books into an empty catalogue.
func BenchmarkImport(b *testing.B) {
	const books, part = 100_000, 1_000
	random := rand.New(rand.NewPCG(1, 2)) // the same books each time
	var parts []api.ImportRequest
	id := api.NewID()
	for first := 0; first < books; first += part {
		parts = append(parts, api.ImportRequest{ID: id, Source: "bench", Rows: shelfful(random, first, part)})
	}
	for b.Loop() {
		b.StopTimer()
		s := empty(b)
		b.StartTimer()
		importParts(b, s, parts)
		s.WaitForMerges()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*books), "µs/row")
}

func importParts(b *testing.B, s *catalog.Service, parts []api.ImportRequest) {
	for _, p := range parts {
		results, err := s.Import(b.Context(), p)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range results.Results {
			if r.Status != api.RowNew {
				b.Fatalf("line %d: %s", r.Line, r.Status)
			}
		}
	}
}
