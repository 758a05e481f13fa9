package order_test

import (
	"testing"
	"time"

	"gorm.io/gorm"
)

// manyPending records so many orders of a copy of a book that have not been decided.
func (s *shop) manyPending(n int, book int64) {
	s.t.Helper()
	err := s.DB().Write(s.t.Context(), func(tx *gorm.DB) error {
		return tx.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @n)
			INSERT INTO orders (id, account_id, state, lines, refusal, attempts, attempt_at, created_at, updated_at)
			SELECT printf('01890a5d-ac96-774b-bcce-%012x', i), 'local', 'pending',
				json_array(json_object('book_id', @book, 'title', NULL, 'quantity', 1, 'max_price', NULL, 'price', NULL)), '[]', 0, 1, 1, 1 FROM n`,
			map[string]any{"n": n, "book": book}).Error
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// How many orders a second recovery settles that an outage has left, few and many.
func BenchmarkRecovery(b *testing.B) {
	for _, n := range []int{5_000, 40_000} {
		b.Run("", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				s := newShop(b)
				s.manyPending(n, s.book("T", 100, int64(n)))
				b.StartTimer()
				start := time.Now()
				if err := s.RecoverAll(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(n)/time.Since(start).Seconds(), "orders/s")
			}
		})
	}
}
