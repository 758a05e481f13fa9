package account_test

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/account"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestATokenStandsForItsAccount(t *testing.T) {
	o := newOffice(t)
	made := o.add("ada", api.RoleStaff)
	issued := o.enter("ada", api.ScopeBuy)
	if issued.Account != made || api.CheckToken(issued.Secret) != nil || issued.Token.ExpiresAt != issued.Token.CreatedAt.Add(90*24*time.Hour) {
		t.Errorf("%+v", issued)
	}
	who, err := o.Introspect(t.Context(), issued.Secret)
	if err != nil || !who.Active || who.AccountID != made.ID || who.Name != "ada" || who.Role != api.RoleStaff ||
		!slices.Equal(who.Scopes, []api.Scope{api.ScopeBuy}) || !who.ExpiresAt.Equal(issued.Token.ExpiresAt) {
		t.Errorf("%+v, %v", who, err)
	}
	if all := o.enter("ada"); !slices.Equal(all.Token.Scopes, api.RoleStaff.Scopes()) {
		t.Errorf("without scopes it has %v", all.Token.Scopes)
	}
	for _, other := range []string{"", "bzr_", api.NewToken(), strings.ToUpper(issued.Secret), issued.Secret + " ", string(made.ID)} {
		if who, err := o.Introspect(t.Context(), other); err != nil || who.Active || who.AccountID != "" || who.Name != "" || len(who.Scopes) > 0 {
			t.Errorf("%q stands for %+v, %v", other, who, err)
		}
	}
}

// What is kept of a token is its SHA-256: whoever reads the database, its log or
// the service's log has none.
func TestTheSecretIsKeptNowhere(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	o.token = o.enter("ada").Secret
	o.ask(http.MethodGet, "/v1/me", "")
	o.ask(http.MethodGet, "/v1/tokens", "")
	o.ask(http.MethodPost, "/v1/tokens", `{"account":"ada","password":"`+wrong+`","name":"`+o.token+`x"}`)
	o.ask(http.MethodGet, "/v1/accounts/"+o.token, "")
	o.ask(http.MethodGet, "/v1/tokens?after="+o.token, "")
	o.ask(http.MethodDelete, "/v1/tokens/"+o.token, "")
	sum := sha256.Sum256([]byte(o.token))
	found := false
	for _, file := range []string{o.path, o.path + "-wal"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(data, sum[:])
		for _, secret := range []string{o.token[4:47], password} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s has the secret", filepath.Base(file))
			}
		}
	}
	if !found {
		t.Error("the hash is nowhere: this test looks in the wrong place")
	}
	if log := o.log.String(); strings.Contains(log, o.token[4:47]) || strings.Contains(log, password) || !strings.Contains(log, "/v1/me") {
		t.Errorf("the log has it: %s", log)
	}
}

func TestATokenEnds(t *testing.T) {
	for name, end := range map[string]func(*office, *api.IssuedToken) error{
		"by its expiry": func(o *office, _ *api.IssuedToken) error { o.pass(90 * 24 * time.Hour); return nil },
		"when it is revoked": func(o *office, i *api.IssuedToken) error {
			_, err := o.Revoke(o.t.Context(), i.Account.ID, "", i.Token.ID)
			return err
		},
		"when it revokes itself": func(o *office, i *api.IssuedToken) error {
			_, err := o.Revoke(o.t.Context(), i.Account.ID, i.Secret, "")
			return err
		},
		"with its account": func(o *office, _ *api.IssuedToken) error {
			disabled := api.AccountDisabled
			_, err := o.Edit(o.t.Context(), "ada", api.AccountEdit{State: &disabled})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			o.add("ada", api.RoleCustomer)
			issued := o.enter("ada")
			o.pass(90*24*time.Hour - time.Minute)
			if !o.active(issued.Secret) {
				t.Fatal("it has ended before")
			}
			o.pass(time.Minute - 90*24*time.Hour)
			if err := end(o, &issued); err != nil {
				t.Fatal(err)
			}
			if o.active(issued.Secret) {
				t.Error("it still stands for somebody")
			}
		})
	}
}

// A token never does more than its account may at the moment.
func TestALoweredRoleLowersItsTokens(t *testing.T) {
	o := newOffice(t)
	o.add("root", api.RoleAdmin)
	o.add("ada", api.RoleAdmin)
	issued := o.enter("ada")
	for role, want := range map[api.Role][]api.Scope{api.RoleCustomer: api.RoleCustomer.Scopes(), api.RoleStaff: api.RoleStaff.Scopes(), api.RoleAdmin: api.RoleAdmin.Scopes()} {
		if _, err := o.Edit(t.Context(), "ada", api.AccountEdit{Role: &role}); err != nil {
			t.Fatal(err)
		}
		if who, err := o.Introspect(t.Context(), issued.Secret); err != nil || !slices.Equal(who.Scopes, want) {
			t.Errorf("%s: %v, %v", role, who.Scopes, err)
		}
	}
}

// A scope that the role does not have is not stored for the day when it will.
func TestATokenAsksForNoMoreThanTheRoleHas(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	ask := func(r api.TokenRequest) error {
		r.Account = "ada"
		if r.Password == "" {
			r.Password = password
		}
		_, err := o.Login(t.Context(), r, here)
		return err
	}
	wants(t, ask(api.TokenRequest{Name: "x", Scopes: []api.Scope{"admin"}}), api.CodeForbidden, "can't have the scope admin")
	for _, r := range []api.TokenRequest{
		{},
		{Name: strings.Repeat("x", 101)},
		{Name: "a\nb"},
		{Name: "\x1b[31m"},
		{Name: "x", Scopes: []api.Scope{"fly"}},
		{Name: "x", Scopes: []api.Scope{"read", "read"}},
		{Name: "x", ExpiresIn: new(int64)},
		{Name: "x", Password: strings.Repeat("x", 1025)},
	} {
		wants(t, ask(r), api.CodeInvalid)
	}
}

func TestOneSeesAndRevokesOnesOwnTokensAlone(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	o.add("bob", api.RoleAdmin)
	mine, other, theirs := o.enter("ada"), o.enter("ada"), o.enter("bob")
	page, err := o.Tokens(t.Context(), mine.Account.ID, mine.Secret, 10, "")
	if err != nil || len(page.Tokens) != 2 || !page.Tokens[0].Current || page.Tokens[1].Current || page.Tokens[1].ID != other.Token.ID {
		t.Errorf("%+v, %v", page, err)
	}
	_, err = o.Revoke(t.Context(), theirs.Account.ID, theirs.Secret, mine.Token.ID)
	wants(t, err, api.CodeNotFound, "no token")
	if !o.active(mine.Secret) {
		t.Error("it was revoked by somebody else")
	}
	first, err := o.Tokens(t.Context(), mine.Account.ID, "", 1, "")
	if err != nil || first.NextCursor == nil {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := o.Tokens(t.Context(), mine.Account.ID, "", 1, *first.NextCursor)
	if err != nil || len(second.Tokens) != 1 || second.Tokens[0].ID != other.Token.ID || second.NextCursor != nil {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestTheLastUseIsTrueToAMinute(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	issued := o.enter("ada")
	used := func() *time.Time {
		page, err := o.Tokens(t.Context(), issued.Account.ID, "", 1, "")
		if err != nil {
			t.Fatal(err)
		}
		return page.Tokens[0].LastUsedAt
	}
	if used() != nil {
		t.Error("it was never used")
	}
	start := o.now()
	for range 4 {
		if !o.active(issued.Secret) {
			t.Fatal("inactive")
		}
		if at := used(); at == nil || o.now().Sub(*at) >= time.Minute {
			t.Errorf("used at %v, now %v", at, o.now())
		}
		o.pass(30 * time.Second)
	}
	if at := used(); !at.Equal(start.Add(time.Minute)) {
		t.Errorf("last used %v; it is written down once a minute", at)
	}
}

func TestANewPasswordEndsAllOtherTokens(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	o.add("bob", api.RoleCustomer)
	mine, other, theirs := o.enter("ada"), o.enter("ada"), o.enter("bob")
	change := func(old, fresh string) error {
		_, err := o.ChangePassword(t.Context(), "ada", mine.Secret, api.PasswordChange{Old: old, New: fresh}, here)
		return err
	}
	wants(t, change(wrong, "another view of the sea"), api.CodeForbidden, "old password is wrong")
	wants(t, change(password, "qwertyuiop"), api.CodeInvalid, "commonest")
	if !o.active(other.Secret) {
		t.Fatal("revoked for nothing")
	}
	if err := change(password, "another view of the sea"); err != nil {
		t.Fatal(err)
	}
	if !o.active(mine.Secret) || o.active(other.Secret) || !o.active(theirs.Secret) {
		t.Errorf("mine %v, my other %v, somebody's %v", o.active(mine.Secret), o.active(other.Secret), o.active(theirs.Secret))
	}
	_, err := o.Login(t.Context(), api.TokenRequest{Account: "ada", Password: password, Name: "x"}, here)
	wants(t, err, api.CodeUnauthenticated)
	if _, err := o.Login(t.Context(), api.TokenRequest{Account: "ada", Password: "another view of the sea", Name: "x"}, here); err != nil {
		t.Error(err)
	}
}

// Whoever has a token but not the password guesses at it no faster than others.
func TestGuessingTheOldPasswordIsGuessing(t *testing.T) {
	o := newOffice(t)
	o.add("ada", api.RoleCustomer)
	o.token = o.enter("ada").Secret
	refused := 0
	for range 8 {
		r := o.ask(http.MethodPut, "/v1/me/password", `{"old":"`+wrong+`","new":"`+password+`"}`)
		if r.status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d of 8 were refused", refused)
	}
}

func TestAnAccountHasABoundedNumberOfTokens(t *testing.T) {
	o := newOffice(t)
	made := o.add("ada", api.RoleCustomer)
	if err := o.Fill(t.Context(), made.ID, api.MaxTokens); err != nil {
		t.Fatal(err)
	}
	_, err := o.Login(t.Context(), api.TokenRequest{Account: "ada", Password: password, Name: "x"}, here)
	wants(t, err, api.CodeConflict, "revoke some")
	o.pass(2 * time.Hour) // those that have expired are forgotten
	o.enter("ada")
	rows := int64(0)
	if err := o.DB().Read(t.Context()).Table("tokens").Count(&rows).Error; err != nil || rows != 1 {
		t.Errorf("%d, %v", rows, err)
	}
}

// Nobody but services asks for whom somebody else's token stands.
func TestIntrospectionIsForServices(t *testing.T) {
	o := newOffice(t)
	o.add("root", api.RoleAdmin)
	secret := o.enter("root").Secret
	for _, token := range []string{"", secret} {
		o.token = token
		if r := o.ask(http.MethodPost, "/v1/introspect", `{"token":"`+secret+`"}`); r.status != http.StatusForbidden || r.code(t) != api.CodeForbidden {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
}

// Checking a password takes its time, and in a queue some seconds. What changes
// meanwhile must count: else a login with a stolen password would leave a token
// behind that the new password did not end.
func TestWhatIsOvertakenWhileItsPasswordIsCheckedComesTooLate(t *testing.T) {
	login := func(o *office, _ string) error {
		_, err := o.Login(o.t.Context(), api.TokenRequest{Account: "ada", Password: password, Name: "x"}, "192.0.2.2")
		return err
	}
	change := func(o *office, token string) error {
		_, err := o.ChangePassword(o.t.Context(), "ada", token, api.PasswordChange{Old: password, New: "another view of the sea"}, "192.0.2.2")
		return err
	}
	disable := func(o *office) error {
		disabled := api.AccountDisabled
		_, err := o.Edit(o.t.Context(), "ada", api.AccountEdit{State: &disabled})
		return err
	}
	otherPassword := func(o *office) error {
		return o.DB().Write(o.t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("UPDATE accounts SET password = (SELECT password FROM accounts WHERE name = 'bob') WHERE name = 'ada'").Error
		})
	}
	for _, c := range []struct {
		name     string
		act      func(*office, string) error
		meantime func(*office) error
		want     api.Code
	}{
		{"a login by another password", login, otherPassword, api.CodeUnauthenticated},
		{"a login by being disabled", login, disable, api.CodeForbidden},
		{"a new password by another", change, otherPassword, api.CodeForbidden},
		{"a new password by being disabled", change, disable, api.CodeForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.add("ada", api.RoleCustomer)
			o.add("bob", api.RoleCustomer)
			token := o.enter("ada").Secret
			let, done := make(chan struct{}), make(chan error, 1)
			var busy sync.WaitGroup
			for range account.HashesAtOnce {
				busy.Go(func() { _ = o.Turn(t.Context(), "", func() error { <-let; return nil }) })
			}
			eventually(t, func() bool { return o.Waiting() == account.HashesAtOnce })
			go func() { done <- c.act(o, token) }()
			eventually(t, func() bool { return o.Waiting() == account.HashesAtOnce+1 })
			if err := c.meantime(o); err != nil {
				t.Fatal(err)
			}
			close(let)
			wants(t, <-done, c.want)
			busy.Wait()
			rows := int64(0)
			if err := o.DB().Read(t.Context()).Table("tokens").Count(&rows).Error; err != nil || rows != 1 {
				t.Errorf("%d tokens, %v", rows, err)
			}
		})
	}
}
