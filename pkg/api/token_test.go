package api_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bazar-store/bazar/pkg/api"
)

// What a scanner for secrets is told to look for.
var tokenForm = regexp.MustCompile(`^bzr_[0-9A-Za-z]{49}$`)

func TestTokensHaveAFormThatScannersKnow(t *testing.T) {
	seen := map[string]bool{}
	for range 1_000 {
		token := api.NewToken()
		if !tokenForm.MatchString(token) || api.CheckToken(token) != nil || seen[token] {
			t.Fatalf("%s: %v, seen before: %v", token, api.CheckToken(token), seen[token])
		}
		seen[token] = true
	}
}

// A character that is changed, dropped, added or swapped is found out, without
// asking anybody.
func TestAMistypedTokenIsNoToken(t *testing.T) {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	rapid.Check(t, func(t *rapid.T) {
		token := api.NewToken()
		at := rapid.IntRange(0, len(token)-1).Draw(t, "at")
		other := string(digits[rapid.IntRange(0, len(digits)-1).Draw(t, "digit")])
		wrong := rapid.SampledFrom([]string{
			token[:at] + other + token[at+1:], token[:at] + token[at+1:], token[:at] + other + token[at:],
			token + other, token[:at], " " + token, token + "\n", strings.ToUpper(token),
		}).Draw(t, "wrong")
		err := api.CheckToken(wrong)
		if (err == nil) != (wrong == token) {
			t.Fatalf("%s for %s: %v", wrong, token, err)
		}
		if err != nil && len(wrong) > 8 && strings.Contains(err.Error(), wrong) {
			t.Fatalf("the error tells the token: %v", err)
		}
	})
}

func TestNamesOfAccounts(t *testing.T) {
	for typed, want := range map[string]string{
		"ada": "ada", "Ada": "ada", "A-1": "a-1", "0x0": "0x0", strings.Repeat("a", 32): strings.Repeat("a", 32),
		"": "", "ab": "", strings.Repeat("a", 33): "", "ada lovelace": "", "ada_l": "", "ad\u00e4": "", "-ada": "", "ada-": "", "local": "", "LOCAL": "",
		"ada\n": "", "ada@example.com": "", "\u212aelvin": "",
	} {
		got, err := api.ParseAccountName(typed)
		if got != want || (want == "") != (api.CodeOf(err) == api.CodeInvalid) {
			t.Errorf("%q is %q, %v", typed, got, err)
		}
	}
}
