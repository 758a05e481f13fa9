// Package account keeps accounts: names, passwords, roles, and the tokens that
// stand for them.
package account

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

//go:embed schema/*.sql
var schema embed.FS

// Options says how the account service is opened.
type Options struct {
	// Database is where the accounts are kept: "sqlite:PATH".
	Database string
	// Registration lets anybody make an account; without it only admins do.
	Registration bool
	Log          *slog.Logger
	// Now tells the time; nil means the system's clock.
	Now func() time.Time
}

// Service is an open account service.
type Service struct {
	db           *database.DB
	registration bool
	log          *slog.Logger
	now          func() time.Time
	hashes       *hashes
	throttle     *throttle
	common       commonest
}

// Open opens the account service's database.
func Open(ctx context.Context, o Options) (*Service, error) {
	migrations, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, fmt.Errorf("account schema: %w", err)
	}
	db, err := database.Open(ctx, o.Database, migrations)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{
		db: db, registration: o.Registration, log: o.Log, now: o.Now,
		hashes: newHashes(), throttle: &throttle{db: db, now: o.Now}, common: readCommonest(),
	}, nil
}

// hashMemory is how much memory a service that serves should live on: what its
// hashes take, and room for the rest.
const hashMemory = 256 << 20

// OpenServed is [Open] for a program that serves: registration is open or
// closed. Each hash takes and leaves as much memory as everything else takes in
// hours, so that the collector is told when that is enough.
func OpenServed(ctx context.Context, o Options, registration string) (*Service, error) {
	switch registration {
	case "open":
		o.Registration = true
	case "closed":
	default:
		return nil, api.Errorf(api.CodeInvalid, "registration is open or closed, not %q", registration)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(hashMemory)
	}
	return Open(ctx, o)
}

// Close closes the service's database.
func (s *Service) Close() error { return s.db.Close() }

// Ready says whether the service can answer.
func (s *Service) Ready(ctx context.Context) error {
	return database.Explain(s.db.Read(ctx).Select("id").Limit(1).Find(&[]accountRow{}).Error)
}

// Register makes an account of a customer, for whoever asks from address.
func (s *Service) Register(ctx context.Context, r api.NewAccount, address string) (api.Account, error) {
	if !s.registration {
		return api.Account{}, api.Errorf(api.CodeForbidden, "registration is closed; an admin can add an account for you")
	}
	return s.make(ctx, r, api.RoleCustomer, address, func() error { return s.throttle.pass(ctx, registering, address) })
}

// Create makes an account; it is up to the caller who may.
func (s *Service) Create(ctx context.Context, r api.NewAccount, role api.Role) (api.Account, error) {
	return s.make(ctx, r, role, "", func() error { return nil })
}

// make makes an account, if pass lets it come to making a hash: that costs as
// much as checking one.
func (s *Service) make(ctx context.Context, r api.NewAccount, role api.Role, address string, pass func() error) (account api.Account, err error) {
	if r.Name, err = api.ParseAccountName(r.Name); err != nil {
		return account, err
	}
	if err := s.common.check(r.Name, r.Password); err != nil {
		return account, err
	}
	if _, err := s.find(s.db.Read(ctx), r.Name); err == nil {
		return account, taken(r.Name)
	}
	if err := pass(); err != nil {
		return account, err
	}
	hash, err := s.hashes.make(ctx, address, r.Password)
	if err != nil {
		return account, err
	}
	at := s.now().UnixMilli()
	row := accountRow{
		ID: api.NewID(), Name: r.Name, Password: hash, Role: role, State: api.AccountActive, CreatedAt: at, UpdatedAt: at,
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error { return tx.Create(&row).Error })
	if database.IsConstraint(err) {
		return account, taken(r.Name)
	}
	return row.account(), err
}

func taken(name string) error {
	return api.Errorf(api.CodeConflict, "the name %q is taken; choose another", name)
}

// find gives the row of an account, by name or id.
func (s *Service) find(tx *gorm.DB, ref string) (row accountRow, err error) {
	column := "name"
	if _, err := api.ParseID(ref); err == nil {
		column = "id"
	}
	err = tx.Take(&row, column+" = ?", ref).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, api.Errorf(api.CodeNotFound, "no account %s", ref)
	}
	return row, database.Explain(err)
}

// Account gives the account with a name or id.
func (s *Service) Account(ctx context.Context, ref string) (api.Account, error) {
	row, err := s.find(s.db.Read(ctx), ref)
	return row.account(), err
}

// Accounts gives a page of accounts, by id behind after.
func (s *Service) Accounts(ctx context.Context, limit int, after string) (page api.AccountList, err error) {
	var rows []accountRow
	if err := s.db.Read(ctx).Where("id > ?", after).Order("id").Limit(limit + 1).Find(&rows).Error; err != nil {
		return page, database.Explain(err)
	}
	page.Accounts = []api.Account{}
	for i := range rows[:min(limit, len(rows))] {
		page.Accounts = append(page.Accounts, rows[i].account())
	}
	if len(rows) > limit {
		page.NextCursor = &rows[limit-1].ID
	}
	return page, nil
}

// Edit changes an account's role or state. There is always an admin left who
// can log in.
func (s *Service) Edit(ctx context.Context, ref string, edit api.AccountEdit) (account api.Account, err error) {
	if edit.Role != nil && edit.Role.Scopes() == nil {
		return account, api.Errorf(api.CodeInvalid, "role is customer, staff or admin, not %q", *edit.Role)
	}
	if st := edit.State; st != nil && *st != api.AccountActive && *st != api.AccountDisabled {
		return account, api.Errorf(api.CodeInvalid, "state is active or disabled, not %q", *st)
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		row, err := s.find(tx, ref)
		if err != nil {
			return err
		}
		if err := s.change(tx, &row, edit); err != nil {
			return err
		}
		account = row.account()
		return nil
	})
	return account, err
}

// change runs alone among all writers, so that two admins can't both take the
// other for the one who stays.
func (s *Service) change(tx *gorm.DB, row *accountRow, edit api.AccountEdit) error {
	was := *row
	if edit.Role != nil {
		row.Role = *edit.Role
	}
	if edit.State != nil {
		row.State = *edit.State
	}
	if *row == was {
		return nil
	}
	if was.isAdmin() && !row.isAdmin() {
		others := int64(0)
		err := tx.Model(&accountRow{}).Where("role = 'admin' AND state = 'active' AND id <> ?", row.ID).Limit(1).Count(&others).Error
		if err != nil {
			return err
		}
		if others == 0 {
			return api.Errorf(api.CodeConflict, "%s is the last admin; make another one first", row.Name)
		}
	}
	row.UpdatedAt = s.now().UnixMilli()
	return tx.Model(row).Select("role", "state", "updated_at").Updates(row).Error
}

func (a *accountRow) isAdmin() bool { return a.Role == api.RoleAdmin && a.State == api.AccountActive }
