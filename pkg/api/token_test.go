package api_test

import (
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

func TestATokenIsKnownByItsForm(t *testing.T) {
	seen := map[string]bool{}
	for range 1_000 {
		token := api.NewToken()
		if len(token) != 53 || !strings.HasPrefix(token, api.TokenPrefix) || !api.ValidToken(token) || seen[token] {
			t.Fatalf("%q is no token, or stood before", token)
		}
		seen[token] = true
	}
}

func TestAMistypedTokenIsNone(t *testing.T) {
	token := api.NewToken()
	wrong := []string{
		"", token[:52], token + "0", " " + token, token + "\n", strings.ToUpper(token[:4]) + token[4:],
		"ghp_" + token[4:], token[:20] + "-" + token[21:], strings.Repeat("0", 53), token[4:] + "bzr_",
	}
	for i := 4; i < len(token); i++ {
		other := byte('0')
		if token[i] == other {
			other = 'z'
		}
		wrong = append(wrong, token[:i]+string(other)+token[i+1:])
	}
	for _, w := range wrong {
		if api.ValidToken(w) {
			t.Errorf("%q passes for a token", w)
		}
	}
}

func TestARoleMayWhatTheLesserOneMayAndMore(t *testing.T) {
	if c, s, a := len(api.RoleCustomer.Scopes()), len(api.RoleStaff.Scopes()), len(api.RoleAdmin.Scopes()); c != 2 || s != 3 || a != 4 {
		t.Errorf("a customer has %d scopes, staff %d, an admin %d", c, s, a)
	}
	if api.Role("owner").Scopes() != nil {
		t.Error("an unknown role may something")
	}
}
