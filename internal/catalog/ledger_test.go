package catalog_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

func delta(n int64) api.MovementRequest { return api.MovementRequest{Delta: &n} }
func set(n int64) api.MovementRequest   { return api.MovementRequest{Set: &n} }

func move(t testing.TB, s *catalog.Service, b api.Book, id string, m api.MovementRequest) api.Book {
	t.Helper()
	after, err := s.Move(t.Context(), ref(b), id, m)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func TestStockIsMoved(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 5))
	for _, c := range []struct {
		move api.MovementRequest
		want int64
	}{{delta(3), 8}, {delta(-8), 0}, {set(20), 20}, {set(20), 20}, {set(0), 0}, {set(api.MaxStock), api.MaxStock}} {
		if after := move(t, s, b, api.NewID(), c.move); after.Stock != c.want || after.Version != 1 {
			t.Errorf("%s: %d copies at version %d, want %d", toJSON(t, c.move), after.Stock, after.Version, c.want)
		}
	}
	checkInvariants(t, s)
}

func TestStockNeverFallsBelowNothing(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 5))
	_, err := s.Move(t.Context(), ref(b), api.NewID(), delta(-6))
	wants(t, err, api.CodeOutOfStock, "5 copies", "6 can't be removed")
	zero, five := int64(0), int64(5)
	for _, m := range []api.MovementRequest{{}, {Delta: &five, Set: &five}, {Delta: &zero}, delta(api.MaxStock + 1), delta(-api.MaxStock - 1), set(-1), set(api.MaxStock + 1), {Delta: &five, Reason: "a\x00"}} {
		_, err := s.Move(t.Context(), ref(b), api.NewID(), m)
		wants(t, err, api.CodeInvalid)
	}
	_, err = s.Move(t.Context(), ref(b), api.NewID(), delta(api.MaxStock))
	wants(t, err, api.CodeInvalid, "stock is 0 to")
	_, err = s.Move(t.Context(), "9", api.NewID(), delta(1))
	wants(t, err, api.CodeNotFound)
	if got := read(t, s, b.ID); got.Stock != 5 {
		t.Errorf("stock %d", got.Stock)
	}
}

func TestAMovementIsMadeOnce(t *testing.T) {
	s := empty(t)
	b, other := add(t, s, titled("T", 5)), add(t, s, titled("U", 5))
	for name, m := range map[string]api.MovementRequest{"delta": delta(3), "set": set(9), "with a reason": {Delta: delta(1).Delta, Reason: "found"}} {
		id := api.NewID()
		after := move(t, s, b, id, m)
		move(t, s, b, api.NewID(), delta(10)) // whatever happens meanwhile
		if again := move(t, s, b, id, m); again.Stock != after.Stock+10 {
			t.Errorf("%s: %d copies, then %d", name, after.Stock, again.Stock)
		}
		_, err := s.Move(t.Context(), ref(other), id, m)
		wants(t, err, api.CodeIDReused)
		_, err = s.Move(t.Context(), ref(b), id, delta(77))
		wants(t, err, api.CodeIDReused)
		_, err = s.Move(t.Context(), ref(b), id, set(78))
		wants(t, err, api.CodeIDReused)
	}
	if read(t, s, other.ID).Stock != 5 {
		t.Error("the other book was moved")
	}
	checkInvariants(t, s)
}

func TestAMovementThatManyAskForIsMadeOnce(t *testing.T) {
	s := empty(t)
	b, id := add(t, s, titled("T", 5)), api.NewID()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if after, err := s.Move(t.Context(), ref(b), id, delta(-1)); err != nil || after.Stock != 4 {
				t.Errorf("%d copies, %v", after.Stock, err)
			}
		})
	}
	wg.Wait()
	checkInvariants(t, s)
}

func TestHistoryTellsPricesAndStockInTurn(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 5))
	edit(t, s, b, api.BookEdit{Price: api.Some(usd(1200)), Title: api.Some("U")})
	edit(t, s, b, api.BookEdit{Title: api.Some("no news of price or stock")})
	move(t, s, b, api.NewID(), api.MovementRequest{Delta: delta(2).Delta, Reason: "delivery"})
	edit(t, s, b, api.BookEdit{Price: api.Some(api.Money{Amount: 1100, Currency: "EUR"})})
	order := reserve(t, s, line(b, 3))
	want := []string{
		"price +1000 1000 USD added", "stock +5 5 added", "price +200 1200 USD edited", "stock +2 7 delivery", "price +1100 1100 EUR edited", "stock -3 4 sold",
	}
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []string
		for cursor := ""; ; {
			page, err := s.History(t.Context(), ref(b), limit, cursor)
			if err != nil || len(page.Entries) > limit {
				t.Fatalf("%d entries of %d, %v", len(page.Entries), limit, err)
			}
			for _, e := range page.Entries {
				text := fmt.Sprintf("%s %+d %d ", e.Kind, e.Change, e.After)
				if e.Currency != nil {
					text += *e.Currency + " "
				}
				if got = append(got, text+e.Reason); e.Reason == "sold" && e.Operation != order.ID {
					t.Errorf("sold by %s, not %s", e.Operation, order.ID)
				}
			}
			if page.NextCursor == nil {
				break
			}
			cursor = *page.NextCursor
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("pages of %d: %q\nwant %q", limit, got, want)
		}
	}
	for _, cursor := range []string{"x", "-1", "99999999999999999999", "1.5"} {
		_, err := s.History(t.Context(), ref(b), 5, cursor)
		wants(t, err, api.CodeInvalid, "cursor")
	}
	_, err := s.History(t.Context(), "99", 5, "")
	wants(t, err, api.CodeNotFound)
}

func TestTheLedgerIsListedInPages(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("T", 1))
	edit(t, s, b, api.BookEdit{Price: api.Some(usd(5))}) // no movement
	for range 6 {
		move(t, s, b, api.NewID(), delta(1))
	}
	cursor, got := "", []int64{}
	for pages := 0; ; pages++ {
		page, err := s.Movements(t.Context(), api.MovementQuery{Limit: 3, After: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Movements {
			got = append(got, m.After)
		}
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
	}
	if fmt.Sprint(got) != "[1 2 3 4 5 6 7]" {
		t.Errorf("after: %v", got)
	}
}
