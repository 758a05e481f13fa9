package cli

import (
	"time"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// meView is how whoami and login show who somebody is.
func meView() view[api.Me] {
	type me = api.Me
	return view[me]{
		fields: []field[me]{
			{name: "account_id", also: "id", value: func(m *me) any { return m.ID }},
			{name: "name", value: func(m *me) any { return m.Name }},
			{name: "role", value: func(m *me) any { return string(m.Role) }},
			{name: "scopes", value: func(m *me) any { return scopesOf(m.Scopes) }},
			{name: "expires_at", value: func(m *me) any { return known(m.ExpiresAt) }, cell: func(m *me) ui.Cell { return momentCell(m.ExpiresAt) }},
		},
		columns: []string{"name", "role", "scopes", "expires_at", "account_id"},
		table:   []string{"name", "role", "scopes", "expires_at"},
		id:      "account_id",
	}
}

func scopesOf(scopes []api.Scope) any {
	texts := make([]string, len(scopes))
	for i, scope := range scopes {
		texts[i] = string(scope)
	}
	return texts
}

func momentCell(t *time.Time) ui.Cell {
	if t == nil {
		return ui.Cell{}
	}
	return timeCell(*t)
}

// accountView is how accounts are shown.
func accountView() view[api.Account] {
	type account = api.Account
	return view[account]{
		fields: []field[account]{
			{name: "account_id", also: "id", value: func(a *account) any { return a.ID }},
			{name: "name", value: func(a *account) any { return a.Name }},
			{name: "role", value: func(a *account) any { return string(a.Role) }},
			{name: "state", value: func(a *account) any { return string(a.State) }, cell: accountStateCell},
			{name: "created_at", value: func(a *account) any { return a.CreatedAt }, cell: func(a *account) ui.Cell { return timeCell(a.CreatedAt) }, from: 80},
			{name: "updated_at", value: func(a *account) any { return a.UpdatedAt }, cell: func(a *account) ui.Cell { return timeCell(a.UpdatedAt) }},
		},
		columns: []string{"account_id", "name", "role", "state", "created_at"},
		table:   []string{"name", "role", "state", "created_at"},
		id:      "account_id",
	}
}

func accountStateCell(a *api.Account) ui.Cell {
	cell := ui.Cell{Text: string(a.State), Role: ui.Good}
	if a.State != api.AccountActive {
		cell.Role = ui.Bad
	}
	return cell
}

// tokenView is how token list shows tokens; the secret is not among what is
// known of them.
func tokenView() view[api.Token] {
	type token = api.Token
	at := func(name string, from int, value func(*token) *time.Time) field[token] {
		return field[token]{
			name: name, value: func(t *token) any { return known(value(t)) },
			cell: func(t *token) ui.Cell { return momentCell(value(t)) }, from: from,
		}
	}
	return view[token]{
		fields: []field[token]{
			{name: "token_id", also: "id", value: func(t *token) any { return t.ID }},
			{name: "name", value: func(t *token) any { return t.Name }, flex: true},
			{name: "scopes", value: func(t *token) any { return scopesOf(t.Scopes) }},
			at("created_at", 132, func(t *token) *time.Time { return &t.CreatedAt }),
			at("expires_at", 96, func(t *token) *time.Time { return &t.ExpiresAt }),
			at("last_used_at", 112, func(t *token) *time.Time { return t.LastUsedAt }),
			{name: "current", value: func(t *token) any { return t.Current }, cell: currentCell},
		},
		columns: []string{"token_id", "name", "scopes", "created_at", "expires_at", "last_used_at", "current"},
		table:   []string{"token_id", "name", "scopes", "created_at", "expires_at", "last_used_at", "current"},
		id:      "token_id",
	}
}

func currentCell(t *api.Token) ui.Cell {
	if t.Current {
		return ui.Cell{Text: "in use", Role: ui.Good}
	}
	return ui.Cell{}
}

// issuedView is how token create shows what it has made, with the secret.
func issuedView() view[api.IssuedToken] {
	type issued = api.IssuedToken
	return view[issued]{
		fields: []field[issued]{
			{name: "token_id", value: func(i *issued) any { return i.Token.ID }},
			{name: "name", value: func(i *issued) any { return i.Token.Name }},
			{name: "scopes", value: func(i *issued) any { return scopesOf(i.Token.Scopes) }},
			{name: "expires_at", value: func(i *issued) any { return i.Token.ExpiresAt }, cell: func(i *issued) ui.Cell { return timeCell(i.Token.ExpiresAt) }},
			{name: "secret", value: func(i *issued) any { return i.Secret }},
			{name: "account", value: func(i *issued) any { return i.Account }},
			{name: "token", value: func(i *issued) any { return i.Token }},
		},
		columns: []string{"token_id", "name", "scopes", "expires_at", "secret"},
		table:   []string{"name", "scopes", "expires_at", "secret"},
		id:      "token_id",
	}
}
