package catalog_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

func release(t testing.TB, s *catalog.Service, id string) api.Reservation {
	t.Helper()
	r, err := s.Release(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatWasTakenIsGivenBackOnce(t *testing.T) {
	s := empty(t)
	a, b := add(t, s, titled("A", 5)), add(t, s, titled("B", 7))
	taken := reserve(t, s, line(b, 3), line(a, 5))
	move(t, s, a, api.NewID(), delta(2))
	answers := make([]string, 20)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = toJSON(t, release(t, s, taken.ID)) })
	}
	wg.Wait()
	want := taken
	want.State = api.Released
	if got := slices.Compact(answers); len(got) != 1 || got[0] != toJSON(t, want) {
		t.Errorf("released %v\nwant %s", got, toJSON(t, want))
	}
	if read(t, s, a.ID).Stock != 7 || read(t, s, b.ID).Stock != 7 {
		t.Errorf("%d and %d are left", read(t, s, a.ID).Stock, read(t, s, b.ID).Stock)
	}
	page, err := s.History(t.Context(), ref(b), 10, "")
	if err != nil {
		t.Fatal(err)
	}
	last := page.Entries[len(page.Entries)-1]
	if last.Reason != "released" || last.Operation != taken.ID || last.Change != 3 || last.After != 7 {
		t.Errorf("the history ends with %+v", last)
	}
	checkRows(t, s)
}

func TestALateRequestGetsNothingOfWhatWasReleased(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 5))
	request := api.ReservationRequest{ID: api.NewID(), Lines: []api.LineRequest{line(b, 2)}}
	reserveAll(t, s, request)
	release(t, s, request.ID)
	if late := reserveAll(t, s, request)[0]; late.State != api.Released || read(t, s, b.ID).Stock != 5 {
		t.Errorf("late: %s, %d left", toJSON(t, late), read(t, s, b.ID).Stock)
	}
	checkRows(t, s)
}

func TestAnIDThatIsReleasedBeforeItIsSeenIsRefusedEverAfter(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 5))
	request := api.ReservationRequest{ID: api.NewID(), Lines: []api.LineRequest{line(b, 2)}}
	first := release(t, s, request.ID)
	if first.State != api.Refused || *first.Reason != api.CodeCancelled || len(first.Lines) != 0 || first.Lines == nil {
		t.Errorf("%s", toJSON(t, first))
	}
	late := reserveAll(t, s, api.ReservationRequest{ID: api.NewID(), Lines: request.Lines}, request)
	if late[0].State != api.Taken || toJSON(t, late[1]) != toJSON(t, first) || toJSON(t, release(t, s, request.ID)) != toJSON(t, first) {
		t.Errorf("late: %s", toJSON(t, late))
	}
	if read(t, s, b.ID).Stock != 3 {
		t.Errorf("%d left", read(t, s, b.ID).Stock)
	}
	checkRows(t, s)
}

func TestWhatWasRefusedStaysRefused(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 1))
	refused := reserve(t, s, line(b, 2))
	if got := release(t, s, refused.ID); toJSON(t, got) != toJSON(t, refused) || read(t, s, b.ID).Stock != 1 {
		t.Errorf("released %s\nwas %s", toJSON(t, got), toJSON(t, refused))
	}
	checkRows(t, s)
}

// Whoever comes first, a copy that is given back can be sold again, and none is
// sold twice.
func TestReservationsAndReleasesAtOnce(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("Hot", 20))
	kept := make([]bool, 200)
	var wg sync.WaitGroup
	for i := range kept {
		request := api.ReservationRequest{ID: api.NewID(), Lines: []api.LineRequest{line(b, 1)}}
		wg.Go(func() {
			results, err := s.Reserve(t.Context(), []api.ReservationRequest{request})
			if err != nil {
				t.Error(err)
				return
			}
			kept[i] = i%2 == 0 && results[0].State == api.Taken
		})
		if i%2 == 1 {
			wg.Go(func() {
				if r, err := s.Release(t.Context(), request.ID); err != nil || r.State == api.Taken {
					t.Errorf("released %s, %v", r.State, err)
				}
			})
		}
	}
	wg.Wait()
	sold := int64(0)
	for _, k := range kept {
		if k {
			sold++
		}
	}
	if left := read(t, s, b.ID).Stock; left != 20-sold {
		t.Errorf("%d sold, %d left of 20", sold, left)
	}
	checkRows(t, s)
}

// A store from before releases keeps its reservations and its ledger.
func TestAnOlderStoreIsMigratedWithWhatItHas(t *testing.T) {
	path := newPath(t)
	older := fstest.MapFS{}
	for _, name := range []string{"00001_catalog.sql", "00002_isbns.sql"} {
		data, err := os.ReadFile(filepath.Join("schema", name))
		if err != nil {
			t.Fatal(err)
		}
		older[name] = &fstest.MapFile{Data: data}
	}
	db, err := database.Open(t.Context(), "sqlite:"+path, older)
	if err != nil {
		t.Fatal(err)
	}
	id := api.NewID()
	err = db.Write(t.Context(), func(tx *gorm.DB) error {
		for _, statement := range []string{
			`INSERT INTO books VALUES (7, NULL, 'T', 't', '[]', '[]', NULL, NULL, NULL, NULL, 100, 'USD', 3, 'on_sale', 1, NULL, NULL, 1, 1)`,
			`INSERT INTO ledger VALUES (1, 7, 1, 'added', '` + api.NewID() + `', NULL, 5, 5, 100, 100, 'USD')`,
			`INSERT INTO ledger VALUES (2, 7, 2, 'sold', '` + id + `', NULL, -2, 3, NULL, NULL, NULL)`,
			`INSERT INTO reservations VALUES ('` + id + `', 'taken', NULL,
				'[{"book_id":7,"quantity":2,"title":"T","price":{"amount":100,"currency":"USD"},"code":null,"available":5}]', 2)`,
		} {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, nil)
	checkRows(t, s)
	if r := release(t, s, id); r.State != api.Released || read(t, s, 7).Stock != 5 {
		t.Errorf("released %s, %d left", toJSON(t, r), read(t, s, 7).Stock)
	}
	checkRows(t, s)
}
