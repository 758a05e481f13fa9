package order

import (
	"context"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
)

// DB is the service's database, for tests that look at its rows.
func (s *Service) DB() *database.DB { return s.db }

// Model is the row of the table.
func Model() any { return &orderRow{} }

// IsDue is how recovery finds orders.
const IsDue = isDue

// RecoverAll drives every open order on once, as if all were due.
func (s *Service) RecoverAll(ctx context.Context) error {
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&orderRow{}).Where("state IN ('pending', 'cancelling')").UpdateColumn("attempt_at", 0).Error
	})
	if err == nil {
		_, err = s.recoverDue(ctx, &pace{size: recoverBatch})
	}
	return err
}
