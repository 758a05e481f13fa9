package prompt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/prompt"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestSecretsAreReadALineEach(t *testing.T) {
	for text, want := range map[string]string{
		"one\ntwo\n": "one|two", "one\r\ntwo": "one|two", " one \n\n": " one |", "one\ntwo\nthree\n": "one|two",
	} {
		got, err := prompt.Lines(strings.NewReader(text), 2)
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "one", "one\n", strings.Repeat("x", 100_000)} {
		_, err := prompt.Lines(strings.NewReader(text), 2)
		if api.CodeOf(err) != api.CodeInvalid || strings.Contains(err.Error(), "one\n") || strings.Contains(err.Error(), "xxx") {
			t.Errorf("%.9q: %v", text, err)
		}
	}
}

func TestASecretsFileIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("a room with a view\nand more\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := prompt.File(path); err != nil || got != "a room with a view" {
		t.Errorf("%q, %v", got, err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o620, 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := prompt.File(path); api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("%o: %v", mode, err)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{empty, path + "-not-there", t.TempDir()} {
		if _, err := prompt.File(name); api.CodeOf(err) != api.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without a terminal nobody is asked, and nothing waits.
func TestWhereNobodyTypesNobodyIsAsked(t *testing.T) {
	var out strings.Builder
	for _, terminal := range []prompt.Terminal{{In: strings.NewReader("x\n"), Out: &out}, {In: os.NewFile(^uintptr(0), "none"), Out: &out}} {
		if _, err := terminal.Ask(t.Context(), "Password:"); api.CodeOf(err) != api.CodeInvalid || terminal.IsThere() || out.Len() > 0 {
			t.Errorf("%v, %q", err, out.String())
		}
	}
}
