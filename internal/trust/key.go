package trust

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// Header carries what a service says of itself where it has no certificate:
// see [Key.Sign]. The key itself never travels.
const Header = "Bazar-Service"

// keyBytes is the length of a key.
const keyBytes = 32

// shelfLife is how far the time of a signature may be from now. Both sides are
// on one machine and have one clock.
const shelfLife = time.Minute

// Key is what the services of one machine share. The zero Key is none.
type Key struct{ secret string }

// None says whether there is no key.
func (k Key) None() bool { return k.secret == "" }

// String keeps the key out of logs.
func (k Key) String() string { return "(a service key)" }

// GoString keeps the key out of logs.
func (k Key) GoString() string { return k.String() }

// LoadKey reads the key of a file (64 hexadecimal digits), and makes both the
// first time. Of several programs that do so at once one wins, and the others
// read its key. A file that others than its owner may read is refused.
func LoadKey(path string) (Key, error) {
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return Key{}, api.Errorf(api.CodeInternal, "the service key can't be made: %w", err)
	}
	return readKey(path)
}

func readKey(path string) (Key, error) {
	if err := CheckPrivate(path); err != nil {
		return Key{}, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Key{}, api.Errorf(api.CodeInvalid, "service key: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != keyBytes {
		return Key{}, api.Errorf(api.CodeInvalid,
			"%s is no service key: it needs %d hexadecimal digits; remove it, and a new one is made", path, 2*keyBytes)
	}
	return Key{string(secret)}, nil
}

// makeKey writes a new key beside its place and links it there, so that nobody
// ever sees half of one; a link never replaces a file.
func makeKey(path string) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-") // with O_EXCL and mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	secret := make([]byte, keyBytes)
	rand.Read(secret) // never fails
	_, err = f.WriteString(hex.EncodeToString(secret) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

// Sign makes the text of [Header] for a request that one service sends to
// another: who sends it, to whom, when, a digest of the body, and a MAC over
// these, method and target. So it is good for this request alone, for a minute,
// and for no other service.
func (k Key) Sign(from, to, method, target string, body []byte, now time.Time) string {
	digest := sha256.Sum256(body)
	fields := []string{from, to, strconv.FormatInt(now.Unix(), 10), encode(digest[:])}
	return strings.Join(append(fields, encode(k.mac(fields, method, target))), " ")
}

// Verify reads what [Key.Sign] made: who sent the request to the service to, and
// the digest ([crypto/sha256]) that its body must have.
func (k Key) Verify(text, to, method, target string, now time.Time) (from string, digest [sha256.Size]byte, err error) {
	fields := strings.Split(text, " ")
	if len(fields) != 5 {
		return "", digest, errors.New("it has another form")
	}
	mac, err := decode(fields[4])
	if err != nil || !hmac.Equal(mac, k.mac(fields[:4], method, target)) {
		return "", digest, errors.New("it was made with another key, or for another request")
	}
	seconds, err := strconv.ParseInt(fields[2], 10, 64)
	if age := now.Sub(time.Unix(seconds, 0)); err != nil || age.Abs() > shelfLife {
		return "", digest, errors.New("it is too old, or the clocks differ")
	}
	body, err := decode(fields[3])
	if err != nil || len(body) != len(digest) || fields[1] != to || !slices.Contains(Names(), fields[0]) {
		return "", digest, errors.New("it was made for another service")
	}
	copy(digest[:], body)
	return fields[0], digest, nil
}

func (k Key) mac(fields []string, method, target string) []byte {
	mac := hmac.New(sha256.New, []byte(k.secret))
	for _, field := range append([]string{"bazar-service-1", method, target}, fields...) {
		mac.Write([]byte(field + "\n")) // a hash takes everything
	}
	return mac.Sum(nil)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(s) }
