package account

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// DB is the service's database, for tests that look at its rows.
func (s *Service) DB() *database.DB { return s.db }

// Models are the rows of the tables.
func Models() map[string]any {
	return map[string]any{"accounts": &accountRow{}, "tokens": &tokenRow{}, "guesses": &guessRow{}}
}

// Guess is a guess at an account's password that costs no hash.
func (s *Service) Guess(ctx context.Context, name, address string) error {
	return s.throttle.pass(ctx, name, address)
}

// CheckPassword says what is wrong with a password.
func (s *Service) CheckPassword(name, password string) error { return s.common.check(name, password) }

// Commonest are the passwords that are refused for being common.
func (s *Service) Commonest() map[string]bool { return s.common }

// DummyHash is the hash that nobody has.
func (s *Service) DummyHash() string { return s.hashes.dummy }

// Turn runs work for an address when its turn comes.
func (s *Service) Turn(ctx context.Context, address string, work func() error) error {
	return s.hashes.turn(ctx, address, work)
}

// Waiting is how many hashes are made or wait for it.
func (s *Service) Waiting() int { return len(s.hashes.places) }

// HashesAtOnce and HashesWaiting are how many hashes are made at a time, and how
// many more may wait; HashesOfOne is how many of all these one address may have.
const (
	HashesAtOnce  = hashesAtOnce
	HashesWaiting = hashesWaiting
	HashesOfOne   = hashesOfOne
)

// AddressOf is what of an address counts.
func AddressOf(peer string) string { return addressOf(peer) }

// Fill gives an account so many tokens, that live for an hour.
func (s *Service) Fill(ctx context.Context, account string, count int) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		for range count {
			at := s.now()
			err := s.keep(tx, &tokenRow{
				ID: api.NewID(), AccountID: account, Hash: hashOf(api.NewToken()), Name: "x", Scopes: scopes{api.ScopeRead},
				CreatedAt: at.UnixMilli(), ExpiresAt: at.Add(time.Hour).UnixMilli(),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
