package account_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"github.com/bazar-store/bazar/internal/account"
	"github.com/bazar-store/bazar/pkg/api"
)

// A model that has drifted from its table would lose a column in silence.
func TestModelsAreTheMigratedSchema(t *testing.T) {
	o := newOffice(t)
	for table, model := range account.Models() {
		parsed, err := schema.Parse(model, &sync.Map{}, schema.NamingStrategy{})
		if err != nil {
			t.Fatal(err)
		}
		var columns []struct {
			Name    string
			NotNull bool `gorm:"column:notnull"`
			PK      int
		}
		if err := o.DB().Read(t.Context()).Raw("SELECT name, \"notnull\", pk FROM pragma_table_info(?)", table).Scan(&columns).Error; err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range columns {
			names = append(names, c.Name)
			field := parsed.FieldsByDBName[c.Name]
			if field == nil {
				continue // the names below say so
			}
			if pointer := field.FieldType.Kind() == reflect.Pointer; pointer == c.NotNull {
				t.Errorf("%s.%s: NOT NULL is %t, the model's field %s", table, c.Name, c.NotNull, field.FieldType)
			}
			if (c.PK > 0) != field.PrimaryKey {
				t.Errorf("%s.%s: in the primary key %t, the model's %t", table, c.Name, c.PK > 0, field.PrimaryKey)
			}
		}
		if parsed.Table != table || !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(parsed.DBNames))) {
			t.Errorf("table %s has %v\nthe model of %s %v", table, names, parsed.Table, parsed.DBNames)
		}
	}
}

func TestAnAccountBeginsAsACustomerAndItsNameIsGivenOnce(t *testing.T) {
	o := newOffice(t)
	made, err := o.Register(t.Context(), api.NewAccount{Name: "Ada", Password: password}, here)
	if err != nil || made.Name != "ada" || made.Role != api.RoleCustomer || made.State != api.AccountActive {
		t.Fatalf("%+v, %v", made, err)
	}
	if _, err := api.ParseID(made.ID); err != nil || made.ID[14] != '7' {
		t.Errorf("id %s is no UUIDv7: %v", made.ID, err)
	}
	_, err = o.Register(t.Context(), api.NewAccount{Name: "ADA", Password: password}, here)
	wants(t, err, api.CodeConflict, `"ada" is taken`)
	disabled := api.AccountDisabled
	if _, err := o.Edit(t.Context(), "ada", api.AccountEdit{State: &disabled}); err != nil {
		t.Fatal(err)
	}
	_, err = o.Register(t.Context(), api.NewAccount{Name: "ada", Password: password}, here)
	wants(t, err, api.CodeConflict)
	for _, ref := range []string{"ada", made.ID} {
		if found, err := o.Account(t.Context(), ref); err != nil || found.ID != made.ID {
			t.Errorf("%s: %+v, %v", ref, found, err)
		}
	}
	_, err = o.Account(t.Context(), "nobody")
	wants(t, err, api.CodeNotFound, "no account nobody")
}

// Two who take the same name at the same time: one has it, the other is told.
func TestANameIsTakenByOne(t *testing.T) {
	o := newOffice(t)
	other := open(t, o.path, o.clock)
	results := make([]error, 2)
	var wg sync.WaitGroup
	for i, at := range []*office{o, other} {
		wg.Go(func() {
			_, results[i] = at.Create(t.Context(), api.NewAccount{Name: "ada", Password: password}, api.RoleCustomer)
		})
	}
	wg.Wait()
	if (results[0] == nil) == (results[1] == nil) {
		t.Fatalf("%v, %v", results[0], results[1])
	}
	wants(t, errors.Join(results...), api.CodeConflict, "taken")
}

func TestWhatIsClosedIsClosed(t *testing.T) {
	o := newOffice(t)
	closed, err := account.Open(t.Context(), account.Options{Database: "sqlite:" + o.path, Now: o.now})
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	for _, name := range []string{"ada", "nobody", "not a name"} {
		_, err := closed.Register(t.Context(), api.NewAccount{Name: name, Password: password}, here)
		wants(t, err, api.CodeForbidden, "registration is closed")
	}
	if _, err := closed.Create(t.Context(), api.NewAccount{Name: "ada", Password: password}, api.RoleCustomer); err != nil {
		t.Errorf("an admin: %v", err)
	}
	for _, word := range []string{"", "Open", "yes"} {
		_, err := account.OpenServed(t.Context(), account.Options{Database: "sqlite:" + o.path}, word)
		wants(t, err, api.CodeInvalid, "open or closed")
	}
}

func TestFieldsThatACallerMayNotSetAreRefused(t *testing.T) {
	o := newOffice(t)
	for _, extra := range []string{`"role":"admin"`, `"state":"active"`, `"id":"01890a5d-ac96-774b-bcce-b302099a8057"`, `"Role":"admin"`, `"scopes":["admin"]`} {
		r := o.ask(http.MethodPost, "/v1/accounts", `{"name":"ada","password":"`+password+`",`+extra+`}`)
		if r.status != http.StatusBadRequest || !strings.Contains(r.body, "unknown member") {
			t.Errorf("%s: %d %s", extra, r.status, r.body)
		}
	}
	if page, err := o.Accounts(t.Context(), 10, ""); err != nil || len(page.Accounts) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestTheLastAdminStays(t *testing.T) {
	o := newOffice(t)
	root := o.add("root", api.RoleAdmin)
	o.add("ada", api.RoleCustomer)
	disabled, customer, admin := api.AccountDisabled, api.RoleCustomer, api.RoleAdmin
	for _, edit := range []api.AccountEdit{{State: &disabled}, {Role: &customer}, {State: &disabled, Role: &customer}} {
		_, err := o.Edit(t.Context(), root.ID, edit)
		wants(t, err, api.CodeConflict, "root is the last admin")
	}
	if now, err := o.Account(t.Context(), "root"); err != nil || now != root {
		t.Errorf("%+v, %v", now, err)
	}
	// A disabled admin is none to rely on.
	if _, err := o.Edit(t.Context(), "ada", api.AccountEdit{Role: &admin, State: &disabled}); err != nil {
		t.Fatal(err)
	}
	_, err := o.Edit(t.Context(), "root", api.AccountEdit{State: &disabled})
	wants(t, err, api.CodeConflict)
	active := api.AccountActive
	if _, err := o.Edit(t.Context(), "ada", api.AccountEdit{State: &active}); err != nil {
		t.Fatal(err)
	}
	if now, err := o.Edit(t.Context(), "root", api.AccountEdit{Role: &customer}); err != nil || now.Role != customer {
		t.Errorf("%+v, %v", now, err)
	}
	king, gone := api.Role("king"), api.AccountState("gone")
	_, err = o.Edit(t.Context(), "ada", api.AccountEdit{Role: &king})
	wants(t, err, api.CodeInvalid, "customer, staff or admin")
	_, err = o.Edit(t.Context(), "ada", api.AccountEdit{State: &gone})
	wants(t, err, api.CodeInvalid, "active or disabled")
}

// Admins who disable each other at the same time, in two processes' worth of
// services: one of them always stays.
func TestAdminsCannotDisableEachOtherAway(t *testing.T) {
	o := newOffice(t)
	offices := []*office{o, open(t, o.path, o.clock)}
	names := []string{"ada", "bob"}
	for _, name := range names {
		o.add(name, api.RoleAdmin)
	}
	active, disabled, customer, admin := api.AccountActive, api.AccountDisabled, api.RoleCustomer, api.RoleAdmin
	for round := range 20 {
		edit := api.AccountEdit{State: &disabled}
		if round%2 == 1 {
			edit = api.AccountEdit{Role: &customer}
		}
		results := make([]error, 2)
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() { _, results[i] = offices[i].Edit(t.Context(), names[1-i], edit) })
		}
		wg.Wait()
		if (results[0] == nil) == (results[1] == nil) {
			t.Fatalf("round %d: %v, %v", round, results[0], results[1])
		}
		wants(t, errors.Join(results...), api.CodeConflict, "the last admin")
		for _, name := range names {
			if _, err := o.Edit(t.Context(), name, api.AccountEdit{Role: &admin, State: &active}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAccountsAreListedPageByPage(t *testing.T) {
	o := newOffice(t)
	var want []string
	for i := range 5 {
		want = append(want, o.add(fmt.Sprintf("name-%d", i), api.RoleCustomer).Name)
	}
	var got []string
	for after := ""; ; {
		page, err := o.Accounts(t.Context(), 2, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Accounts {
			got = append(got, a.Name)
		}
		if page.NextCursor == nil {
			break
		}
		after = *page.NextCursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
