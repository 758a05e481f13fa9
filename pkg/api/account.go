package api

import (
	"strings"
	"time"
)

// Limits of accounts: lengths in characters.
const (
	MinAccountName = 3
	MaxAccountName = 32
	MinPassword    = 10
	MaxPassword    = 256
	MaxTokenName   = 100
	MaxTokens      = 100 // of one account
)

// How long a token lives, in seconds: at least, at most, and if nothing else is
// asked for.
const (
	MinTokenLife     = 60
	MaxTokenLife     = 366 * 24 * 60 * 60
	DefaultTokenLife = 90 * 24 * 60 * 60
)

// AccountState says whether an account can be used.
type AccountState string

// The states of an account. The tokens of a disabled one stand for nobody.
const (
	AccountActive   AccountState = "active"
	AccountDisabled AccountState = "disabled"
)

// Account is who may buy, keep the shelves or keep the accounts. ID is a UUID;
// the name is never given to another account.
type Account struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Role      Role         `json:"role"`
	State     AccountState `json:"state"`
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// AccountList is a page of accounts, by id.
type AccountList struct {
	Accounts   []Account `json:"accounts"`
	NextCursor *string   `json:"next_cursor"`
}

// NewAccount is the body of POST /v1/accounts. Every account begins as a
// customer.
type NewAccount struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// AccountEdit is the body of PATCH /v1/accounts/{account}: what is absent or
// null stays.
type AccountEdit struct {
	Role  *Role         `json:"role,omitempty"`
	State *AccountState `json:"state,omitempty"`
}

// PasswordChange is the body of PUT /v1/me/password.
type PasswordChange struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// Me says for whom a token stands, and what it may be used for. Where there are
// no accounts everyone is [LocalAccount], and nothing expires.
type Me struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Role      Role       `json:"role"`
	Scopes    []Scope    `json:"scopes"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// Local is who everyone is where there are no accounts.
func Local() Me {
	return Me{ID: LocalAccount, Name: LocalAccount, Role: RoleAdmin, Scopes: RoleAdmin.Scopes()}
}

// TokenRequest is the body of POST /v1/tokens: who logs in, and what the token
// is for. Name helps people to tell their tokens apart; no scopes are all that
// the account's role has; ExpiresIn is in seconds, [DefaultTokenLife] if absent.
type TokenRequest struct {
	Account   string  `json:"account"`
	Password  string  `json:"password"`
	Name      string  `json:"name"`
	Scopes    []Scope `json:"scopes,omitempty"`
	ExpiresIn *int64  `json:"expires_in,omitempty"`
}

// Token is what is known of a token, which is not the secret itself. Current
// says that it is the one the request came with. LastUsedAt is true to about a
// minute.
type Token struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Scopes     []Scope    `json:"scopes"`
	Current    bool       `json:"current"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// IssuedToken answers POST /v1/tokens. Secret is told this once.
type IssuedToken struct {
	Account Account `json:"account"`
	Token   Token   `json:"token"`
	Secret  string  `json:"secret"`
}

// TokenList is a page of tokens, by id.
type TokenList struct {
	Tokens     []Token `json:"tokens"`
	NextCursor *string `json:"next_cursor"`
}

// ParseAccountName reads an account's name: 3 to 32 of a-z, 0-9 and "-", which
// neither begins nor ends it. Capitals are taken for small letters.
func ParseAccountName(typed string) (string, error) {
	outside := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-'
	}
	name := strings.ToLower(typed)
	switch {
	case len(name) < MinAccountName || len(name) > MaxAccountName || strings.ContainsFunc(typed, outside):
		return "", Errorf(CodeInvalid, "%q is not an account's name: %d to %d of a-z, 0-9 and -", typed, MinAccountName, MaxAccountName)
	case name[0] == '-' || name[len(name)-1] == '-':
		return "", Errorf(CodeInvalid, "%q is not an account's name: it neither begins nor ends with -", typed)
	case name == LocalAccount:
		return "", Errorf(CodeInvalid, "%q is who everyone is where there are no accounts; choose another name", typed)
	}
	return name, nil
}
