package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/zalando/go-keyring"

	"github.com/bazar-store/bazar/internal/prompt"
	"github.com/bazar-store/bazar/pkg/api"
)

// keyringName is what the keyring knows Bazar by.
const keyringName = "bazar"

// vault keeps a token for each store between commands: in the system's keyring,
// or, where there is none, in a file that only its owner may read.
type vault struct {
	dir  string
	ring bool // there may be a keyring
}

func (a *app) vault() vault {
	// Without a session bus there is no keyring on these systems; looking for one
	// would start programs.
	busless := runtime.GOOS != "darwin" && runtime.GOOS != "windows" && a.getenv("DBUS_SESSION_BUS_ADDRESS") == ""
	return vault{dir: filepath.Join(a.settings.StateDir, "tokens"), ring: !busless}
}

// path is the file for a store. Its name tells neither the address nor what
// characters that has.
func (v vault) path(target string) string {
	sum := sha256.Sum256([]byte(target))
	return filepath.Join(v.dir, hex.EncodeToString(sum[:16]))
}

// read gives the token for a store, "" for none.
func (v vault) read(target string) (string, error) {
	path := v.path(target)
	if _, err := os.Stat(path); err == nil {
		return prompt.File(path)
	}
	if !v.ring {
		return "", nil
	}
	token, err := keyring.Get(keyringName, target)
	if err != nil { // there is none, or it is locked: then nobody is logged in
		return "", nil //nolint:nilerror // who needs a token is told to log in
	}
	return token, nil
}

// write keeps the token for a store, and says in which file unless it is in the
// keyring.
func (v vault) write(target, token string) (file string, err error) {
	if v.ring && keyring.Set(keyringName, target, token) == nil {
		return "", v.removeFile(target)
	}
	if err := makeDir(v.dir); err != nil {
		return "", cannotKeep(err)
	}
	draft, err := os.CreateTemp(v.dir, ".draft-*") // which is 0600
	if err != nil {
		return "", cannotKeep(err)
	}
	_, err = draft.WriteString(token + "\n")
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), v.path(target))
	}
	if err != nil {
		return "", cannotKeep(errors.Join(err, os.Remove(draft.Name())))
	}
	return v.path(target), nil
}

func cannotKeep(err error) error {
	return api.Errorf(api.CodeUnavailable, "the token can't be kept, so nobody is logged in: %w", err)
}

// remove forgets the token for a store.
func (v vault) remove(target string) error {
	if v.ring {
		if err := keyring.Delete(keyringName, target); err != nil && !errors.Is(err, keyring.ErrNotFound) {
			v.ring = false // then nothing is in it either
		}
	}
	return v.removeFile(target)
}

func (v vault) removeFile(target string) error {
	if err := os.Remove(v.path(target)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return api.Errorf(api.CodeUnavailable, "the token's file can't be removed: %w", err)
	}
	return nil
}
