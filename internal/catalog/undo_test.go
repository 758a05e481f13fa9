package catalog_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

func price(cents int64) func(*api.ImportRow) {
	return func(r *api.ImportRow) { p := usd(cents); r.Price = &p }
}

// importing is an import of some rows under an id of its own.
func importing(rows ...api.ImportRow) api.ImportRequest {
	for i := range rows {
		rows[i].Line = i + 2
	}
	return api.ImportRequest{ID: api.NewID(), Source: "shop", Rows: rows}
}

// takeBack undoes an import to its end, and gives its report with the books
// that are not simply as they were.
func takeBack(t testing.TB, s *catalog.Service, id string) (done api.UndoProgress) {
	t.Helper()
	for {
		step, err := s.Undo(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		done.Import, done.Books = step.Import, append(done.Books, step.Books...)
		if step.Import.State == api.ImportUndone {
			return done
		}
	}
}

func report(t testing.TB, s *catalog.Service, id string) api.ImportReport {
	t.Helper()
	r, err := s.ImportReport(t.Context(), id, 1000, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func counts(i api.Import) string {
	text := fmt.Sprintf("%s: %d new, %d changed, %d same, %d rejected", i.State, i.New, i.Changed, i.Same, i.Rejected)
	if u := i.Undo; u != nil {
		text += fmt.Sprintf("; %d removed, %d retired, %d restored, %d kept", u.Removed, u.Retired, u.Restored, u.Kept)
	}
	return text
}

func wantCounts(t testing.TB, i api.Import, want string) {
	t.Helper()
	if got := counts(i); got != want {
		t.Errorf("the report says %s\nwant             %s", got, want)
	}
}

func sell(t testing.TB, s *catalog.Service, book, copies int64) {
	t.Helper()
	results, err := s.Reserve(t.Context(), []api.ReservationRequest{{ID: api.NewID(), Lines: []api.LineRequest{{BookID: book, Quantity: copies}}}})
	if err != nil || results[0].State != api.Taken {
		t.Fatalf("sale of %d: %+v, %v", book, results, err)
	}
}

func TestAnImportIsReported(t *testing.T) {
	s := empty(t)
	first := importing(row("A", isbn(isbnA)), row("K", key("k1")), row("", key("x")))
	mustImport(t, s, first)
	second := importing(row("A2", isbn(isbnA), price(700)), row("K", key("k1")), row("New", isbn(isbnB)))
	second.Rejected = 4
	mustImport(t, s, second)
	wantCounts(t, report(t, s, first.ID).Import, "applied: 2 new, 0 changed, 0 same, 1 rejected")
	r := report(t, s, second.ID)
	wantCounts(t, r.Import, "applied: 1 new, 1 changed, 1 same, 4 rejected")
	if r.Import.Source != "shop" || r.Import.StartedAt.IsZero() || r.Import.EndedAt.Before(r.Import.StartedAt) {
		t.Errorf("report %s", toJSON(t, r.Import))
	}
	const want = `[{"book_id":1,"title":"A2","status":"changed","fields":[{"field":"title","before":"A","after":"A2"},` +
		`{"field":"price","before":{"amount":500,"currency":"USD"},"after":{"amount":700,"currency":"USD"}}],"undone":null,"kept":[]},` +
		`{"book_id":3,"title":"New","status":"new","fields":[],"undone":null,"kept":[]}]`
	if got := toJSON(t, r.Changes); got != want {
		t.Errorf("changes %s\nwant    %s", got, want)
	}
	list, err := s.Imports(t.Context(), 1, "")
	if err != nil || len(list.Imports) != 1 || list.Imports[0].ID != second.ID || list.NextCursor == nil {
		t.Fatalf("the latest: %s, %v", toJSON(t, list), err)
	}
	list, err = s.Imports(t.Context(), 1, *list.NextCursor)
	if err != nil || len(list.Imports) != 1 || list.Imports[0].ID != first.ID || list.NextCursor != nil {
		t.Errorf("the one before: %s, %v", toJSON(t, list), err)
	}
	_, err = s.ImportReport(t.Context(), api.NewID(), 1, "")
	wants(t, err, api.CodeNotFound, "no import")
}

func TestTheReportComesInPages(t *testing.T) {
	s := empty(t)
	s.SetImportStep(3)
	var rows []api.ImportRow
	for i := range 5 {
		rows = append(rows, row(fmt.Sprint("Old ", i), key(fmt.Sprint("k", i))))
	}
	mustImport(t, s, importing(rows...))
	rows = nil
	for i := range 12 {
		rows = append(rows, row(fmt.Sprint("Later ", i), key(fmt.Sprint("k", 11-i)), price(int64(i))))
	}
	r := importing(rows...)
	mustImport(t, s, r)
	whole := report(t, s, r.ID)
	for limit := 1; limit < 14; limit++ {
		var paged []api.ImportChange
		for cursor := ""; ; {
			page, err := s.ImportReport(t.Context(), r.ID, limit, cursor)
			if err != nil || len(page.Changes) > limit {
				t.Fatalf("%d changes, %v", len(page.Changes), err)
			}
			paged = append(paged, page.Changes...)
			if page.NextCursor == nil {
				break
			}
			cursor = *page.NextCursor
		}
		if toJSON(t, paged) != toJSON(t, whole.Changes) || len(paged) != 12 {
			t.Errorf("by %d: %s\nwhole: %s", limit, toJSON(t, paged), toJSON(t, whole.Changes))
		}
	}
	for _, cursor := range []string{"x", "new-", "changed", "changed-x", "new--1", "7"} {
		_, err := s.ImportReport(t.Context(), r.ID, 1, cursor)
		wants(t, err, api.CodeInvalid, "cursor")
	}
}

func TestAPartThatComesAgainIsCountedOnce(t *testing.T) {
	s := empty(t)
	line := 40
	first := importing(row("A", key("a")), row("B", key("b")), row("", key("c")))
	first.Rejected = 2
	rest := api.ImportRequest{ID: first.ID, Source: "shop", Line: &line, Rejected: 3}
	for range 2 {
		s.SetImportStep(2) // a part takes two transactions
		mustImport(t, s, first)
		if results := mustImport(t, s, rest); len(results) != 0 {
			t.Errorf("results of no rows: %v", results)
		}
	}
	wantCounts(t, report(t, s, first.ID).Import, "applied: 2 new, 0 changed, 0 same, 6 rejected")
	checkInvariants(t, s)
}

func TestADryRunIsNotRemembered(t *testing.T) {
	s := empty(t)
	mustImport(t, s, importing(row("A", key("a"), stock(2))))
	dry := importing(row("A2", key("a"), stock(7)), row("B"))
	dry.DryRun, dry.UpdateStock = true, true
	results := mustImport(t, s, dry)
	const want = `[{"field":"title","before":"A","after":"A2"},{"field":"stock","before":2,"after":7}]`
	if got := toJSON(t, results[0].Changes); got != want || results[1].Changes != nil {
		t.Errorf("would change %s, %s", got, toJSON(t, results[1].Changes))
	}
	list, err := s.Imports(t.Context(), 10, "")
	if err != nil || len(list.Imports) != 1 {
		t.Errorf("imports %s, %v", toJSON(t, list), err)
	}
}

// plainBook is what a book is, without how often it was changed.
func plainBook(b api.Book) api.Book {
	b.Version, b.UpdatedAt = 0, b.CreatedAt
	return b
}

func plainBooks(t testing.TB, s *catalog.Service) string {
	t.Helper()
	books := all(t, s)
	for i := range books {
		books[i] = plainBook(books[i])
	}
	return toJSON(t, books)
}

func TestAnImportThatIsTakenBackLeavesTheCatalogueAsItWas(t *testing.T) {
	s := starter(t)
	mustImport(t, s, importing(row("A", isbn(isbnA), stock(4)), row("K", key("k1"), authors("X")), row("T")))
	before := plainBooks(t, s)
	r := importing(
		row("A2", isbn(isbnA), stock(9), price(1), func(r *api.ImportRow) { r.Topics = []string{"new topic"} }),
		row("K2", key("k1"), isbn(isbnB), authors("Y", "Z")), row("New", isbn(isbnC), stock(7)), row("N", number(500)), row("T", key("now known"), stock(0)),
		row("RPCs for Dummies", number(2), func(r *api.ImportRow) { retired := api.Retired; r.State = &retired }))
	r.UpdateStock = true
	s.SetImportStep(2)
	mustImport(t, s, r)
	s.SetUndoStep(1)
	done := takeBack(t, s, r.ID)
	wantCounts(t, done.Import, "undone: 3 new, 3 changed, 0 same, 0 rejected; 3 removed, 0 retired, 3 restored, 0 kept")
	if len(done.Books) != 0 {
		t.Errorf("not as before: %s", toJSON(t, done.Books))
	}
	if after := plainBooks(t, s); after != before {
		t.Errorf("from %s\nto   %s", before, after)
	}
	checkInvariants(t, s)
	again := toJSON(t, report(t, s, r.ID))
	takeBack(t, s, r.ID)
	if got := toJSON(t, report(t, s, r.ID)); got != again {
		t.Errorf("once  %s\ntwice %s", again, got)
	}
	_, err := s.Import(t.Context(), r)
	wants(t, err, api.CodeConflict, "taken back")
}

func TestNumbersOfRemovedBooksAreNotGivenAgain(t *testing.T) {
	s := empty(t)
	mustImport(t, s, importing(row("Stays")))
	rows := func() []api.ImportRow { return []api.ImportRow{row("A", isbn(isbnA)), row("N", number(9))} }
	r := importing(rows()...)
	mustImport(t, s, r)
	takeBack(t, s, r.ID)
	if b := add(t, s, titled("Added", 1)); b.ID != 10 {
		t.Errorf("book %d", b.ID)
	}
	imports(t, s, "new 11, new 12", rows()...)
	checkInvariants(t, s)
}

func TestWhatSomebodyDidSinceIsKept(t *testing.T) {
	s := empty(t)
	mustImport(t, s, importing(row("A", isbn(isbnA), stock(4)), row("B", key("b"), stock(2))))
	r := importing(row("A2", isbn(isbnA), price(700), stock(10)), row("B", key("b"), stock(8)),
		row("Sold", key("s"), stock(5)), row("Edited", key("e"), stock(5)), row("Moved", key("m"), stock(5)), row("Quiet", key("q"), stock(5)))
	r.UpdateStock = true
	mustImport(t, s, r)
	edit(t, s, read(t, s, 1), api.BookEdit{Price: api.Some(usd(800))})
	sell(t, s, 2, 5)
	sell(t, s, 3, 2)
	edit(t, s, read(t, s, 4), api.BookEdit{Year: api.Some(1999)})
	if _, err := s.Move(t.Context(), "5", api.NewID(), delta(3)); err != nil {
		t.Fatal(err)
	}
	done := takeBack(t, s, r.ID)
	wantCounts(t, done.Import, "undone: 4 new, 2 changed, 0 same, 0 rejected; 1 removed, 3 retired, 0 restored, 2 kept")
	var said []string
	for _, b := range done.Books {
		said = append(said, fmt.Sprint(b.BookID, " ", *b.Undone, " ", b.Kept))
	}
	want := []string{"3 retired [stock]", "4 retired []", "5 retired []", "2 kept [stock]", "1 kept [price]"}
	if !slices.Equal(said, want) {
		t.Errorf("said %q\nwant %q", said, want)
	}
	for id, stock := range map[int64]int64{1: 4, 2: 0, 3: 0, 4: 0, 5: 3} {
		if b := read(t, s, id); b.Stock != stock || (b.State == api.Retired) != (id > 2) {
			t.Errorf("book %s", toJSON(t, b))
		}
	}
	if b := read(t, s, 1); b.Title != "A" || b.Price != usd(800) {
		t.Errorf("book %s", toJSON(t, b))
	}
	checkInvariants(t, s)
	var outcomes []string
	for _, c := range report(t, s, r.ID).Changes {
		outcomes = append(outcomes, fmt.Sprint(c.BookID, " ", *c.Undone, " ", c.Kept, " ", c.Title != nil))
	}
	want = []string{"1 kept [price] true", "2 kept [stock] true", "3 retired [stock] true", "4 retired [] true", "5 retired [] true", "6 removed [] false"}
	if !slices.Equal(outcomes, want) {
		t.Errorf("reported %q\nwant     %q", outcomes, want)
	}
}

func TestTheSameFileComesInAgainAfterItWasTakenBack(t *testing.T) {
	s := empty(t)
	rows := func() []api.ImportRow {
		return []api.ImportRow{row("Sold", isbn(isbnA), stock(5)), row("Quiet", key("q"), stock(5)), row("Retired by hand", key("r"), stock(5))}
	}
	first := importing(rows()...)
	mustImport(t, s, first)
	sell(t, s, 1, 2)
	edit(t, s, read(t, s, 3), api.BookEdit{State: api.Some(api.Retired)})
	takeBack(t, s, first.ID)
	second := importing(rows()...)
	if got := statuses(mustImport(t, s, second)); got != "changed 1, new 4, same 3" {
		t.Errorf("again: %s", got)
	}
	if b := read(t, s, 1); b.State != api.OnSale || b.Stock != 5 {
		t.Errorf("back as %s", toJSON(t, b))
	}
	if b := read(t, s, 3); b.State != api.Retired {
		t.Errorf("what staff retired: %s", toJSON(t, b))
	}
	takeBack(t, s, second.ID)
	if b := read(t, s, 1); b.State != api.Retired || b.Stock != 0 {
		t.Errorf("taken back again: %s", toJSON(t, b))
	}
	if got := statuses(mustImport(t, s, importing(rows()...))); got != "changed 1, new 5, same 3" {
		t.Errorf("a third time: %s", got)
	}
	checkInvariants(t, s)
}

// What an import freed others may have taken since.
func TestAnISBNThatIsAnothersNowIsNotTakenFromIt(t *testing.T) {
	s := empty(t)
	mustImport(t, s, importing(row("A", isbn(isbnA), key("a"))))
	r := importing(row("A", isbn(isbnB), key("a")))
	mustImport(t, s, r)
	isbnTaken := titled("Another", 1)
	isbnTaken.ISBN13 = api.Some(isbnA)
	add(t, s, isbnTaken)
	done := takeBack(t, s, r.ID)
	if len(done.Books) != 1 || !slices.Equal(done.Books[0].Kept, []string{"isbn13"}) {
		t.Errorf("said %s", toJSON(t, done.Books))
	}
	if b := read(t, s, 1); *b.ISBN13 != isbnB {
		t.Errorf("book %s", toJSON(t, b))
	}
	checkInvariants(t, s)
}

// An ISBN that wandered from book to book wanders back, the last step first.
func TestISBNsThatMovedOnWithinAnImportMoveBack(t *testing.T) {
	for _, step := range []int64{1, 10} {
		s := empty(t)
		mustImport(t, s, importing(row("A", isbn(isbnA), key("a")), row("B", isbn(isbnB), key("b"))))
		before := plainBooks(t, s)
		r := importing(row("A", isbn(isbnC), key("a")))
		mustImport(t, s, r)
		later := importing(row("B", isbn(isbnA), key("b")), row("New", isbn(isbnB)))
		later.ID, later.Rows[0].Line, later.Rows[1].Line = r.ID, 10, 11
		s.SetImportStep(1)
		if got := statuses(mustImport(t, s, later)); got != "changed 2, new 3" {
			t.Fatalf("step %d: %s", step, got)
		}
		s.SetUndoStep(step)
		done := takeBack(t, s, r.ID)
		if after := plainBooks(t, s); after != before || len(done.Books) > 0 {
			t.Errorf("from %s\nto   %s\nbut  %s", before, after, toJSON(t, done.Books))
		}
		checkInvariants(t, s)
	}
}

func TestImportsAreTakenBackInAnyOrder(t *testing.T) {
	s := empty(t)
	mustImport(t, s, importing(row("A", key("a"), price(500))))
	a, b := importing(row("A", key("a"), price(600))), importing(row("A", key("a"), price(700)))
	mustImport(t, s, a)
	mustImport(t, s, b)
	takeBack(t, s, a.ID)
	if got := read(t, s, 1).Price; got != usd(700) {
		t.Errorf("the first taken back: %v", got)
	}
	takeBack(t, s, b.ID)
	if got := read(t, s, 1).Price; got != usd(600) {
		t.Errorf("the second taken back: %v", got)
	}
	checkInvariants(t, s)
}

// An import that was taken back itself is nobody's doing.
func TestImportsThatAreTakenBackTheLastFirstLeaveNothing(t *testing.T) {
	s := empty(t)
	mustImport(t, s, importing(row("Stays")))
	before := plainBooks(t, s)
	a := importing(row("A", key("a"), stock(2)), row("B", key("b"), stock(2)))
	mustImport(t, s, a)
	b := importing(row("A2", key("a"), stock(7), price(900)), row("B", key("b"), stock(0)))
	b.UpdateStock = true
	mustImport(t, s, b)
	takeBack(t, s, b.ID)
	wantCounts(t, takeBack(t, s, a.ID).Import, "undone: 2 new, 0 changed, 0 same, 0 rejected; 2 removed, 0 retired, 0 restored, 0 kept")
	if after := plainBooks(t, s); after != before {
		t.Errorf("from %s\nto   %s", before, after)
	}
	checkInvariants(t, s)
}

// The first one taken back first, a book waits retired for either file.
func TestABookThatWasRetiredComesBackAfterTheOtherImportIsTakenBackToo(t *testing.T) {
	s := empty(t)
	a, b := importing(row("A", key("a"), stock(2))), importing(row("A2", key("a"), stock(7)))
	mustImport(t, s, a)
	mustImport(t, s, b)
	takeBack(t, s, a.ID)
	takeBack(t, s, b.ID)
	if got := read(t, s, 1); got.State != api.Retired || got.Title != "A" || got.Stock != 0 {
		t.Errorf("taken back: %s", toJSON(t, got))
	}
	mustImport(t, s, importing(row("A", key("a"), stock(2))))
	if got := read(t, s, 1); got.State != api.OnSale || got.Stock != 2 {
		t.Errorf("again: %s", toJSON(t, got))
	}
	checkInvariants(t, s)
}

func TestTheLaterRowWinsWhereTheFileSaysSo(t *testing.T) {
	for _, step := range []int64{25, 1} { // in one transaction, or one each
		s := empty(t)
		s.SetImportStep(step)
		first := importing(row("Draft", key("r1"), isbn(isbnA), stock(5)), row("Other", key("r2")), row("Final", key("r1"), isbn(isbnB), stock(7), price(900)))
		first.LaterWins = true
		if got := statuses(mustImport(t, s, first)); got != "new 1, new 2, changed 1" {
			t.Errorf("step %d: %s", step, got)
		}
		sell(t, s, 1, 1)
		line := 100
		second := api.ImportRequest{ID: first.ID, Source: "shop", LaterWins: true, Line: &line, Rows: []api.ImportRow{row("Final", key("r1"), stock(9), price(900))}}
		mustImport(t, s, second)
		if got := statuses(mustImport(t, s, first)); got != "same 1, same 2, same 1" { // its answer was lost
			t.Errorf("step %d, again: %s", step, got)
		}
		if b := read(t, s, 1); b.Title != "Final" || *b.ISBN13 != isbnB || b.Stock != 8 || b.Price != usd(900) {
			t.Errorf("step %d: %s", step, toJSON(t, b))
		}
		wantCounts(t, report(t, s, first.ID).Import, "applied: 2 new, 2 changed, 0 same, 0 rejected")
		checkInvariants(t, s)
		done := takeBack(t, s, first.ID)
		wantCounts(t, done.Import, "undone: 2 new, 2 changed, 0 same, 0 rejected; 1 removed, 1 retired, 0 restored, 0 kept")
		if len(done.Books) != 1 || !slices.Equal(done.Books[0].Kept, []string{"stock"}) {
			t.Errorf("step %d: left %s", step, toJSON(t, done.Books))
		}
		checkInvariants(t, s)
	}
}

// The books of a new store came in by an import, too.
func TestTheStarterCatalogueCanBeTakenBack(t *testing.T) {
	s := starter(t)
	sell(t, s, 3, 1)
	store, err := s.Store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, takeBack(t, s, store.StoreID).Import, "undone: 32 new, 0 changed, 0 same, 0 rejected; 31 removed, 1 retired, 0 restored, 0 kept")
	if books := all(t, s); len(books) != 1 || books[0].ID != 3 {
		t.Errorf("left %s", toJSON(t, books))
	}
	page, err := s.Search(t.Context(), api.BookQuery{Q: "distributed-systems", Limit: 20})
	if err != nil || len(page.Books) != 0 {
		t.Errorf("still found: %s, %v", toJSON(t, page), err)
	}
	checkInvariants(t, s)
	_, err = s.Undo(t.Context(), api.NewID())
	wants(t, err, api.CodeNotFound, "no import")
	_, err = s.Undo(t.Context(), "x")
	wants(t, err, api.CodeInvalid)
}

func TestALongImportIsTakenBackStepByStep(t *testing.T) {
	s := empty(t)
	rows := make([]api.ImportRow, 0, 2500)
	for i := range cap(rows) {
		rows = append(rows, row(fmt.Sprint("Book ", i)))
	}
	id := api.NewID()
	for n, part := range slices.Collect(slices.Chunk(rows, api.MaxImportRows)) {
		line := n*api.MaxImportRows + 2
		mustImport(t, s, api.ImportRequest{ID: id, Source: "shop", Line: &line, Rows: part})
	}
	step, err := s.Undo(t.Context(), id)
	if err != nil || step.Import.State != api.ImportUndoing || step.Import.Undo.Removed < 1000 || step.Import.Undo.Removed == 2500 {
		t.Fatalf("the first step: %s, %v", toJSON(t, step), err)
	}
	_, err = s.Import(t.Context(), api.ImportRequest{ID: id, Source: "shop", Rows: []api.ImportRow{row("Late")}})
	wants(t, err, api.CodeConflict, "taken back")
	wantCounts(t, takeBack(t, s, id).Import, "undone: 2500 new, 0 changed, 0 same, 0 rejected; 2500 removed, 0 retired, 0 restored, 0 kept")
	if books := all(t, s); len(books) > 0 {
		t.Errorf("%d books are left", len(books))
	}
	checkRows(t, s)
}

func TestARequestSaysWhereItsPartBegins(t *testing.T) {
	s := empty(t)
	line := 3
	for reason, r := range map[string]api.ImportRequest{
		"says line":     {Rejected: 1},
		"0 to 1000":     {Rejected: -1, Rows: []api.ImportRow{row("A")}},
		"not 1001":      {Rejected: 1001, Line: &line},
		"1 to 1000":     {Line: &line},
		"rejected is 0": {Rejected: 2000, Line: &line},
	} {
		r.ID = api.NewID()
		_, err := s.Import(t.Context(), r)
		wants(t, err, api.CodeInvalid, reason)
	}
}
