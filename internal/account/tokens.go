package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// usedEvery is how often the last use of a token is written down at most.
const usedEvery = time.Minute

// hashOf is what is kept of a token. It has 256 random bits, so that a hash
// needs no salt and no time.
func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Login makes a token for who knows an account's password and asks from address.
func (s *Service) Login(ctx context.Context, r api.TokenRequest, address string) (issued api.IssuedToken, err error) {
	if err := checkTokenRequest(&r); err != nil {
		return issued, err
	}
	row, err := s.verify(ctx, r.Account, r.Password, address)
	if err != nil {
		return issued, err
	}
	if len(r.Scopes) == 0 {
		r.Scopes = row.Role.Scopes()
	}
	for _, scope := range r.Scopes {
		if !slices.Contains(row.Role.Scopes(), scope) {
			return issued, api.Errorf(api.CodeForbidden, "a token of %s can't have the scope %s: the account's role is %s", row.Name, scope, row.Role)
		}
	}
	secret, at := api.NewToken(), s.now()
	token := tokenRow{
		ID: api.NewID(), AccountID: row.ID, Hash: hashOf(secret), Name: r.Name, Scopes: r.Scopes,
		CreatedAt: at.UnixMilli(), ExpiresAt: at.Add(time.Duration(*r.ExpiresIn) * time.Second).UnixMilli(),
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := s.stillHolds(tx, &row); err != nil {
			return err
		}
		if err := s.throttle.forgive(tx, row.Name, address); err != nil {
			return err
		}
		return s.keep(tx, &token)
	})
	return api.IssuedToken{Account: row.account(), Token: token.token(nil), Secret: secret}, err
}

// keep stores a new token, and forgets those of the account that have expired.
func (s *Service) keep(tx *gorm.DB, token *tokenRow) error {
	if err := tx.Where("account_id = ? AND expires_at <= ?", token.AccountID, token.CreatedAt).Delete(&tokenRow{}).Error; err != nil {
		return err
	}
	have := int64(0)
	if err := tx.Model(&tokenRow{}).Where("account_id = ?", token.AccountID).Count(&have).Error; err != nil {
		return err
	}
	if have >= api.MaxTokens {
		return api.Errorf(api.CodeConflict, "the account has %d tokens, which is the most there can be; revoke some", have)
	}
	return tx.Create(token).Error
}

func checkTokenRequest(r *api.TokenRequest) (err error) {
	if r.Account, err = api.ParseAccountName(r.Account); err != nil {
		return err
	}
	length := utf8.RuneCountInString(r.Name)
	printable := func(c rune) bool { return !unicode.IsPrint(c) }
	if length < 1 || length > api.MaxTokenName || slices.ContainsFunc([]rune(r.Name), printable) {
		return api.Errorf(api.CodeInvalid, "name: a token's name has 1 to %d printable characters", api.MaxTokenName)
	}
	for i, scope := range r.Scopes {
		if !slices.Contains(api.RoleAdmin.Scopes(), scope) {
			return api.Errorf(api.CodeInvalid, "scopes are read, buy, staff and admin, not %q", scope)
		}
		if slices.Contains(r.Scopes[:i], scope) {
			return api.Errorf(api.CodeInvalid, "scope %s stands twice", scope)
		}
	}
	if r.ExpiresIn == nil {
		life := int64(api.DefaultTokenLife)
		r.ExpiresIn = &life
	}
	if life := *r.ExpiresIn; life < api.MinTokenLife || life > api.MaxTokenLife {
		return api.Errorf(api.CodeInvalid, "expires_in: a token lives for %d to %d seconds, not %d", api.MinTokenLife, api.MaxTokenLife, life)
	}
	return nil
}

// verify gives the account that a password is of. For a name that is nobody's
// everything is as for a wrong password: the answer, the time and the throttle.
func (s *Service) verify(ctx context.Context, name, password, address string) (row accountRow, err error) {
	if len(password) > 4*api.MaxPassword {
		return row, api.Errorf(api.CodeInvalid, "a password has at most %d characters", api.MaxPassword)
	}
	if err := s.throttle.pass(ctx, name, address); err != nil {
		return row, err
	}
	row, err = s.find(s.db.Read(ctx), name)
	if err != nil && api.CodeOf(err) != api.CodeNotFound {
		return row, err
	}
	same, err := s.hashes.match(ctx, address, password, row.Password)
	switch {
	case err != nil:
		return row, err
	case !same:
		return row, wrongPassword()
	}
	return row, row.enabled()
}

func wrongPassword() error {
	return api.Errorf(api.CodeUnauthenticated, "there is no account with this name and password")
}

// enabled refuses the account's password, though it is right, while the account
// is disabled.
func (a *accountRow) enabled() error {
	if a.State != api.AccountActive {
		return api.Errorf(api.CodeForbidden, "the account %s is disabled; an admin can enable it", a.Name)
	}
	return nil
}

// stillHolds refuses what was overtaken while its password was checked, which
// takes its time: by another password, or by the account's being disabled.
func (s *Service) stillHolds(tx *gorm.DB, checked *accountRow) error {
	now, err := s.find(tx, checked.ID)
	if err == nil && now.Password != checked.Password {
		err = wrongPassword()
	}
	if err != nil {
		return err
	}
	return now.enabled()
}

// ChangePassword gives an account another password, and revokes all its tokens
// but the one that it is asked with.
func (s *Service) ChangePassword(ctx context.Context, name, token string, r api.PasswordChange, address string) (api.Account, error) {
	account, err := s.changePassword(ctx, name, token, r, address)
	if api.CodeOf(err) == api.CodeUnauthenticated {
		// The token is good; only the old password is not.
		return api.Account{}, api.Errorf(api.CodeForbidden, "the old password is wrong")
	}
	return account, err
}

func (s *Service) changePassword(ctx context.Context, name, token string, r api.PasswordChange, address string) (account api.Account, err error) {
	checked, err := s.verify(ctx, name, r.Old, address)
	if err != nil {
		return account, err
	}
	if err := s.common.check(name, r.New); err != nil {
		return account, err
	}
	row := checked
	if row.Password, err = s.hashes.make(ctx, address, r.New); err != nil {
		return account, err
	}
	row.UpdatedAt = s.now().UnixMilli()
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := s.stillHolds(tx, &checked); err != nil {
			return err
		}
		if err := s.throttle.forgive(tx, name, address); err != nil {
			return err
		}
		if err := tx.Model(&row).Select("password", "updated_at").Updates(&row).Error; err != nil {
			return err
		}
		return tx.Where("account_id = ? AND hash <> ?", row.ID, hashOf(token)).Delete(&tokenRow{}).Error
	})
	return row.account(), err
}

// Tokens gives a page of an account's tokens, by id behind after. They are named
// against the one that is asked with.
func (s *Service) Tokens(ctx context.Context, account, asking string, limit int, after string) (page api.TokenList, err error) {
	var rows []tokenRow
	err = s.db.Read(ctx).Where("account_id = ? AND id > ? AND expires_at > ?", account, after, s.now().UnixMilli()).
		Order("id").Limit(limit + 1).Find(&rows).Error
	if err != nil {
		return page, database.Explain(err)
	}
	page.Tokens = []api.Token{}
	for i := range rows[:min(limit, len(rows))] {
		page.Tokens = append(page.Tokens, rows[i].token(hashOf(asking)))
	}
	if len(rows) > limit {
		page.NextCursor = &rows[limit-1].ID
	}
	return page, nil
}

// Revoke ends a token of an account at once, by its id, or the one that is asked
// with if id is "".
func (s *Service) Revoke(ctx context.Context, account, asking, id string) (token api.Token, err error) {
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		find := tx.Where("account_id = ? AND hash = ?", account, hashOf(asking))
		if id != "" {
			find = tx.Where("account_id = ? AND id = ?", account, id)
		}
		var row tokenRow
		if err := find.Take(&row).Error; errors.Is(err, gorm.ErrRecordNotFound) {
			return api.Errorf(api.CodeNotFound, "no token %s", id)
		} else if err != nil {
			return err
		}
		token = row.token(hashOf(asking))
		return tx.Delete(&tokenRow{}, "id = ?", row.ID).Error
	})
	return token, err
}

// Introspect says for whom a token stands, as it is at this moment.
func (s *Service) Introspect(ctx context.Context, token string) (who api.Introspection, err error) {
	who.Scopes = []api.Scope{}
	if api.CheckToken(token) != nil {
		return who, nil
	}
	var row tokenRow
	now := s.now()
	err = s.db.Read(ctx).Take(&row, "hash = ? AND expires_at > ?", hashOf(token), now.UnixMilli()).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return who, nil
	}
	if err != nil {
		return who, database.Explain(err)
	}
	owner, err := s.find(s.db.Read(ctx), row.AccountID)
	if err != nil || owner.State != api.AccountActive {
		return who, err
	}
	s.used(ctx, &row, now)
	expires := moment(row.ExpiresAt)
	return api.Introspection{
		Active: true, AccountID: owner.ID, Name: owner.Name, Role: owner.Role,
		Scopes: row.Scopes.within(owner.Role), ExpiresAt: &expires,
	}, nil
}

// used writes down that a token is in use. That it fails is nothing to refuse
// the token for.
func (s *Service) used(ctx context.Context, row *tokenRow, now time.Time) {
	if row.LastUsedAt != nil && now.Sub(moment(*row.LastUsedAt)) < usedEvery {
		return
	}
	err := s.db.WriteUnsynced(ctx, func(tx *gorm.DB) error {
		return tx.Model(&tokenRow{}).Where("id = ?", row.ID).UpdateColumn("last_used_at", now.UnixMilli()).Error
	})
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "the last use of a token is not recorded", slog.String("token_id", row.ID), slog.String("error", err.Error()))
	}
}
