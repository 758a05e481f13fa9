package contract_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

func walkTopics(s *shop) {
	if got := as[api.Store](s.get("/v1/store").is(http.StatusOK)); got.Currency != "USD" {
		s.Errorf("store %+v", got)
	}
	s.get("/v1/store?currency=EUR").fails(api.CodeInvalid)

	all := as[api.TopicList](s.get("/v1/topics?limit=1000").is(http.StatusOK)).Topics
	var paged []api.Topic
	for cursor := ""; ; {
		page := as[api.TopicList](s.get("/v1/topics?limit=3&cursor=" + url.QueryEscape(cursor)).is(http.StatusOK))
		paged = append(paged, page.Topics...)
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
	}
	if len(all) == 0 || !slices.Equal(all, paged) {
		s.Errorf("all at once %v, page by page %v", all, paged)
	}
	s.badLimits("/v1/topics")
}

// badLimits gives a list the queries that every list refuses.
func (s *shop) badLimits(path string) {
	s.Helper()
	for _, query := range []string{
		"limit=0", "limit=-1", "limit=1001", "limit=ten", "limit=", "limit=1.5", "limit=5&limit=5", "limits=5", "limit=5;x", "x=%ff", "%zz",
	} {
		s.get(path + "?" + query).fails(api.CodeInvalid)
	}
}

func walkSearch(s *shop) {
	for _, query := range []string{
		"", "?q=distributed-systems", "?q=Distributed%20Systems", "?q=9781449373320", "?q=nothing-like-that", "?topic=Go",
		"?words=lynch", "?author=kleppmann", "?in_stock=true", "?in_stock=false&currency=USD&min_price=1000&max_price=4500",
		"?sort=id&retired=true", "?q=the&sort=title", "?q=the&sort=price", "?q=the&sort=year", "?q=the&sort=relevance",
		"?currency=JPY", "?max_price=1000000000000", "?q=" + strings.Repeat("a", api.MaxQuery),
	} {
		s.get("/v1/books" + query).is(http.StatusOK)
	}
	for _, query := range []string{
		"color=red", "q=go&q=go", "in_stock=yes", "retired=1", "min_price=-1", "max_price=9.99", "max_price=1000000000001",
		"currency=XXX", "currency=usd", "sort=upside-down", "retired=true", "retired=true&sort=id&q=go", "q=%3F%21", "topic=%21",
		"topic=%20", "q=%00", "q=%ff", "q=" + strings.Repeat("a", api.MaxQuery+1), "cursor=nonsense", "cursor=e30",
	} {
		s.get("/v1/books?" + query).fails(api.CodeInvalid)
	}
	s.badLimits("/v1/books")
	for _, sort := range api.Sorts() {
		s.pages("/v1/books?sort=" + sort)
		s.pages("/v1/books?topic=distributed-systems&sort=" + sort)
	}
	s.pages("/v1/books?q=the")

	page := as[api.BookList](s.get("/v1/books?q=the&limit=1").is(http.StatusOK))
	s.get("/v1/books?q=a&cursor=" + *page.NextCursor).fails(api.CodeInvalid)
	if got := as[api.BookList](s.get("/v1/books?q=no-such-book-anywhere")); got.Books == nil || len(got.Books) != 0 || got.NextCursor != nil {
		s.Errorf("nothing found: %+v", got)
	}
}

// pages wants a list to be the same all at once and page by page.
func (s *shop) pages(path string) {
	s.Helper()
	var all, paged []int64
	for _, b := range as[api.BookList](s.get(path + "&limit=1000").is(http.StatusOK)).Books {
		all = append(all, b.ID)
	}
	for cursor := ""; ; {
		page := as[api.BookList](s.get(path + "&limit=4&cursor=" + cursor).is(http.StatusOK))
		for _, b := range page.Books {
			paged = append(paged, b.ID)
		}
		if page.NextCursor == nil {
			break
		}
		cursor = *page.NextCursor
	}
	if len(all) < 5 || !slices.Equal(all, paged) {
		s.Errorf("%s: all at once %v, page by page %v", path, all, paged)
	}
}

// notBooks stand for no book, and none of them can.
func notBooks() []string {
	return []string{"0", "1234567890", "abc", "8.0", "-8", "+8", "978144937332", "9781449373321", "0-262-03384-5", "%20", "8%00", "8%ff"}
}

func walkBook(s *shop) {
	for _, ref := range []string{"8", "008", "9781449373320", "978-1-4493-7332-0", "1-4493-7332-1", "1449373321", "%208%20"} {
		if got := as[api.Book](s.get("/v1/books/" + ref).is(http.StatusOK)); got.ID != 8 {
			s.Errorf("%s is %+v", ref, got)
		}
	}
	for _, ref := range notBooks() {
		s.get("/v1/books/" + ref).fails(api.CodeInvalid)
	}
	s.get("/v1/books/999").fails(api.CodeNotFound)
	s.get("/v1/books/9780306406157").fails(api.CodeNotFound)
	s.get("/v1/books/8?verbose=true").fails(api.CodeInvalid)
	s.conditional("/v1/books/8")
}

// conditional wants a book's path to honour entity tags.
func (s *shop) conditional(path string) {
	s.Helper()
	tag := s.get(path).is(http.StatusOK).header("ETag")
	for _, known := range []string{tag, "W/" + tag, `"0-0", ` + tag, "*"} {
		if got := s.get(path, "If-None-Match: "+known).is(http.StatusNotModified).header("ETag"); got != tag {
			s.Errorf("%s: entity tag %s, was %s", known, got, tag)
		}
	}
	s.get(path, `If-None-Match: "0-0"`).is(http.StatusOK)
}

func walkAdding(s *shop) {
	made := s.post("/v1/books", `{"title":" The Practice of Programming ","authors":["Brian W. Kernighan","Rob Pike"],"topics":["Software Engineering"],
		"isbn13":"0-201-61586-X","publisher":"Addison-Wesley","year":1999,"language":"en","description":"Simplicity, clarity, generality.",
		"price":{"amount":4999,"currency":"USD"},"stock":9,"state":"on_sale"}`).is(http.StatusCreated)
	full := as[api.Book](made)
	if full.Title != "The Practice of Programming" || *full.ISBN13 != "9780201615869" || full.Stock != 9 || full.Version != 1 || full.Topics[0] != "software-engineering" {
		s.Errorf("added %+v", full)
	}
	again := s.get(made.header("Location")).is(http.StatusOK)
	if again.header("ETag") != made.header("ETag") || string(again.got) != string(made.got) {
		s.Errorf("added %s, there is %s", made.got, again.got)
	}
	for _, bare := range []string{
		`{"title":"Ulysses","price":{"amount":0,"currency":"JPY"}}`,
		`{"title":"Ulysses","price":{"amount":1,"currency":"KWD"},"authors":null,"topics":null,"isbn13":null,"publisher":null,"year":null,
			"language":null,"description":null,"stock":null}`,
		`{"title":"Ulysses","price":{"amount":1,"currency":"USD"},"publisher":"","language":"","description":"","authors":[],"topics":[]}`,
		fmt.Sprintf(`{"title":%q,"price":{"amount":1,"currency":"USD"},"description":%q}`, strings.Repeat("é", api.MaxTitle), strings.Repeat("é", api.MaxDescription)),
	} {
		if got := as[api.Book](s.post("/v1/books", bare).is(http.StatusCreated)); got.Authors == nil || got.Topics == nil || got.Stock != 0 {
			s.Errorf("added %+v", got)
		}
	}
	s.post("/v1/books", `{"title":"Again","price":{"amount":1,"currency":"USD"},"isbn13":"9780201615869"}`).fails(api.CodeConflict)
	s.post("/v1/books?dry_run=true", `{"title":"Ulysses","price":{"amount":1,"currency":"USD"}}`).fails(api.CodeInvalid)
	for _, body := range append(badEdits(),
		`{"price":{"amount":1,"currency":"USD"}}`, `{"title":"Ulysses"}`, `{"title":"Ulysses","price":{"amount":1}}`,
		`{"title":"Ulysses","price":{"amount":1,"currency":"USD"},"stock":-1}`,
		`{"title":"Ulysses","price":{"amount":1,"currency":"USD"},"stock":1000000001}`,
	) {
		s.post("/v1/books", body).fails(api.CodeInvalid)
	}
}

// badEdits are bodies that neither adding nor editing a book takes.
func badEdits() []string {
	bad := append(badJSON(), `{"id":7}`, `{"version":2}`)
	for _, member := range []string{
		`"title":null`, `"title":" "`, `"title":"\u0000"`, `"title":"` + strings.Repeat("a", api.MaxTitle+1) + `"`, `"title":7`,
		`"isbn13":"123"`, `"isbn13":"9780201615868"`, `"isbn13":9780201615869`, `"authors":"Plato"`, `"authors":[""]`, `"authors":["a;b"]`,
		`"topics":["!"]`, `"topics":[null]`, `"publisher":"` + strings.Repeat("a", api.MaxPublisher+1) + `"`, `"language":"` + strings.Repeat("a", api.MaxLanguage+1) + `"`,
		`"year":-5001`, `"year":10000`, `"year":1999.5`, `"year":"1999"`, `"state":null`, `"state":"gone"`, `"price":null`, `"price":9.99`,
		`"price":{"amount":-1,"currency":"USD"}`, `"price":{"amount":1,"currency":"usd"}`, `"price":{"amount":1.5,"currency":"USD"}`,
		`"price":{"amount":1000000000001,"currency":"USD"}`, `"price":{"amount":1,"currency":"USD","cents":1}`,
		`"authors":[` + strings.Repeat(`"a",`, api.MaxAuthors) + `"b"]`, `"topics":[` + strings.Repeat(`"a",`, api.MaxTopics) + `"b"]`,
	} {
		whole := []string{member}
		for _, needed := range []string{`"title":"Ulysses"`, `"price":{"amount":1,"currency":"USD"}`} {
			if name, _, _ := strings.Cut(needed, ":"); !strings.HasPrefix(member, name) {
				whole = append(whole, needed)
			}
		}
		bad = append(bad, "{"+strings.Join(whole, ",")+"}")
	}
	return bad
}

// badJSON are bodies that no operation takes.
func badJSON() []string {
	return []string{
		"null", "[]", "7", `"text"`, "{", `{"a"}`, "{}{}", "{} 7", "{}\n]", `{"unknown":1}`, `{"title":"a","title":"b"}`, `{"Title":"a"}`,
		"{\"title\":\"\xff\"}", " ", "not json",
	}
}

func walkEditing(s *shop) {
	before := as[api.Book](s.get("/v1/books/8"))
	edited := s.patch("/v1/books/8", `{"price":{"amount":3999,"currency":"USD"}}`, `If-Match: "1"`).is(http.StatusOK)
	if got := as[api.Book](edited); got.Price.Amount != 3999 || got.Version != 2 || got.Stock != before.Stock {
		s.Errorf("edited %+v", got)
	}
	s.patch("/v1/books/8", `{"year":2018}`, `If-Match: "1"`).fails(api.CodeVersionMismatch)
	s.patch("/v1/books/8", `{"year":2018}`, `If-Match: "2-999"`).is(http.StatusOK)
	s.patch("/v1/books/8", `{"year":2019}`, `If-Match: *`).is(http.StatusOK)
	for _, match := range []string{"2", `W/"2"`, `""`, `"x"`, `"2", "3"`, `"-2"`} {
		s.patch("/v1/books/8", `{"year":2018}`, "If-Match: "+match).fails(api.CodeInvalid)
	}
	if got := as[api.Book](s.patch("/v1/books/8", `{}`).is(http.StatusOK)); got.Version != 4 {
		s.Errorf("no edit made version %d", got.Version)
	}
	cleared := as[api.Book](s.patch("/v1/books/9781449373320", `{"isbn13":null,"authors":null,"topics":[],"publisher":null,"year":null,"language":"","description":null}`).is(http.StatusOK))
	if cleared.ISBN13 != nil || len(cleared.Authors)+len(cleared.Topics) > 0 || cleared.Year != nil || cleared.Language != nil {
		s.Errorf("cleared %+v", cleared)
	}
	s.patch("/v1/books/8", `{"isbn13":"9780262033848"}`).fails(api.CodeConflict)
	s.patch("/v1/books/8", `{"stock":5}`).fails(api.CodeInvalid)
	s.patch("/v1/books/8?force=true", `{"year":2018}`).fails(api.CodeInvalid)
	s.patch("/v1/books/8", "").fails(api.CodeInvalid)
	for _, body := range badEdits() {
		s.patch("/v1/books/8", body).fails(api.CodeInvalid)
	}
	s.patch("/v1/books/999", `{"year":2018}`).fails(api.CodeNotFound)
	for _, ref := range notBooks() {
		s.patch("/v1/books/"+ref, `{"year":2018}`).fails(api.CodeInvalid)
	}
	if got := as[api.Book](s.patch("/v1/books/8", `{"state":"retired"}`).is(http.StatusOK)); got.State != api.Retired {
		s.Errorf("retired %+v", got)
	}
	s.get("/v1/books/8").is(http.StatusOK)
	s.get("/v1/books?sort=id&retired=true").is(http.StatusOK)
}

func walkHistory(s *shop) {
	s.patch("/v1/books/8", `{"price":{"amount":3999,"currency":"USD"}}`).is(http.StatusOK)
	s.patch("/v1/books/8", `{"price":{"amount":3600,"currency":"EUR"}}`).is(http.StatusOK)
	s.put("/v1/books/8/movements/"+api.NewID(), `{"delta":3,"reason":"delivery"}`).is(http.StatusOK)
	s.put("/v1/books/8/movements/"+api.NewID(), `{"set":1}`).is(http.StatusOK)
	s.put("/v1/orders/"+api.NewID(), `{"lines":[{"book_id":8,"quantity":1}]}`).is(http.StatusCreated)

	all := as[api.History](s.get("/v1/books/8/history").is(http.StatusOK)).Entries
	var reasons []string
	for _, entry := range all {
		reasons = append(reasons, entry.Kind+" "+entry.Reason)
	}
	want := []string{"price imported", "stock imported", "price edited", "price edited", "stock delivery", "stock moved", "stock sold"}
	if !slices.Equal(reasons, want) {
		s.Errorf("history %v, want %v", reasons, want)
	}
	seen := 0
	for path := "/v1/books/8/history?limit=1"; path != ""; seen++ {
		page := as[api.History](s.get(path).is(http.StatusOK))
		if path = ""; page.NextCursor != nil {
			path = "/v1/books/8/history?limit=1&cursor=" + *page.NextCursor
		}
	}
	if seen != len(all) {
		s.Errorf("%d entries one by one, %d at once", seen, len(all))
	}
	for _, cursor := range []string{"x", "-1", "1.5", "9999999999999999999"} {
		s.get("/v1/books/8/history?cursor=" + cursor).fails(api.CodeInvalid)
	}
	s.badLimits("/v1/books/8/history")
	s.get("/v1/books/999/history").fails(api.CodeNotFound)
	s.get("/v1/books/abc/history").fails(api.CodeInvalid)
}
