package account

import (
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"github.com/bazar-store/bazar/pkg/api"
)

// commonestList has the commonest passwords that are long enough to be ones, one
// a line. They are those of ten characters and more in the list that comes with
// zxcvbn (MIT licence, Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc.).
//
//go:embed commonest.txt
var commonestList string

// commonest are the passwords that guessing begins with.
type commonest map[string]bool

func readCommonest() commonest {
	c := commonest{}
	for line := range strings.Lines(commonestList) {
		c[strings.TrimSuffix(line, "\n")] = true
	}
	return c
}

// check refuses what is not good for a password of the account with this name.
// What it is made of does not matter, as long as nobody would guess it first.
func (c commonest) check(name, password string) error {
	password = normal(password)
	length := utf8.RuneCountInString(password)
	switch folded := strings.ToLower(password); {
	case length < api.MinPassword || length > api.MaxPassword:
		return api.Errorf(api.CodeInvalid, "a password has %d to %d characters, not %d; several words make a good one", api.MinPassword, api.MaxPassword, length)
	case c[folded], strings.Count(folded, folded[:1]) == len(folded):
		return api.Errorf(api.CodeInvalid, "this password is among the commonest, which are guessed first; take another, such as several words")
	case isLike(name, folded):
		return api.Errorf(api.CodeInvalid, "this password is like the account's name, which is guessed first; take another, such as several words")
	}
	return nil
}

// isLike says whether a password is the name, perhaps several times, and nothing
// else but digits and signs.
func isLike(name, folded string) bool {
	letters := func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}
	bare, password := strings.Map(letters, name), strings.Map(letters, strings.ReplaceAll(folded, name, ""))
	if bare == "" {
		return password == "" && strings.Contains(folded, name)
	}
	has := strings.Contains(folded, name) || strings.Contains(password, bare)
	return has && strings.ReplaceAll(password, bare, "") == ""
}

// normal is the one form of a password that can be typed in several (NFKC).
func normal(password string) string { return norm.NFKC.String(password) }

const (
	// hashesAtOnce is how many passwords are hashed at a time; each takes the
	// memory below.
	hashesAtOnce = 2
	// hashesWaiting is how many more may wait for that, some seconds' worth.
	hashesWaiting = 64
	// hashesOfOne is how many of these places one address may have: it can make
	// up names without end, and the others want to log in, too.
	hashesOfOne = 8
)

// hashing is the second choice of RFC 9106: 64 MiB, three passes, four lanes.
func hashing() *argon2id.Params {
	return &argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 4, SaltLength: 16, KeyLength: 32}
}

// hashes makes and checks hashes of passwords, few at a time: each takes much
// memory and time, and anybody can ask for one.
type hashes struct {
	places, running chan struct{}
	dummy           string

	mu sync.Mutex // for of
	of map[string]int
}

func newHashes() *hashes {
	return &hashes{
		places: make(chan struct{}, hashesAtOnce+hashesWaiting), running: make(chan struct{}, hashesAtOnce), dummy: dummyHash(),
		of: map[string]int{},
	}
}

// dummyHash is a hash that costs as much to check as any, and that no password
// has.
func dummyHash() string {
	p := hashing()
	zeros := func(n uint32) string { return base64.RawStdEncoding.EncodeToString(make([]byte, n)) }
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", p.Memory, p.Iterations, p.Parallelism, zeros(p.SaltLength), zeros(p.KeyLength))
}

// claim takes one of the places that an address may have, unless it has them all.
func (h *hashes) claim(address string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if address != "" && h.of[address] >= hashesOfOne {
		return false
	}
	h.of[address]++
	return true
}

func (h *hashes) release(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of[address]--; h.of[address] == 0 {
		delete(h.of, address)
	}
}

// turn runs work when its turn comes, unless too many wait already: from the same
// address, or at all. Whoever comes from none is this machine's own program.
func (h *hashes) turn(ctx context.Context, address string, work func() error) error {
	if !h.claim(address) {
		return api.Errorf(api.CodeRateLimited, "too many are logging in from your address at the moment; try again in some seconds").WithRetryAfter(2)
	}
	defer h.release(address)
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	default:
		return api.Errorf(api.CodeRateLimited, "too many are logging in at the moment; try again in some seconds").WithRetryAfter(2)
	}
	select {
	case h.running <- struct{}{}:
		defer func() { <-h.running }()
	case <-ctx.Done():
		return api.Wrap(api.CodeUnavailable, ctx.Err(), "the request was given up before its turn came; nothing was done")
	}
	return work()
}

func (h *hashes) make(ctx context.Context, address, password string) (hash string, err error) {
	err = h.turn(ctx, address, func() (err error) {
		hash, err = argon2id.CreateHash(normal(password), hashing())
		return err
	})
	return hash, err
}

// match says whether a password has the hash. An empty hash, of nobody, takes as
// long as any other.
func (h *hashes) match(ctx context.Context, address, password, hash string) (same bool, err error) {
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	err = h.turn(ctx, address, func() (err error) {
		same, err = argon2id.ComparePasswordAndHash(normal(password), hash)
		return err
	})
	return same && known, err
}
