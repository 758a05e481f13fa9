package account_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/account"
	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// Whoever guesses as fast as they are let from one address guesses ten times in
// any minute, and never more.
func TestAnAddressGuessesTenTimesAMinute(t *testing.T) {
	o := newOffice(t)
	var guessed []time.Time
	for range 5 * 60 * 2 { // five minutes of two a second
		if o.Guess(t.Context(), "ada", here) == nil {
			guessed = append(guessed, o.now())
		}
		o.pass(500 * time.Millisecond)
	}
	for i, from := range guessed {
		count := 0
		for _, at := range guessed[i:] {
			if at.Sub(from) <= time.Minute {
				count++
			}
		}
		if count > 10 {
			t.Fatalf("%d guesses within a minute from %s on", count, from)
		}
	}
	if len(guessed) < 25 {
		t.Errorf("only %d guesses in five minutes: who mistypes waits too long", len(guessed))
	}
}

// Guesses at the same time are counted one by one.
func TestGuessesAtOnceAreStillGuesses(t *testing.T) {
	o := newOffice(t)
	other := open(t, o.path, o.clock)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		at := []*office{o, other}[i%2]
		wg.Go(func() {
			if at.Guess(t.Context(), "ada", here) == nil {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if passed.Load() != 5 {
		t.Errorf("%d of 40 came through at once", passed.Load())
	}
}

func TestTheAnswerSaysWhenToTryAgain(t *testing.T) {
	o := newOffice(t)
	for o.Guess(t.Context(), "ada", here) == nil {
	}
	err := o.Guess(t.Context(), "ada", here)
	wants(t, err, api.CodeRateLimited, "try again in 12 s")
	o.pass(time.Duration(api.AsError(err).RetryAfter()) * time.Second)
	if err := o.Guess(t.Context(), "ada", here); err != nil {
		t.Errorf("then: %v", err)
	}
}

// One who is throttled is so alone: other addresses, and other accounts, are not.
func TestOthersAreNotThrottled(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	for o.Guess(t.Context(), "ada", here) == nil {
	}
	if err := o.Guess(t.Context(), "bob", here); err != nil {
		t.Errorf("another account: %v", err)
	}
	request := api.TokenRequest{Account: "ada", Password: password, Name: "x"}
	if _, err := o.Login(t.Context(), request, "198.51.100.7"); err != nil {
		t.Errorf("another address: %v", err)
	}
	_, err := o.Login(t.Context(), request, here)
	wants(t, err, api.CodeRateLimited)
}

// Whoever knows the password is not slowed down by having used it.
func TestTheRightPasswordIsNoGuess(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	for range 6 {
		o.enter("ada")
	}
	for range 5 {
		if err := o.Guess(t.Context(), "ada", here); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, o.guess("ada", here), api.CodeRateLimited)
}

func TestWhatARequestSaysOfItsAddressCountsForNothing(t *testing.T) {
	o := newOffice(t)
	answered := 0
	for range 3 {
		if err := o.Guess(t.Context(), "ada", "192.0.2.9"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 12 {
		told := fmt.Sprintf("203.0.113.%d", i)
		r := o.ask(http.MethodPost, "/v1/tokens", `{"account":"ada","password":"`+wrong+`","name":"x"}`, "From: 192.0.2.9:"+fmt.Sprint(1024+i),
			"X-Forwarded-For: "+told, "X-Forwarded-For: "+told+", 10.0.0.1", "Forwarded: for="+told, "X-Real-Ip: "+told, "Client-Ip: "+told,
			"True-Client-Ip: "+told, "Cf-Connecting-Ip: "+told, web.ClientAddress+": "+told+":1")
		if r.status == http.StatusUnauthorized {
			answered++
		} else if r.code(t) != api.CodeRateLimited {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	if answered != 2 {
		t.Errorf("%d guesses after three", answered)
	}
}

// The front end says whom it asks for, once it has shown that it is the front
// end; then one of its callers does not shut out the others.
func TestOnlyTheFrontEndSaysWhereACallerIs(t *testing.T) {
	o := newOffice(t)
	guess := func(from *x509.Certificate, told string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://localhost/v1/tokens",
			strings.NewReader(`{"account":"ada","password":"`+wrong+`","name":"x"}`))
		r.TLS = &tls.ConnectionState{}
		if from != nil {
			r.TLS.VerifiedChains = [][]*x509.Certificate{{from}}
		}
		r.Header.Set(web.ClientAddress, told)
		w := httptest.NewRecorder()
		o.Handler(web.Door{Identities: true}).ServeHTTP(w, r)
		return w.Code
	}
	front, other := &x509.Certificate{}, &x509.Certificate{}
	front.URIs = append(front.URIs, trust.URI("frontend"))
	other.URIs = append(other.URIs, trust.URI("order"))
	exhaust := func(address string) {
		for o.Guess(t.Context(), "ada", address) == nil {
		}
	}
	exhaust("203.0.113.1")
	if got := guess(front, "203.0.113.1:2"); got != http.StatusTooManyRequests {
		t.Errorf("the one who guessed: %d", got)
	}
	if got := guess(front, "203.0.113.2:1"); got != http.StatusUnauthorized {
		t.Errorf("another: %d", got)
	}
	exhaust(here) // which is the other end of httptest's connections
	for _, who := range []*x509.Certificate{other, nil} {
		if got := guess(who, "203.0.113.4:1"); got != http.StatusTooManyRequests {
			t.Errorf("somebody else is believed: %d", got)
		}
	}
}

func TestWhatOfAnAddressCounts(t *testing.T) {
	for peer, want := range map[string]string{
		"192.0.2.1:1": "192.0.2.1", "192.0.2.1:2": "192.0.2.1", "[::ffff:192.0.2.1]:3": "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64", "[2001:db8:1:2:ffff::1]:1": "2001:db8:1:2::/64", "[2001:db8:1:3::1]:1": "2001:db8:1:3::/64",
		"[fe80::1%eth0]:1": "fe80::/64", "": "unknown", "@": "unknown",
	} {
		if got := account.AddressOf(peer); got != want {
			t.Errorf("%s is %s, not %s", peer, got, want)
		}
	}
}

func TestARestartForgivesNothing(t *testing.T) {
	o := newOffice(t)
	for o.Guess(t.Context(), "ada", here) == nil {
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	o.pass(time.Second)
	again := open(t, o.path, o.clock)
	wants(t, again.Guess(t.Context(), "ada", here), api.CodeRateLimited)
}

// A clock that is set back locks nobody out until it is there again.
func TestAClockThatIsSetBackLocksNobodyOut(t *testing.T) {
	o := newOffice(t)
	for range 2 {
		guesses := 0
		for o.Guess(t.Context(), "ada", here) == nil {
			guesses++
		}
		if guesses != 5 {
			t.Errorf("%d guesses at once", guesses)
		}
		o.pass(-24 * time.Hour)
	}
}

// Names that are nobody's leave rows too, and these go within minutes.
func TestTheThrottleDoesNotGrow(t *testing.T) {
	o := newOffice(t)
	for minute := range 20 {
		for i := range 20 {
			if err := o.Guess(t.Context(), fmt.Sprintf("name-%d-%d", minute, i), fmt.Sprintf("198.51.100.%d", i)); err != nil {
				t.Fatal(err)
			}
		}
		o.pass(time.Minute)
	}
	rows := int64(0)
	if err := o.DB().Read(t.Context()).Table("guesses").Count(&rows).Error; err != nil || rows > 2*20 {
		t.Errorf("%d rows after 400 guesses, %v", rows, err)
	}
}

// Many addresses together only make the answers late, for a while: the owner,
// from an address of their own, always gets in.
func TestManyAddressesOnlySlowAnAccountDown(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	if err := o.DB().Write(t.Context(), func(*gorm.DB) error { return nil }); err != nil {
		t.Fatal(err) // what opens when it is first used is opened outside of the bubble
	}
	synctest.Test(t, func(t *testing.T) {
		took := func(name, address string) time.Duration {
			start := time.Now()
			if err := o.Guess(t.Context(), name, address); err != nil {
				t.Fatalf("%s is locked out of %s: %v", address, name, err)
			}
			return time.Since(start)
		}
		var last time.Duration
		for i := range 300 {
			last = took("ada", fmt.Sprintf("10.0.%d.%d", i/200, i%200))
			if i < 20 && last != 0 {
				t.Fatalf("guess %d is late already, by %s", i, last)
			}
		}
		if last < 2*time.Second || last > 3*time.Second {
			t.Errorf("after 300 guesses an answer is late by %s", last)
		}
		if other := took("bob", here); other != 0 {
			t.Errorf("another account: %s", other)
		}
		start := time.Now()
		if _, err := o.Login(t.Context(), api.TokenRequest{Account: "ada", Password: password, Name: "x"}, here); err != nil {
			t.Errorf("the owner: %v", err)
		}
		if late := time.Since(start); late > 3*time.Second {
			t.Errorf("the owner waited for %s", late)
		}
		o.pass(5*time.Minute + 6*time.Second)
		if late := took("ada", here); late != 0 {
			t.Errorf("five minutes later: %s", late)
		}
	})
}
