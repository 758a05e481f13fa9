package web_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bazar-store/bazar/internal/account"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

const password = "several good words"

// bank is a real account service, of which a test sees how often it is asked,
// and which it can cut off.
type bank struct {
	*account.Service

	asked atomic.Int64
	cut   atomic.Bool
	slow  time.Duration
}

func (b *bank) Introspect(ctx context.Context, token string) (api.Introspection, error) {
	b.asked.Add(1)
	if b.slow > 0 {
		select {
		case <-time.After(b.slow):
		case <-ctx.Done():
			return api.Introspection{}, ctx.Err()
		}
	}
	if b.cut.Load() {
		return api.Introspection{}, errors.New("connection refused")
	}
	return b.Service.Introspect(ctx, token)
}

// openBank opens the service with the clock of whoever asks. It does so outside of
// a bubble of time: its database has work of its own that outlives one.
func openBank(t *testing.T) *bank {
	t.Helper()
	_, log := newLog()
	s, err := account.Open(context.Background(), account.Options{Database: "sqlite:" + filepath.Join(t.TempDir(), "account.db"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bank{Service: s}
}

// login makes an account, and a token with these scopes or all that it may have.
func (b *bank) login(t *testing.T, name string, role api.Role, scopes ...api.Scope) api.IssuedToken {
	t.Helper()
	if _, err := b.Create(t.Context(), api.NewAccount{Name: name, Password: password}, role); err != nil && api.CodeOf(err) != api.CodeConflict {
		t.Fatal(err)
	}
	life := int64(api.MinTokenLife)
	issued, err := b.Login(t.Context(), api.TokenRequest{Account: name, Password: password, Name: "test", Scopes: scopes, ExpiresIn: &life}, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func (b *bank) revoke(t *testing.T, issued api.IssuedToken) {
	t.Helper()
	if _, err := b.Revoke(t.Context(), issued.Account.ID, "", issued.Token.ID); err != nil {
		t.Fatal(err)
	}
}

// pass lets fake time pass.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // in a synctest bubble
}

// active asks whether a token stands for somebody.
func active(t *testing.T, i web.Introspector, token string) bool {
	t.Helper()
	who, err := i.Introspect(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return who.Active
}

func TestATokenIsAskedForOnceInFiveSeconds(t *testing.T) {
	b := openBank(t)
	synctest.Test(t, func(t *testing.T) {
		ada, cached := b.login(t, "ada", api.RoleCustomer), web.Cached(b)
		for range 10 {
			if !active(t, cached, ada.Secret) {
				t.Fatal("the token stands for nobody")
			}
			pass(499 * time.Millisecond)
		}
		if n := b.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		pass(20 * time.Millisecond)
		active(t, cached, ada.Secret)
		if n := b.asked.Load(); n != 2 {
			t.Errorf("after 5 s asked %d times in all", n)
		}
	})
}

// The 5 s count from the question: how long the answer takes adds nothing.
func TestARevokedTokenIsGoodForFiveSecondsAtMost(t *testing.T) {
	b := openBank(t)
	synctest.Test(t, func(t *testing.T) {
		b.slow = time.Second
		ada, cached := b.login(t, "ada", api.RoleCustomer), web.Cached(b)
		start := time.Now()
		active(t, cached, ada.Secret)
		b.revoke(t, ada)
		b.slow = 0
		for active(t, cached, ada.Secret) {
			pass(10 * time.Millisecond)
		}
		if took := time.Since(start); took < 4*time.Second || took > 5*time.Second {
			t.Errorf("it was good for %s", took)
		}
	})
}

func TestManyWhoWaitForATokenAskOnce(t *testing.T) {
	b := openBank(t)
	synctest.Test(t, func(t *testing.T) {
		b.slow = time.Second
		ada, cached := b.login(t, "ada", api.RoleCustomer), web.Cached(b)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if !active(t, cached, ada.Secret) {
					t.Error("the token stands for nobody")
				}
			})
		}
		all.Wait()
		if n := b.asked.Load(); n != 1 {
			t.Errorf("100 callers asked %d times", n)
		}
	})
}

// Whoever asks first and leaves takes the answer from nobody.
func TestWhoLeavesStopsNobodyElse(t *testing.T) {
	b := openBank(t)
	synctest.Test(t, func(t *testing.T) {
		b.slow = time.Second
		ada, cached := b.login(t, "ada", api.RoleCustomer), web.Cached(b)
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _, _ = cached.Introspect(ctx, ada.Secret) })
		synctest.Wait()
		all.Go(func() {
			if !active(t, cached, ada.Secret) {
				t.Error("the token stands for nobody")
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		if n := b.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestWhileAccountsAreAwayKnownTokensGoOnForFiveSeconds(t *testing.T) {
	b := openBank(t)
	synctest.Test(t, func(t *testing.T) {
		ada, bob, cached := b.login(t, "ada", api.RoleCustomer), b.login(t, "bob", api.RoleCustomer), web.Cached(b)
		active(t, cached, ada.Secret)
		b.cut.Store(true)
		if _, err := cached.Introspect(t.Context(), bob.Secret); api.CodeOf(err) != api.CodeUnavailable {
			t.Errorf("a token that is not known: %v", err)
		}
		pass(4900 * time.Millisecond)
		if !active(t, cached, ada.Secret) {
			t.Error("a known token is forgotten")
		}
		pass(200 * time.Millisecond)
		if _, err := cached.Introspect(t.Context(), ada.Secret); api.CodeOf(err) != api.CodeUnavailable {
			t.Errorf("a known token after 5 s: %v", err)
		}
		b.cut.Store(false)
		pass(time.Second)
		if !active(t, cached, ada.Secret) || !active(t, cached, bob.Secret) {
			t.Error("tokens are not good once accounts are back")
		}
	})
}

// Accounts that hang must not hold up every request for as long.
func TestAccountsThatFailAreLeftAloneForASecond(t *testing.T) {
	b := openBank(t)
	synctest.Test(t, func(t *testing.T) {
		b.slow = time.Hour
		cached := web.Cached(b)
		start := time.Now()
		for range 100 {
			if _, err := cached.Introspect(t.Context(), api.NewToken()); api.CodeOf(err) != api.CodeUnavailable {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 2*time.Second || b.asked.Load() != 1 {
			t.Errorf("100 requests took %s, and asked %d times", took, b.asked.Load())
		}
	})
}

// A flood of tokens that stand for nobody drives out none that does, and does not
// grow what is kept.
func TestAFloodOfWrongTokensForgetsNoGoodOne(t *testing.T) {
	b := openBank(t)
	ada, cached := b.login(t, "ada", api.RoleCustomer), web.Cached(b)
	active(t, cached, ada.Secret)
	before := b.asked.Load()
	for range web.MaxRefused + 100 {
		if active(t, cached, api.NewToken()) {
			t.Fatal("a token that nobody was given stands for somebody")
		}
	}
	flood := b.asked.Load()
	if active(t, cached, ada.Secret); b.asked.Load() != flood {
		t.Error("the flood drove out a good token")
	}
	if known, refused := web.Remembered(cached); known != 1 || refused > web.MaxRefused || flood-before < web.MaxRefused {
		t.Errorf("remembered are %d and %d", known, refused)
	}
}
