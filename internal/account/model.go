package account

import (
	"database/sql/driver"
	"encoding/json"
	"slices"
	"time"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// accountRow is a row of table accounts.
type accountRow struct {
	ID        string `gorm:"primaryKey"`
	Name      string
	Password  string
	Role      api.Role
	State     api.AccountState
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	UpdatedAt int64 `gorm:"autoUpdateTime:false"`
}

func (accountRow) TableName() string { return "accounts" }

func (a *accountRow) account() api.Account {
	return api.Account{
		ID: a.ID, Name: a.Name, Role: a.Role, State: a.State,
		CreatedAt: moment(a.CreatedAt), UpdatedAt: moment(a.UpdatedAt),
	}
}

// tokenRow is a row of table tokens.
type tokenRow struct {
	ID         string `gorm:"primaryKey"`
	AccountID  string
	Hash       []byte
	Name       string
	Scopes     scopes
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
	ExpiresAt  int64
	LastUsedAt *int64
}

func (tokenRow) TableName() string { return "tokens" }

// token is what may be told of it; current is the hash of the token that is
// asked with.
func (t *tokenRow) token(current []byte) api.Token {
	token := api.Token{
		ID: t.ID, Name: t.Name, Scopes: t.Scopes, Current: slices.Equal(t.Hash, current),
		CreatedAt: moment(t.CreatedAt), ExpiresAt: moment(t.ExpiresAt),
	}
	if t.LastUsedAt != nil {
		used := moment(*t.LastUsedAt)
		token.LastUsedAt = &used
	}
	return token
}

func moment(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }

// guessRow is a row of table guesses.
type guessRow struct {
	Name    string `gorm:"primaryKey"`
	Address string `gorm:"primaryKey"`
	Until   int64
}

func (guessRow) TableName() string { return "guesses" }

// scopes stand as JSON in one column.
type scopes []api.Scope

// Scan reads the column.
func (s *scopes) Scan(value any) error { return database.ScanJSON(value, s) }

// Value writes the column.
func (s scopes) Value() (driver.Value, error) {
	data, err := json.Marshal(s)
	return string(data), err
}

// within leaves out what a role does not have: it may have been taken away since
// the token was made.
func (s scopes) within(role api.Role) []api.Scope {
	allowed := []api.Scope{}
	for _, scope := range s {
		if slices.Contains(role.Scopes(), scope) {
			allowed = append(allowed, scope)
		}
	}
	return allowed
}
