package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestABookIsKeptAsItWasGiven(t *testing.T) {
	s := empty(t)
	made := add(t, s, api.BookEdit{
		Title: api.Some("  Cafe\u0301 Society "), ISBN13: api.Some("0-306-40615-2"), Authors: api.Some([]string{"B. Writer", "A. Helper", "B. Writer"}),
		Topics: api.Some([]string{"Night Life", "night-life", "Café"}), Publisher: api.Some("Éditions"), Year: api.Some(-350), Language: api.Some("fr"),
		Description: api.Some("Two\nlines"), Price: api.Some(api.Money{Amount: 900, Currency: "JPY"}), Stock: api.Some(int64(7)),
	})
	if got := read(t, s, made.ID); fmt.Sprint(toJSON(t, got)) != toJSON(t, made) {
		t.Errorf("answered %s\nkept     %s", toJSON(t, made), toJSON(t, got))
	}
	want := `"isbn13":"9780306406157","title":"Café Society","authors":["B. Writer","A. Helper"],"topics":["night-life","cafe"],` +
		`"publisher":"Éditions","year":-350,"language":"fr","description":"Two\nlines","price":{"amount":900,"currency":"JPY"},"stock":7,"state":"on_sale","version":1`
	if got := toJSON(t, made); !strings.Contains(got, want) {
		t.Errorf("book   %s\nlacks  %s", got, want)
	}
	if byISBN, err := s.Book(t.Context(), "978-0-306-40615-7"); err != nil || byISBN.ID != made.ID {
		t.Errorf("by ISBN: %d, %v", byISBN.ID, err)
	}
}

func TestWhatIsNotKnownIsNullAndListsAreEmpty(t *testing.T) {
	s := empty(t)
	made := add(t, s, titled("Bare", 0))
	cleared := edit(t, s, add(t, s, api.BookEdit{
		Title: api.Some("Rich"), Price: api.Some(usd(1)), Authors: api.Some([]string{"A"}), Topics: api.Some([]string{"t"}), Publisher: api.Some("P"),
		Year: api.Some(1), Language: api.Some("en"), Description: api.Some("D"), ISBN13: api.Some("0306406152"),
	}), api.BookEdit{
		Authors: api.Optional[[]string]{Set: true}, Topics: api.Optional[[]string]{Set: true}, Publisher: api.Optional[string]{Set: true}, Year: api.Optional[int]{Set: true},
		Language: api.Some(""), Description: api.Some(""), ISBN13: api.Optional[string]{Set: true},
	})
	for _, b := range []api.Book{made, read(t, s, made.ID), cleared, read(t, s, cleared.ID), find(t, s, api.BookQuery{})[0]} {
		for _, want := range []string{`"isbn13":null`, `"authors":[]`, `"topics":[]`, `"publisher":null`, `"year":null`, `"language":null`, `"description":null`} {
			if got := toJSON(t, b); !strings.Contains(got, want) {
				t.Errorf("%s lacks %s", got, want)
			}
		}
	}
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestBooksThatCannotBeSoldAreRefused(t *testing.T) {
	s := empty(t)
	long := func(n int) api.Optional[string] { return api.Some(strings.Repeat("x", n)) }
	for reason, change := range map[string]func(e *api.BookEdit){
		"needs a title":          func(e *api.BookEdit) { e.Title = api.Some(" \t ") },
		"needs a price":          func(e *api.BookEdit) { e.Price = api.Optional[api.Money]{} },
		"a price is":             func(e *api.BookEdit) { e.Price = api.Some(usd(-1)) },
		"ISO 4217":               func(e *api.BookEdit) { e.Price = api.Some(api.Money{Amount: 1, Currency: "DEM"}) },
		"stock is":               func(e *api.BookEdit) { e.Stock = api.Some(int64(-1)) },
		"stock is 0 to":          func(e *api.BookEdit) { e.Stock = api.Some(int64(api.MaxStock + 1)) },
		"wrong check digit":      func(e *api.BookEdit) { e.ISBN13 = api.Some("0306406153") },
		"title is longer":        func(e *api.BookEdit) { e.Title = long(api.MaxTitle + 1) },
		"publisher is longer":    func(e *api.BookEdit) { e.Publisher = long(api.MaxPublisher + 1) },
		"language is longer":     func(e *api.BookEdit) { e.Language = long(api.MaxLanguage + 1) },
		"description is longer":  func(e *api.BookEdit) { e.Description = long(api.MaxDescription + 1) },
		"year":                   func(e *api.BookEdit) { e.Year = api.Some(10_000) },
		"state is":               func(e *api.BookEdit) { e.State = api.Some(api.BookState("lost")) },
		"at most 100 authors":    func(e *api.BookEdit) { e.Authors = api.Some(make([]string, api.MaxAuthors+1)) },
		"name is empty":          func(e *api.BookEdit) { e.Authors = api.Some([]string{" "}) },
		"separates authors":      func(e *api.BookEdit) { e.Authors = api.Some([]string{"A\u037eB"}) }, // is ";" once composed
		"at most 50 topics":      func(e *api.BookEdit) { e.Topics = api.Some(make([]string, api.MaxTopics+1)) },
		"no letter or digit":     func(e *api.BookEdit) { e.Topics = api.Some([]string{"?"}) },
		"contains a NUL":         func(e *api.BookEdit) { e.Title = api.Some("a\x00b") },
		"a topic contains a NUL": func(e *api.BookEdit) { e.Topics = api.Some([]string{"a\x00b"}) },
		"a topic is longer":      func(e *api.BookEdit) { e.Topics = api.Some([]string{strings.Repeat("x", 100_000)}) },
		"not valid UTF-8":        func(e *api.BookEdit) { e.Title = api.Some("a\xff") },
		"a topic is not valid":   func(e *api.BookEdit) { e.Topics = api.Some([]string{"a\xff"}) },
		"author's name contains": func(e *api.BookEdit) { e.Authors = api.Some([]string{"a\x00"}) },
	} {
		e := titled("T", 1)
		change(&e)
		_, err := s.Create(t.Context(), e)
		wants(t, err, api.CodeInvalid, reason)
	}
	if books := all(t, s); len(books) != 0 {
		t.Errorf("%d books were made", len(books))
	}
}

func TestAnEditChangesWhatItNames(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("Old", 5))
	now := edit(t, s, b, api.BookEdit{Title: api.Some("New"), Price: api.Some(usd(1500))})
	if now.Title != "New" || now.Price != usd(1500) || now.Stock != 5 || now.Version != 2 || now.CreatedAt != b.CreatedAt {
		t.Errorf("%s", toJSON(t, now))
	}
	same := edit(t, s, b, api.BookEdit{Title: api.Some(" New ")})
	if same.Version != 2 || same.UpdatedAt != now.UpdatedAt {
		t.Errorf("an edit that changes nothing: %s", toJSON(t, same))
	}
	_, err := s.Edit(t.Context(), ref(b), nil, api.BookEdit{Stock: api.Some(int64(9))})
	wants(t, err, api.CodeInvalid, "moved")
	_, err = s.Edit(t.Context(), "77", nil, api.BookEdit{Title: api.Some("X")})
	wants(t, err, api.CodeNotFound, "77")
	checkInvariants(t, s)
}

func TestAnEditMayInsistOnTheVersion(t *testing.T) {
	s := empty(t)
	b := add(t, s, titled("Old", 5))
	version := func(n int64) *int64 { return &n }
	var wg sync.WaitGroup
	won := make(chan string, 10)
	for i := range 10 {
		wg.Go(func() {
			title := fmt.Sprint("New ", i)
			if _, err := s.Edit(t.Context(), ref(b), version(1), api.BookEdit{Title: api.Some(title)}); err == nil {
				won <- title
			} else if api.CodeOf(err) != api.CodeVersionMismatch {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(won)
	if got := read(t, s, b.ID); len(won) != 1 || got.Title != <-won || got.Version != 2 {
		t.Errorf("%d edits of version 1 won: %s", len(won)+1, toJSON(t, got))
	}
	_, err := s.Edit(t.Context(), ref(b), version(1), api.BookEdit{})
	wants(t, err, api.CodeVersionMismatch, "version 2, not 1")
}

func TestTwoBooksHaveNotOneISBN(t *testing.T) {
	s := empty(t)
	first := titled("First", 1)
	first.ISBN13 = api.Some("0306406152")
	one := add(t, s, first)
	_, err := s.Create(t.Context(), first)
	wants(t, err, api.CodeConflict, "9780306406157")
	other := add(t, s, titled("Other", 1))
	_, err = s.Edit(t.Context(), ref(other), nil, api.BookEdit{ISBN13: api.Some("9780306406157")})
	wants(t, err, api.CodeConflict, "9780306406157")
	edit(t, s, one, api.BookEdit{ISBN13: api.Optional[string]{Set: true}})
	edit(t, s, other, api.BookEdit{ISBN13: api.Some("9780306406157")})
	if books := find(t, s, api.BookQuery{Q: "0306406152"}); !slices.Equal(ids(books), []int64{other.ID}) {
		t.Errorf("the ISBN is %v", ids(books))
	}
	checkInvariants(t, s)
}

func TestARetiredBookIsNotFoundButKept(t *testing.T) {
	s := empty(t)
	e := titled("Rare Thing", 3)
	e.Topics = api.Some([]string{"oddities"})
	b := add(t, s, e)
	gone := edit(t, s, b, api.BookEdit{State: api.Some(api.Retired)})
	if gone.State != api.Retired || len(find(t, s, api.BookQuery{Q: "rare"})) != 0 || len(find(t, s, api.BookQuery{})) != 0 || len(topics(t, s)) != 0 {
		t.Errorf("retired: %s", toJSON(t, gone))
	}
	if got := read(t, s, b.ID); got.State != api.Retired || len(all(t, s)) != 1 {
		t.Error("a retired book is gone")
	}
	checkInvariants(t, s)
	edit(t, s, b, api.BookEdit{State: api.Some(api.OnSale)})
	if len(find(t, s, api.BookQuery{Q: "rare"})) != 1 || topics(t, s)["oddities"] != 1 {
		t.Error("back on sale, it is not found")
	}
	checkInvariants(t, s)
}

// topics are the topics with their counts, followed page by page.
func topics(t testing.TB, s *catalog.Service) map[string]int64 {
	t.Helper()
	counts, cursor := map[string]int64{}, ""
	for {
		page, err := s.Topics(t.Context(), 2, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, topic := range page.Topics {
			if _, twice := counts[topic.Slug]; twice || topic.Books < 1 {
				t.Fatalf("topic %+v", topic)
			}
			counts[topic.Slug] = topic.Books
		}
		if page.NextCursor == nil {
			return counts
		}
		cursor = *page.NextCursor
	}
}

func TestATopicHasTheNameThatItWasFirstGiven(t *testing.T) {
	s := empty(t)
	e := titled("T", 1)
	e.Topics = api.Some([]string{"C++ Stuff", "plain-slug"})
	add(t, s, e)
	page, err := s.Topics(t.Context(), 10, "")
	if want := `[{"slug":"c-stuff","name":"C++ Stuff","books":1},{"slug":"plain-slug","name":"Plain Slug","books":1}]`; err != nil || toJSON(t, page.Topics) != want {
		t.Errorf("%s, %v", toJSON(t, page.Topics), err)
	}
}

func TestTheLastItemNumberIsNoEnd(t *testing.T) {
	s := empty(t)
	first := add(t, s, titled("First", 1))
	last := int64(api.MaxBookID)
	title, price := "Last", usd(1)
	if r := mustImport(t, s, api.ImportRequest{Source: "t", Rows: []api.ImportRow{{ID: &last, Title: &title, Price: &price}}}); *r[0].BookID != last {
		t.Fatalf("imported as %s", toJSON(t, r))
	}
	next := add(t, s, titled("Next", 1))
	if next.ID != first.ID+1 {
		t.Errorf("the next book is %d", next.ID)
	}
	other := "Another"
	rows := []api.ImportRow{{Title: &other, Price: &price}, {ID: &last, Title: &other}}
	r := mustImport(t, s, api.ImportRequest{Source: "t", Rows: rows})
	if r[0].Status != api.RowNew || *r[0].BookID != first.ID+2 || r[1].Status != api.RowChanged {
		t.Errorf("imported as %s", toJSON(t, r))
	}
	if books := find(t, s, api.BookQuery{Q: "another"}); len(books) != 2 || books[1].ID != last {
		t.Errorf("found %v", ids(books))
	}
	checkInvariants(t, s)
}

// A search for one who has left ends with that, and with nothing worse.
func TestACallerWhoHasLeft(t *testing.T) {
	s := starter(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"search": func() error { _, err := s.Search(gone, api.BookQuery{Q: "dummies rpc", Limit: 20}); return err },
		"book":   func() error { _, err := s.Book(gone, "1"); return err },
		"topics": func() error { _, err := s.Topics(gone, 20, ""); return err },
		"create": func() error { _, err := s.Create(gone, titled("T", 1)); return err },
	} {
		if err := call(); err == nil && name != "create" {
			t.Errorf("%s: no error", name)
		}
	}
	checkInvariants(t, s)
}

func fromJSON(t testing.TB, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}
