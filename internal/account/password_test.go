package account_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/alexedwards/argon2id"
	"pgregory.net/rapid"

	"github.com/bazar-store/bazar/internal/account"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestWhatAPasswordMayBe(t *testing.T) {
	o := newOffice(t)
	for text, want := range map[string]string{
		"correct horse": "", strings.Repeat("ab", 128): "", "zwölf Häuser": "", "いろはにほへとちりぬ": "", "a b c d e f": "",
		"0918273645-": "", "canada is great": "", "lovelace was here": "",
		"": "10 to 256 characters, not 0", "nine char": "not 9", strings.Repeat("ab", 128) + "c": "not 257", "いろはにほへとちり": "not 9",
		"qwertyuiop": "commonest", "QWERTYuiop": "commonest", "1234567890": "commonest", "password123": "commonest", "aaaaaaaaaaaa": "commonest",
		"adaadaadaada": "like the account's name", "ada1234567": "like the account's name", "Ada!2026!!": "like the account's name", "12345-ADA-": "like the account's name",
	} {
		err := o.CheckPassword("ada", text)
		if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if len(text) > 3 && err != nil && strings.Contains(err.Error(), text) {
			t.Errorf("%q is told: %v", text, err)
		}
	}
	for name, text := range map[string]string{"administrator": "administrator", "jo-an": "jo-an-jo-an", "0x0": "0x00x00x00x0", "111": "1112223334111"} {
		if err := o.CheckPassword(name, text); err == nil {
			t.Errorf("%s may have the password %s", name, text)
		}
	}
}

func TestTheCommonestAreALongList(t *testing.T) {
	common := newOffice(t).Commonest()
	if len(common) < 1_500 {
		t.Errorf("%d", len(common))
	}
	for text := range common {
		if len(text) < api.MinPassword || text != strings.ToLower(text) {
			t.Errorf("%q never meets a password", text)
		}
	}
}

// There are no rules of composition: whatever is long enough, not common and not
// like the name will do.
func TestNoCompositionIsAskedFor(t *testing.T) {
	o := newOffice(t)
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]*rapid.Generator[rune]{
			rapid.RuneFrom([]rune("abcdefghijklmnopqrstuvwxyz")), rapid.RuneFrom([]rune("0123456789")), rapid.RuneFrom([]rune("!?-_. ")), rapid.RuneFrom([]rune("αβγδ")),
		}).Draw(t, "kind")
		text := rapid.StringOfN(kind, 20, 256, -1).Draw(t, "password")
		if strings.Count(text, text[:1]) == len(text) || o.Commonest()[text] {
			t.Skip("common")
		}
		if err := o.CheckPassword("lovelace", text); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

// The same password, composed or not, is the same.
func TestAPasswordIsTheSameHoweverItIsTyped(t *testing.T) {
	o := newOffice(t)
	_, err := o.Create(t.Context(), api.NewAccount{Name: "ada", Password: "zw\u00f6lf H\u00e4user"}, api.RoleCustomer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Login(t.Context(), api.TokenRequest{Account: "ada", Password: "zwo\u0308lf Ha\u0308user", Name: "x"}, here); err != nil {
		t.Error(err)
	}
}

func TestPasswordsAreKeptAsArgon2id(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	o.add("bob", api.RoleCustomer)
	var kept []string
	if err := o.DB().Read(t.Context()).Raw("SELECT password FROM accounts").Scan(&kept).Error; err != nil {
		t.Fatal(err)
	}
	for _, hash := range append(kept, o.DummyHash()) {
		params, _, _, err := argon2id.DecodeHash(hash)
		if err != nil || *params != (argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 4, SaltLength: 16, KeyLength: 32}) {
			t.Errorf("%s: %+v, %v", hash, params, err)
		}
	}
	if kept[0] == kept[1] {
		t.Error("one password has one hash: there is no salt")
	}
}

func TestHashesAreMadeTwoAtATimeAndFewWait(t *testing.T) {
	o := newOffice(t)
	const callers = 3 * (account.HashesAtOnce + account.HashesWaiting)
	var running, most, done, refused atomic.Int64
	let := make(chan struct{})
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			err := o.Turn(t.Context(), "", func() error {
				now := running.Add(1)
				for was := most.Load(); now > was && !most.CompareAndSwap(was, now); was = most.Load() {
				}
				<-let
				running.Add(-1)
				done.Add(1)
				return nil
			})
			if err != nil {
				refused.Add(1)
				if api.CodeOf(err) != api.CodeRateLimited || api.AsError(err).RetryAfter() < 1 {
					t.Error(err)
				}
				if refused.Load() == callers-account.HashesAtOnce-account.HashesWaiting {
					close(let) // all others have their places
				}
			}
		})
	}
	wg.Wait()
	if most.Load() != account.HashesAtOnce || done.Load() != account.HashesAtOnce+account.HashesWaiting {
		t.Errorf("at most %d at once; %d done, %d refused", most.Load(), done.Load(), refused.Load())
	}
}

func TestWhoLeavesTheQueueGivesTheirPlaceBack(t *testing.T) {
	o := newOffice(t)
	let := make(chan struct{})
	var wg sync.WaitGroup
	started := make(chan struct{}, account.HashesAtOnce)
	for range account.HashesAtOnce {
		wg.Go(func() {
			_ = o.Turn(t.Context(), "", func() error { started <- struct{}{}; <-let; return nil })
		})
	}
	for range account.HashesAtOnce {
		<-started
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 2 * account.HashesWaiting {
		err := o.Turn(gone, "", func() error { t.Error("it ran"); return nil })
		wants(t, err, api.CodeUnavailable)
	}
	close(let)
	wg.Wait()
}

// To the letter the same answer, but for the id of the request.
func TestAnUnknownNameIsAnsweredLikeAWrongPassword(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	o.add("bob", api.RoleCustomer)
	disabled := api.AccountDisabled
	if _, err := o.Edit(t.Context(), "bob", api.AccountEdit{State: &disabled}); err != nil {
		t.Fatal(err)
	}
	ask := func(name string) reply {
		r := o.ask(http.MethodPost, "/v1/tokens", `{"account":"`+name+`","password":"`+wrong+`","name":"x"}`, "X-Request-Id: same", "From: "+here+":1")
		delete(r.header, "Date")
		return r
	}
	for throttled := range 2 {
		for range throttled * 4 { // the fifth was the one that was asked before
			for _, name := range []string{"ada", "nobody", "bob"} {
				if err := o.Guess(t.Context(), name, here); err != nil {
					t.Fatal(err)
				}
			}
		}
		first := ask("ada")
		for _, name := range []string{"nobody", "bob"} {
			other := ask(name)
			if first.status != other.status || first.body != other.body || len(first.header) != len(other.header) {
				t.Fatalf("ada: %+v\n%s: %+v", first, name, other)
			}
			for header := range first.header {
				if first.header.Get(header) != other.header.Get(header) {
					t.Errorf("%s: %s is %q and %q", name, header, first.header.Get(header), other.header.Get(header))
				}
			}
		}
	}
	if r := ask("nobody"); r.status != http.StatusTooManyRequests || !regexp.MustCompile(`^[1-9]\d*$`).MatchString(r.header.Get("Retry-After")) {
		t.Errorf("%+v", r)
	}
}

// One address makes up names without end, each of which may be guessed at. That
// must not take all the places of those who log in from elsewhere.
func TestOneAddressTakesFewOfThePlaces(t *testing.T) {
	o := newOffice(t)
	let, answered := make(chan struct{}), make(chan error, 2*account.HashesWaiting)
	for range cap(answered) {
		go func() { answered <- o.Turn(t.Context(), here, func() error { <-let; return nil }) }()
	}
	for range cap(answered) - account.HashesOfOne {
		wants(t, <-answered, api.CodeRateLimited, "from your address")
	}
	// Somebody else waits for their turn, and is not sent away.
	gone, leave := context.WithCancel(t.Context())
	leave()
	wants(t, o.Turn(gone, "192.0.2.2", func() error { return nil }), api.CodeUnavailable, "before its turn came")
	close(let)
	for range account.HashesOfOne {
		if err := <-answered; err != nil {
			t.Error(err)
		}
	}
	if err := o.Turn(t.Context(), here, func() error { return nil }); err != nil {
		t.Errorf("once they are done: %v", err)
	}
}
