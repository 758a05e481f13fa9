package catalog_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

// shop is the starter catalogue with real books, some of them different in what
// queries ask for.
func shop(t *testing.T, most int) (*catalog.Service, []api.Book) {
	t.Helper()
	s := starter(t)
	importAll(t, s, goodbooks(t, most))
	for i, b := range all(t, s) {
		switch e := (api.BookEdit{}); {
		case i%97 == 5:
			e.State = api.Some(api.Retired)
			edit(t, s, b, e)
		case i%31 == 3:
			e.Price = api.Some(api.Money{Amount: int64(100 + i%7*100), Currency: []string{"EUR", "USD", "JPY"}[i%3]})
			edit(t, s, b, e)
		case i%53 == 7:
			move(t, s, b, api.NewID(), set(0))
		}
	}
	s.WaitForMerges()
	return s, all(t, s)
}

func queries() []api.BookQuery {
	low, high := int64(300), int64(1500)
	return []api.BookQuery{
		{},
		{Q: "the"},
		{Q: "t"},
		{Q: "th"},
		{Q: "of the"},
		{Q: "the of"},
		{Q: "harry pot"},
		{Q: "HARRY POTTER"},
		{Q: "potter harry rowling"},
		{Q: "rowling"},
		{Q: "jk row"},
		{Q: "j k rowling"},
		{Q: "Gabriel García Márquez"},
		{Q: "gabriel garcia marquez"},
		{Q: "GARCI\u0301A"},
		{Q: "it"},
		{Q: "emma"},
		{Q: "Emma"},
		{Q: "1984"},
		{Q: "distributed-systems"},
		{Q: "Distributed Systems"},
		{Q: "distributed sys"},
		{Q: "popular"},
		{Q: "zzzz"},
		{Q: "harry zzzz"},
		{Q: "0439023483"},
		{Q: "978-0-439-02348-1"},
		{Q: "graduate"},
		{Topic: "popular"},
		{Topic: "Graduate School"},
		{Topic: "popular", Words: "love"},
		{Topic: "no-such"},
		{Q: "love", Topic: "popular"},
		{Q: "popular", Words: "king"},
		{Words: "popular"},
		{Author: "king"},
		{Author: "stephen ki"},
		{Author: "Stephen King", Words: "dark"},
		{Words: "dark", InStock: true},
		{InStock: true},
		{Q: "a", InStock: true},
		{Currency: "EUR"},
		{MaxPrice: &low},
		{MinPrice: &high},
		{Q: "the", MinPrice: &low, MaxPrice: &high, Currency: "USD"},
		{Q: "life", Currency: "JPY"},
		{All: true, Sort: api.SortID},
		{Q: "السلام"},
		{Q: "d'"},
		{Q: "c.s. lewis"},
		{Q: strings.Repeat("the ", 30)},
	}
}

func TestSearchFindsWhatTheNaiveModelFinds(t *testing.T) {
	s, books := shop(t, 4_000)
	for _, q := range queries() {
		found := checkFinds(t, s, books, q)
		if (q.Sort == "" || q.Sort == api.SortID) && q.Q+q.Words == "" && !slices.IsSorted(ids(found)) {
			t.Errorf("%s: without words books come by number", q.Values().Encode())
		}
	}
}

func TestEverySortIsAnOrder(t *testing.T) {
	s, books := shop(t, 2_000)
	year := func(b api.Book) int64 {
		if b.Year == nil {
			return 1 << 40
		}
		return -int64(*b.Year)
	}
	orders := map[string]func(a, b api.Book) int{
		api.SortID: func(a, b api.Book) int { return cmp.Compare(a.ID, b.ID) },
		api.SortTitle: func(a, b api.Book) int {
			return cmp.Or(cmp.Compare(api.Fold(a.Title), api.Fold(b.Title)), cmp.Compare(a.ID, b.ID))
		},
		api.SortPrice: func(a, b api.Book) int {
			return cmp.Or(cmp.Compare(a.Price.Currency, b.Price.Currency), cmp.Compare(a.Price.Amount, b.Price.Amount), cmp.Compare(a.ID, b.ID))
		},
		api.SortYear: func(a, b api.Book) int { return cmp.Or(cmp.Compare(year(a), year(b)), cmp.Compare(a.ID, b.ID)) },
	}
	for sort, order := range orders {
		for _, q := range []api.BookQuery{{}, {Q: "the"}, {Topic: "popular", Words: "a"}, {Author: "stephen", InStock: true}} {
			q.Sort = sort
			if found := checkFinds(t, s, books, q); !slices.IsSortedFunc(found, order) {
				t.Errorf("%s is not in order", q.Values().Encode())
			}
		}
	}
}

func TestPagesAreTheWholeResultInItsOrder(t *testing.T) {
	s, _ := shop(t, 250)
	for _, q := range queries() {
		sorts := api.Sorts()
		if q.All {
			sorts = []string{api.SortID}
		}
		for _, sort := range sorts {
			q.Sort, q.Limit = sort, 1000
			whole := ids(find(t, s, q))
			var limits []int
			for _, limit := range []int{1, 3, 20, 150} { // short pages of long results take long to read
				if len(whole) <= 40*limit {
					limits = append(limits, limit)
				}
			}
			for _, q.Limit = range limits {
				if got := ids(find(t, s, q)); !slices.Equal(got, whole) {
					t.Errorf("%s: pages give %d books, the whole %d:\n%v\n%v", q.Values().Encode(), len(got), len(whole), got, whole)
				}
			}
		}
	}
}

func TestShortTitlesThatAreTheQueryComeFirst(t *testing.T) {
	s := empty(t)
	var rows []api.ImportRow
	for i := range 300 {
		rows = append(rows, row(fmt.Sprint("Emma and it and the rest ", i), authors("It Emma")))
	}
	importAll(t, s, rows)
	emma, it, both := add(t, s, titled("Emma", 1)), add(t, s, titled("IT!", 1)), add(t, s, titled("Émma It", 1))
	second := add(t, s, titled("emma", 1))
	for q, want := range map[string][]int64{"emma": {emma.ID, second.ID}, "it": {it.ID}, "Emma, it": {both.ID}} {
		var got []int64
		for next := (api.BookQuery{Q: q, Limit: 1}); len(got) < len(want); {
			list, _ := page(t, s, &next)
			got = append(got, list...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q begins with %v, want %v", q, got, want)
		}
	}
	if got := ids(find(t, s, api.BookQuery{Q: "emma", Topic: "none"})); len(got) != 0 {
		t.Errorf("a title is found outside its topic: %v", got)
	}
}

func TestAWordInTheTitleCountsMoreThanOneElsewhere(t *testing.T) {
	s := empty(t)
	byPublisher := titled("One thing", 1)
	byPublisher.Publisher = api.Some("Whale Press")
	byTopic, byAuthor := titled("Another thing", 1), titled("A third thing", 1)
	byTopic.Topics, byAuthor.Authors = api.Some([]string{"whale"}), api.Some([]string{"Ann Whale"})
	want := []int64{0, 0, 0, 0, 0}
	for i, e := range []api.BookEdit{byPublisher, byTopic, byAuthor, titled("The long story of a whale", 1), titled("Whale stories and some more", 1)} {
		want[4-i] = add(t, s, e).ID
	}
	if got := ids(find(t, s, api.BookQuery{Words: "whale"})); !slices.Equal(got, want) {
		t.Errorf("in the order %v, want %v", got, want)
	}
}

func TestWhatIsNoQueryIsRefused(t *testing.T) {
	s := starter(t)
	for reason, q := range map[string]api.BookQuery{
		"no letter or digit": {Q: "???"},
		"topic \"!\"":        {Topic: "!"},
		"sort is one of":     {Sort: "newest"},
		"sort=id alone":      {All: true},
		"retired books":      {All: true, Sort: api.SortID, Q: "a"},
		"ISO 4217":           {Currency: "usd"},
		"longer than 500":    {Q: strings.Repeat("x", 501)},
		"cursor is damaged":  {Cursor: "%%%"},
		"not valid UTF-8":    {Q: "a\xff"},
		"contains a NUL":     {Author: "a\x00"},
	} {
		q.Limit = 20
		_, err := s.Search(t.Context(), q)
		wants(t, err, api.CodeInvalid, reason)
	}
}

func TestACursorIsGoodForItsOwnQueryAlone(t *testing.T) {
	s := starter(t)
	q := api.BookQuery{Words: "the", Limit: 1}
	page, err := s.Search(t.Context(), q)
	if err != nil || page.NextCursor == nil {
		t.Fatalf("%v, %v", page, err)
	}
	low := int64(1)
	q.Cursor = *page.NextCursor
	for _, change := range []func(q *api.BookQuery){
		func(q *api.BookQuery) { q.Words = "a" }, func(q *api.BookQuery) { q.Q = "x" }, func(q *api.BookQuery) { q.Sort = api.SortTitle }, func(q *api.BookQuery) { q.InStock = true },
		func(q *api.BookQuery) { q.MinPrice = &low }, func(q *api.BookQuery) { q.MaxPrice = &low }, func(q *api.BookQuery) { q.Currency = "USD" }, func(q *api.BookQuery) { q.Topic = "go" },
		func(q *api.BookQuery) { q.Author = "a" },
	} {
		other := q
		change(&other)
		_, err := s.Search(t.Context(), other)
		wants(t, err, api.CodeInvalid, "another query")
	}
	q.Limit = 7 // how long a page is may change
	if _, err := s.Search(t.Context(), q); err != nil {
		t.Error(err)
	}
}

func FuzzCursor(f *testing.F) {
	s := starter(f)
	for _, q := range []api.BookQuery{{Words: "the"}, {Words: "a", Sort: api.SortTitle}, {Sort: api.SortYear}, {Sort: api.SortPrice}, {Sort: api.SortID}} {
		q.Limit = 1
		page, err := s.Search(f.Context(), q)
		if err != nil || page.NextCursor == nil {
			f.Fatal(err)
		}
		f.Add(*page.NextCursor, q.Words, q.Sort)
	}
	f.Fuzz(func(t *testing.T, cursor, words, sort string) {
		q := api.BookQuery{Words: words, Sort: sort, Cursor: cursor, Limit: 3}
		page, err := s.Search(t.Context(), q)
		if err != nil {
			if api.CodeOf(err) != api.CodeInvalid {
				t.Errorf("%+v: %v", q, err)
			}
			return
		}
		if len(page.Books) > 3 {
			t.Errorf("%+v: %d books", q, len(page.Books))
		}
		if q.Sort == "" {
			q.Sort = api.SortRelevance
		}
		if cursor == "" {
			return
		}
		written, err := catalog.ParseCursor(&q)
		q.Cursor = written
		if again, err2 := catalog.ParseCursor(&q); err != nil || err2 != nil || again != written {
			t.Errorf("%q is written %q, then %q: %v, %v", cursor, written, again, err, err2)
		}
	})
}

// Filters that let nothing through must not make one request look at the whole
// catalogue.
func TestAPageThatFindsLittleEndsEarlyAndGoesOn(t *testing.T) {
	s := empty(t)
	var rows []api.ImportRow
	for i := range 2_600 {
		rows = append(rows, row(fmt.Sprint("Common ", i)))
	}
	for part := range slices.Chunk(rows, 1_000) {
		mustImport(t, s, api.ImportRequest{Source: "shop", Rows: part})
	}
	one, id := api.Some(api.Money{Amount: 1, Currency: "USD"}), "2599"
	if _, err := s.Edit(t.Context(), id, nil, api.BookEdit{Price: one}); err != nil {
		t.Fatal(err)
	}
	limit := int64(1)
	for _, q := range []api.BookQuery{{MaxPrice: &limit}, {Q: "common", MaxPrice: &limit}} {
		q.Limit = 20
		page, err := s.Search(t.Context(), q)
		if err != nil || len(page.Books) != 0 || page.NextCursor == nil {
			t.Fatalf("%+v: %d books, %v", q, len(page.Books), err)
		}
		if found := ids(find(t, s, q)); !slices.Equal(found, []int64{2599}) {
			t.Errorf("%+v: %v", q, found)
		}
	}
}
