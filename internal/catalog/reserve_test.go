package catalog_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

func line(b api.Book, quantity int64) api.LineRequest {
	return api.LineRequest{BookID: b.ID, Quantity: quantity}
}

func atMost(l api.LineRequest, price api.Money) api.LineRequest {
	l.MaxPrice = &price
	return l
}

func reserve(t testing.TB, s *catalog.Service, lines ...api.LineRequest) api.Reservation {
	t.Helper()
	return reserveAll(t, s, api.ReservationRequest{ID: api.NewID(), Lines: lines})[0]
}

func reserveAll(t testing.TB, s *catalog.Service, batch ...api.ReservationRequest) []api.Reservation {
	t.Helper()
	results, err := s.Reserve(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(batch) {
		t.Fatalf("%d results of %d", len(results), len(batch))
	}
	for i, r := range results {
		if r.ID != batch[i].ID {
			t.Errorf("result %d is of %s, not %s", i, r.ID, batch[i].ID)
		}
	}
	return results
}

func TestTwentyCopiesAreTakenTwentyTimes(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("Hot", 20))
	var taken, refused atomic.Int64
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			results, err := s.Reserve(t.Context(), []api.ReservationRequest{{ID: api.NewID(), Lines: []api.LineRequest{line(b, 1)}}})
			switch {
			case err != nil:
				t.Error(err)
			case results[0].State == api.Taken:
				taken.Add(1)
			case *results[0].Reason == api.CodeOutOfStock && *results[0].Lines[0].Available == 0:
				refused.Add(1)
			default:
				t.Errorf("%s", toJSON(t, results))
			}
		})
	}
	wg.Wait()
	if taken.Load() != 20 || refused.Load() != 180 || read(t, s, b.ID).Stock != 0 {
		t.Errorf("%d taken, %d refused, %d left", taken.Load(), refused.Load(), read(t, s, b.ID).Stock)
	}
	checkRows(t, s)
}

func TestAReservationIsDecidedOnce(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 20))
	request := api.ReservationRequest{ID: api.NewID(), Lines: []api.LineRequest{line(b, 2)}}
	answers := make([]string, 50)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = toJSON(t, reserveAll(t, s, request)) })
	}
	wg.Wait()
	if len(slices.Compact(answers)) != 1 || read(t, s, b.ID).Stock != 18 {
		t.Errorf("%d copies are left; answers %v", read(t, s, b.ID).Stock, slices.Compact(answers))
	}
	move(t, s, b, api.NewID(), set(0))
	edit(t, s, b, api.BookEdit{Price: api.Some(usd(1)), State: api.Some(api.Retired)})
	if again := toJSON(t, reserveAll(t, s, request)); again != answers[0] {
		t.Errorf("later it is %s\nnot %s", again, answers[0])
	}
	checkRows(t, s)
}

func TestARefusalIsDecidedOnceToo(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 1))
	request := api.ReservationRequest{ID: api.NewID(), Lines: []api.LineRequest{line(b, 2)}}
	before := toJSON(t, reserveAll(t, s, request))
	move(t, s, b, api.NewID(), set(50))
	if again := toJSON(t, reserveAll(t, s, request)); again != before || read(t, s, b.ID).Stock != 50 {
		t.Errorf("refused as %s\nthen %s", before, again)
	}
}

func TestAReservationTakesAllOrNothing(t *testing.T) {
	s := empty(t)
	a, b := add(t, s, titled("A", 5)), add(t, s, titled("B", 1))
	refused := reserve(t, s, line(a, 5), line(b, 2))
	if refused.State != api.Refused || *refused.Reason != api.CodeOutOfStock || refused.Lines[0].Code != nil || *refused.Lines[1].Code != api.CodeOutOfStock || *refused.Lines[1].Available != 1 {
		t.Errorf("%s", toJSON(t, refused))
	}
	if read(t, s, a.ID).Stock != 5 || read(t, s, b.ID).Stock != 1 {
		t.Error("something was taken")
	}
	taken := reserve(t, s, line(a, 5), line(b, 1))
	if taken.State != api.Taken || *taken.Lines[0].Title != "A" || *taken.Lines[0].Price != usd(1000) || taken.Lines[0].Quantity != 5 {
		t.Errorf("%s", toJSON(t, taken))
	}
	checkRows(t, s)
}

func TestReservationsOfABatchAreDecidedInTurn(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 5))
	one, two, three := api.NewID(), api.NewID(), api.NewID()
	results := reserveAll(t, s,
		api.ReservationRequest{ID: three, Lines: []api.LineRequest{line(b, 3)}}, // ids say nothing of who came first
		api.ReservationRequest{ID: one, Lines: []api.LineRequest{line(b, 3)}},
		api.ReservationRequest{ID: two, Lines: []api.LineRequest{line(b, 2)}},
		api.ReservationRequest{ID: three, Lines: []api.LineRequest{line(b, 1)}}, // the same id again
	)
	var states []api.ReservationState
	for _, r := range results {
		states = append(states, r.State)
	}
	if fmt.Sprint(states) != "[taken refused taken taken]" || toJSON(t, results[0]) != toJSON(t, results[3]) || read(t, s, b.ID).Stock != 0 {
		t.Errorf("%v, %d left", states, read(t, s, b.ID).Stock)
	}
	checkRows(t, s)
}

func TestWhyAReservationIsRefused(t *testing.T) {
	s := empty(t)
	b, sold := add(t, s, titled("T", 5)), add(t, s, titled("Sold", 0))
	euro := titled("Euro", 5)
	euro.Price = api.Some(api.Money{Amount: 1000, Currency: "EUR"})
	e := add(t, s, euro)
	old := edit(t, s, add(t, s, titled("Old", 0)), api.BookEdit{State: api.Some(api.Retired)})
	for _, c := range []struct {
		name  string
		lines []api.LineRequest
		want  api.Code // "" is taken
	}{
		{"unknown", []api.LineRequest{{BookID: 999, Quantity: 1}}, api.CodeNotFound},
		{"retired, though sold out too", []api.LineRequest{line(old, 1)}, api.CodeRetired},
		{"sold out", []api.LineRequest{line(sold, 1)}, api.CodeOutOfStock},
		{"too few", []api.LineRequest{line(b, 6)}, api.CodeOutOfStock},
		{"dearer, though too few too", []api.LineRequest{atMost(line(b, 6), usd(999))}, api.CodePriceChanged},
		{"a limit in other money, though dearer too", []api.LineRequest{atMost(line(b, 1), api.Money{Amount: 1, Currency: "EUR"})}, api.CodeMixedCurrency},
		{"two currencies", []api.LineRequest{line(b, 1), line(e, 1)}, api.CodeMixedCurrency},
		{"the first line's reason is the reservation's", []api.LineRequest{line(sold, 1), {BookID: 999, Quantity: 1}}, api.CodeOutOfStock},
		{"at the limit", []api.LineRequest{atMost(line(b, 1), usd(1000))}, ""},
		{"all there are", []api.LineRequest{line(e, 5)}, ""},
	} {
		r := reserve(t, s, c.lines...)
		switch {
		case c.want == "" && r.State != api.Taken, c.want != "" && (r.State != api.Refused || *r.Reason != c.want):
			t.Errorf("%s: %s", c.name, toJSON(t, r))
		}
	}
	checkRows(t, s)
}

func TestReservationsThatAreNoneAreRefusedBeforeTheyCount(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 500))
	fine := api.ReservationRequest{ID: api.NewID(), Lines: []api.LineRequest{line(b, 1)}}
	for reason, batch := range map[string][]api.ReservationRequest{
		"1 to 256":        {},
		"not 257":         slices.Repeat([]api.ReservationRequest{fine}, 257),
		"not a UUID":      {fine, {ID: "7", Lines: fine.Lines}},
		"1 to 100 lines":  {fine, {ID: api.NewID()}},
		"1 to 100 copies": {fine, {ID: api.NewID(), Lines: []api.LineRequest{line(b, 101)}}},
		"stands twice":    {fine, {ID: api.NewID(), Lines: []api.LineRequest{line(b, 1), line(b, 1)}}},
	} {
		_, err := s.Reserve(t.Context(), batch)
		wants(t, err, api.CodeInvalid, reason)
	}
	if read(t, s, b.ID).Stock != 500 {
		t.Error("something was taken")
	}
}

func TestReservationsAreListedInPages(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 5))
	var want, got []string
	for range 7 {
		want = append(want, reserve(t, s, line(b, 1)).ID)
	}
	slices.Sort(want)
	for cursor := ""; ; {
		page, err := s.Reservations(t.Context(), 3, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Reservations {
			got = append(got, r.ID)
		}
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v\nwant %v", got, want)
	}
}
