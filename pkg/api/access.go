package api

import "time"

// Role is what an account may do at most.
type Role string

// A customer buys; staff also keep the shelves; an admin also keeps the accounts.
const (
	RoleCustomer Role = "customer"
	RoleStaff    Role = "staff"
	RoleAdmin    Role = "admin"
)

// Scope is what a token may be used for: never more than its account's role.
type Scope string

// ScopeRead looks at what is the account's own, ScopeBuy places and cancels
// orders, ScopeStaff keeps the shelves, ScopeAdmin keeps the accounts.
const (
	ScopeRead  Scope = "read"
	ScopeBuy   Scope = "buy"
	ScopeStaff Scope = "staff"
	ScopeAdmin Scope = "admin"
)

// Scopes is the most that a token of an account with this role may be used for;
// nothing for what is no role.
func (r Role) Scopes() []Scope {
	switch r {
	case RoleCustomer:
		return []Scope{ScopeRead, ScopeBuy}
	case RoleStaff:
		return []Scope{ScopeRead, ScopeBuy, ScopeStaff}
	case RoleAdmin:
		return []Scope{ScopeRead, ScopeBuy, ScopeStaff, ScopeAdmin}
	default:
		return nil
	}
}

// IntrospectionRequest asks the account service for whom a token stands.
type IntrospectionRequest struct {
	Token string `json:"token"`
}

// Introspection says for whom a token stands. Where Active is false (unknown,
// expired, revoked, or its account disabled) everything else is empty.
type Introspection struct {
	Active    bool       `json:"active"`
	AccountID string     `json:"account_id"`
	Name      string     `json:"name"`
	Role      Role       `json:"role"`
	Scopes    []Scope    `json:"scopes"`
	ExpiresAt *time.Time `json:"expires_at"`
}
