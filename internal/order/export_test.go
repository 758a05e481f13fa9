package order

import "github.com/bazar-store/bazar/internal/database"

// DB is the service's database, for tests that look at its rows.
func (s *Service) DB() *database.DB { return s.db }

// Model is the row of the table.
func Model() any { return &orderRow{} }
