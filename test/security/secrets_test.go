// Package security holds the repository to what docs/security.md says of it: no
// secret is in it, and what the page names is there.
package security_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

// kind is something that looks like a secret.
type kind struct {
	name  string
	looks *regexp.Regexp
	// is says whether what looks like one is one; nil if always.
	is func(found []byte) bool
}

func kinds() []kind {
	return []kind{
		{"a token of Bazar", regexp.MustCompile(`bzr_[0-9A-Za-z]{49}`), func(found []byte) bool { return api.CheckToken(string(found)) == nil }},
		{"a private key", regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\\?[rn\s]+[A-Za-z0-9+/=]{40}`), nil},
		{"a service key", regexp.MustCompile(`\A[0-9A-Fa-f]{64}\s*\z`), nil},
		{"a key of AWS", regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b`), nil},
		{"a token of GitHub", regexp.MustCompile(`\b(gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{60})`), nil},
		{"a token of GitLab", regexp.MustCompile(`\bglpat-[0-9A-Za-z_-]{20}`), nil},
		{"a token of Slack", regexp.MustCompile(`\bxox[abprs]-[0-9A-Za-z-]{20}`), nil},
		{"a key of Google", regexp.MustCompile(`\bAIza[0-9A-Za-z_-]{35}`), nil},
		{"a web token", regexp.MustCompile(`\beyJ[0-9A-Za-z_-]{15,}\.eyJ[0-9A-Za-z_-]{15,}\.[0-9A-Za-z_-]{20,}`), nil},
		{"a password in a URL", regexp.MustCompile(`\b(https?|postgres(ql)?)://[^\s/:@"'<>{}$]+:[^\s/:@"'<>{}$]{8,}@`), nil},
	}
}

// secretsIn names what looks like a secret in a text.
func secretsIn(text []byte) (found []string) {
	for _, k := range kinds() {
		for _, match := range k.looks.FindAll(text, -1) {
			if k.is == nil || k.is(match) {
				found = append(found, k.name)
			}
		}
	}
	return found
}

func TestNoSecretIsInTheRepository(t *testing.T) {
	root := filepath.Join("..", "..")
	list, err := exec.Command("git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Fatalf("the files of the repository: %v", err)
	}
	read := 0
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is about to be deleted
		}
		if err != nil {
			t.Fatal(err)
		}
		read++
		for _, secret := range secretsIn(text) {
			t.Errorf("%s has %s", name, secret)
		}
	}
	if read < 300 {
		t.Errorf("only %d files were read", read)
	}
}

// Each kind is found where it stands, and nothing where there is none.
func TestASecretWouldBeFound(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	random := func(n int) string { return rand.Text()[:n] }
	for _, c := range []struct{ name, text string }{
		{"a token of Bazar", "token = \"" + api.NewToken() + "\""},
		{"a private key", "x\n" + string(block)},
		{"a private key", strings.ReplaceAll(string(bytes.TrimSpace(block)), "\n", `\n`)},
		{"a service key", hex.EncodeToString([]byte(rand.Text()+"123456")) + "\n"},
		{"a key of AWS", "AKIA" + random(16)},
		{"a token of GitHub", "ghp_" + random(20) + random(16)},
		{"a token of GitLab", "glpat-" + random(20)},
		{"a token of Slack", "xoxb-" + random(24)},
		{"a key of Google", "AIza" + random(20) + random(15)},
		{"a web token", "eyJ" + random(20) + ".eyJ" + random(20) + "." + random(24)},
		{"a password in a URL", "https://ada:" + random(12) + "@example.org/"},
	} {
		if found := secretsIn([]byte(c.text)); len(found) != 1 || found[0] != c.name {
			t.Errorf("%s: found %q in %q", c.name, found, c.text)
		}
	}
	for _, text := range []string{
		"bzr_", "bzr_" + strings.Repeat("x", 49), "-----BEGIN PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----\n" + random(26) + random(26),
		"BAZAR_TOKEN=bzr_…", "https://user@example.org", "http://127.0.0.1:8080/@", "sha256 " + strings.Repeat("0", 64),
	} {
		if found := secretsIn([]byte(text)); found != nil {
			t.Errorf("%q in %q", found, text)
		}
	}
}
