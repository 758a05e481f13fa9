package audit_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/audit"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

var (
	orderCount = flag.Int("audit.orders", 20_000, "orders of the store that is audited")
	bookCount  = flag.Int("audit.books", 2_000, "books of that store")
)

// BenchmarkAudit audits a store with many orders, all in this process:
//
//	go test ./internal/audit -run '^$' -bench . -benchtime 1x -audit.orders 1000000 -audit.books 100000
func BenchmarkAudit(b *testing.B) {
	store := large(b, *orderCount, *bookCount)
	b.ResetTimer()
	for range b.N {
		sums, err := audit.Run(b.Context(), store, audit.Options{
			Now: time.Now, Progress: func(int64) {}, Fault: func(f audit.Fault) error { return fmt.Errorf("%s", f.Detail) },
		})
		if err != nil || sums.Orders[api.OrderConfirmed] != int64(*orderCount) || sums.Books != int64(*bookCount)+32 {
			b.Fatalf("%v, %+v", err, sums)
		}
	}
	b.ReportMetric(float64(*orderCount)*float64(b.N)/b.Elapsed().Seconds(), "orders/s")
	if mib := peak(b); mib > 0 {
		b.ReportMetric(mib, "peak-MiB")
	}
}

// peak is the most memory that this process had at once; 0 where the system does
// not tell.
func peak(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscan(line, &kib); err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

// large writes a store with many orders of one copy, as buying them would, but
// faster.
func large(b *testing.B, orders, books int) *client.Client {
	b.Helper()
	dir := b.TempDir()
	store := open(b, dir)
	const id = "printf('01890a62-%04x-7%03x-8a11-%012x', i / 4096, i % 4096, i)"
	series := func(n int) string {
		return fmt.Sprintf("WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < %d) ", n-1)
	}
	book := fmt.Sprintf("(1000 + i %% %d)", books)
	line := `'[{"book_id":' || ` + book + ` || ',"quantity":1,"title":"A Book","price":{"amount":1000,"currency":"USD"}`
	execute(b, dir, "catalog.db", series(books)+`INSERT INTO books
		SELECT 1000 + i, NULL, 'A Book', 'a book', '["An Author"]', '["a-topic"]', NULL, 2026, 'en', NULL, 1000, 'USD', 1000000, 'on_sale', 1, NULL, NULL, 0, 0, 0, NULL, NULL FROM s`)
	execute(b, dir, "catalog.db", `INSERT INTO imports SELECT NULL, '`+nobody+`', 'bench', 'applied', 0, 0,
		`+fmt.Sprint(books)+`, 0, 0, 0, NULL, NULL, 0, 0, 0, 0, 0, 0`)
	execute(b, dir, "catalog.db", series(books)+`INSERT INTO ledger (book_id, at, cause, operation, stock_change, stock_after)
		SELECT 1000 + i, 0, 'imported', '`+nobody+`', 1000000, 1000000 FROM s`)
	execute(b, dir, "catalog.db", series(orders)+`INSERT INTO ledger (book_id, at, cause, operation, stock_change, stock_after)
		SELECT `+book+`, 0, 'sold', `+id+fmt.Sprintf(`, -1, 999999 - i / %d FROM s`, books))
	execute(b, dir, "catalog.db", `UPDATE books SET stock = stock - s.n
		FROM (SELECT book_id, count(*) AS n FROM ledger WHERE cause = 'sold' GROUP BY book_id) AS s WHERE s.book_id = id AND id >= 1000`)
	execute(b, dir, "catalog.db", series(orders)+`INSERT INTO reservations SELECT `+id+`, 'taken', NULL, `+line+`,"code":null,"available":9}]', 0 FROM s`)
	execute(b, dir, "order.db", series(orders)+`INSERT INTO orders
		SELECT `+id+`, 'local', 'confirmed', NULL, `+line+`,"max_price":null}]', '[]', 1000, 'USD', 0, 0, 0, 0 FROM s`)
	return store
}
