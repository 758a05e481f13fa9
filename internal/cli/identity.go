package cli

import (
	"context"
	"strings"

	"github.com/bazar-store/bazar/internal/prompt"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// tokenVariable has a token itself.
const tokenVariable = "BAZAR_TOKEN"

// accountTarget is the store that a token is for: where its account service is;
// "" where there can be none.
func (s *settings) accountTarget() string {
	place := s.AccountURL
	if s.URL != "" {
		place = s.URL
	}
	urls := client.Addresses(place)
	for i := range urls {
		urls[i] = strings.TrimSuffix(urls[i], "/")
	}
	return strings.Join(urls, ",")
}

// findToken gives the token that goes along with requests, "" for none: what the
// environment has beats what a login has left.
func (a *app) findToken() (string, error) {
	if name, token, err := a.givenToken(); name != "" {
		return token, err
	}
	target := a.settings.accountTarget()
	if target == "" {
		return "", nil
	}
	return a.vault().read(target)
}

// givenToken gives the token of the environment, and what it comes from.
func (a *app) givenToken() (name, token string, err error) {
	switch {
	case a.getenv(tokenVariable) != "":
		name, token = tokenVariable, strings.TrimSpace(a.getenv(tokenVariable))
	case a.settings.TokenFile != "":
		name = a.settings.TokenFile
		if token, err = prompt.File(name); err != nil {
			return name, "", err
		}
	default:
		return "", "", nil
	}
	if err := api.CheckToken(token); err != nil {
		return name, "", api.Errorf(api.CodeUnauthenticated, "%s: %w", name, err)
	}
	return name, token, nil
}

// accounts gives the way to the account service, where there can be one.
func (a *app) accounts() (*client.Client, error) {
	if a.settings.accountTarget() == "" {
		return nil, noAccounts()
	}
	return a.client()
}

func noAccounts() error {
	return &ending{
		exit: exitForbidden,
		err:  api.Errorf(api.CodeForbidden, "there are no accounts here: whoever owns the store's directory, or reaches its servers, is %q", api.LocalAccount),
		hint: "set BAZAR_URL to a store that has accounts; `bazar help environment` has more",
	}
}

// me is who the commands are for: local where there are no accounts.
func (a *app) me(ctx context.Context) (api.Me, error) {
	if a.settings.accountTarget() == "" {
		return api.Local(), nil
	}
	c, err := a.client()
	if err != nil {
		return api.Me{}, err
	}
	return c.Me(ctx)
}
