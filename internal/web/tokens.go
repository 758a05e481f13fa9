package web

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// tokenTime is how long a service goes on with what it was told about a token:
	// as long may one that was revoked still be good.
	tokenTime = 5 * time.Second
	// refusedTime is the same for a token that stands for nobody.
	refusedTime = time.Second
	// restTime is how long the account service is left alone once it could not be
	// asked: who waits for nothing should not wait long.
	restTime = time.Second
	// introspectTime bounds a call of the account service.
	introspectTime = 2 * time.Second
	// Of so many tokens something is remembered. Those that stand for nobody are
	// remembered apart, so that no flood of them drives out the others.
	maxTokens  = 16_384
	maxRefused = 4_096
)

// Cached asks an account service for each token at most every 5 s, and once for
// all that wait for the same one. It keeps no token, only its SHA-256. Where the
// account service can't be asked its errors are [api.CodeUnavailable].
func Cached(accounts Introspector) Introspector {
	return &tokens{
		accounts: accounts, known: map[tokenKey]remembered{}, refused: map[tokenKey]remembered{},
		flights: map[tokenKey]*flight{},
	}
}

type tokenKey [sha256.Size]byte

// remembered is an answer and when it was asked for: an answer holds for the
// moment of the question.
type remembered struct {
	api.Introspection

	asked time.Time
}

// flight is a call of the account service that is under way; result and err hold
// once done is closed.
type flight struct {
	done   chan struct{}
	result remembered
	err    error
}

// tokens remembers for whom tokens stand.
type tokens struct {
	accounts Introspector

	mu      sync.Mutex // for what is below
	known   map[tokenKey]remembered
	refused map[tokenKey]remembered
	flights map[tokenKey]*flight
	failed  time.Time // when the account service could last not be asked
}

// Introspect says for whom a token stands.
func (t *tokens) Introspect(ctx context.Context, token string) (api.Introspection, error) {
	key := tokenKey(sha256.Sum256([]byte(token)))
	f, mine, err := t.find(key)
	switch {
	case err != nil:
		return api.Introspection{}, err
	case mine:
		t.fly(ctx, key, token, f)
	}
	select {
	case <-f.done:
		return f.result.Introspection, f.err
	case <-ctx.Done():
		return api.Introspection{}, ctx.Err()
	}
}

// find gives the flight whose result is, or will be, the answer. mine says that
// the caller is the one to fly it.
func (t *tokens) find(key tokenKey) (f *flight, mine bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.recall(key); ok {
		return landed(known), false, nil
	}
	if f := t.flights[key]; f != nil {
		return f, false, nil
	}
	if !t.failed.IsZero() && time.Since(t.failed) < restTime {
		return nil, false, noAccounts(nil)
	}
	f = &flight{done: make(chan struct{})}
	t.flights[key] = f
	return f, true, nil
}

func (t *tokens) recall(key tokenKey) (remembered, bool) {
	if known, ok := t.known[key]; ok && time.Since(known.asked) < tokenTime {
		return known, true
	}
	known, ok := t.refused[key]
	return known, ok && time.Since(known.asked) < refusedTime
}

func landed(known remembered) *flight {
	f := &flight{done: make(chan struct{}), result: known}
	close(f.done)
	return f
}

// fly asks the account service. Whoever asked first may leave: others wait for
// the same answer.
func (t *tokens) fly(ctx context.Context, key tokenKey, token string, f *flight) {
	f.err = noAccounts(nil) // should the call panic
	defer t.land(key, f)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), introspectTime)
	defer cancel()
	asked := time.Now()
	answer, err := t.accounts.Introspect(ctx, token)
	f.result, f.err = remembered{answer, asked}, nil
	if err != nil {
		f.err = noAccounts(err)
	}
}

func (t *tokens) land(key tokenKey, f *flight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.flights, key)
	switch {
	case f.err != nil:
		t.failed = time.Now()
	case f.result.Active:
		t.failed = time.Time{}
		delete(t.refused, key)
		keep(t.known, key, f.result, maxTokens)
	default:
		t.failed = time.Time{}
		delete(t.known, key)
		keep(t.refused, key, f.result, maxRefused)
	}
	close(f.done)
}

// keep remembers an answer; where there are too many, it forgets another.
func keep(all map[tokenKey]remembered, key tokenKey, answer remembered, most int) {
	if _, there := all[key]; !there && len(all) >= most {
		for other := range all {
			delete(all, other)
			break
		}
	}
	all[key] = answer
}

func noAccounts(cause error) error {
	return api.Wrap(api.CodeUnavailable, cause, "the account service can't be asked now; what needs no token goes on")
}
