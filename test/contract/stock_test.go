package contract_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

func walkMovements(s *shop) {
	id := api.NewID()
	for range 2 {
		if got := as[api.Book](s.put("/v1/books/8/movements/"+id, `{"delta":3,"reason":"delivery"}`).is(http.StatusOK)); got.Stock != 15 {
			s.Errorf("12 and 3 copies are %d", got.Stock)
		}
	}
	s.put("/v1/books/8/movements/"+strings.ToUpper(id), `{"delta":3,"reason":"delivery"}`).is(http.StatusOK)
	s.put("/v1/books/8/movements/"+id, `{"delta":4}`).fails(api.CodeIDReused)
	s.put("/v1/books/8/movements/"+id, `{"set":4}`).fails(api.CodeIDReused)
	s.put("/v1/books/9/movements/"+id, `{"delta":3}`).fails(api.CodeIDReused)
	for range 2 {
		s.put("/v1/books/978-1-4493-7332-0/movements/01890a70-8d3e-7b02-b7d4-5c1e9a6f2d10", `{"set":7,"delta":null}`).is(http.StatusOK)
	}
	if got := as[api.Book](s.get("/v1/books/8")); got.Stock != 7 || got.Version != 1 {
		s.Errorf("after the movements: %+v", got)
	}
	at := func(ref string) string { return "/v1/books/" + ref + "/movements/" + api.NewID() }
	s.put(at("8"), `{"delta":-8}`).fails(api.CodeOutOfStock)
	s.put(at("8"), `{"delta":-7}`).is(http.StatusOK)
	s.put(at("999"), `{"delta":1}`).fails(api.CodeNotFound)
	s.put(at("abc"), `{"delta":1}`).fails(api.CodeInvalid)
	s.put(at("9")+"?dry_run=true", `{"delta":1}`).fails(api.CodeInvalid)
	for _, bad := range []string{"x", "7", strings.ReplaceAll(id, "-", ""), "{" + id + "}", "00000000-0000-0000-0000-000000000000"} {
		s.put("/v1/books/8/movements/"+bad, `{"delta":1}`).fails(api.CodeInvalid)
	}
	for _, body := range append(badJSON(),
		"", "{}", `{"delta":0}`, `{"delta":1,"set":1}`, `{"delta":null,"set":null}`, `{"delta":1.5}`, `{"delta":"1"}`, `{"set":-1}`, `{"set":1000000001}`,
		`{"delta":1000000001}`, `{"delta":-1000000001}`, `{"delta":1000000000}`, `{"delta":9223372036854775808}`,
		`{"delta":1,"reason":"`+strings.Repeat("a", api.MaxReason+1)+`"}`, `{"delta":1,"reason":"\u0000"}`,
	) {
		s.put(at("9"), body).fails(api.CodeInvalid)
	}
}

// importing is the body of an import of some rows.
func importing(options string, rows ...string) string {
	return fmt.Sprintf(`{"id":%q,"source":"list"%s,"rows":[%s]}`, api.NewID(), options, strings.Join(rows, ","))
}

// statuses gives what became of each row.
func statuses(a answer) (list []api.ImportStatus) {
	a.t.Helper()
	for _, result := range as[api.ImportResults](a.is(http.StatusOK)).Results {
		list = append(list, result.Status)
		if rejected := result.Status == api.RowRejected; rejected != (result.Code != nil) || rejected != (result.Detail != nil) {
			a.t.Errorf("result %+v", result)
		}
	}
	return list
}

func walkImports(s *shop) {
	rows := []string{
		`{"line":1,"isbn13":"9780201615869","title":"The Practice of Programming","authors":["Brian W. Kernighan","Rob Pike"],"price":{"amount":4999,"currency":"USD"},"stock":9}`,
		`{"line":2,"id":8,"year":2018}`,
		`{"line":3,"id":9}`,
		`{"line":4,"key":"k1","title":"Ulysses","price":{"amount":100,"currency":"EUR"},"topics":["Novels"],"state":"retired"}`,
		`{"line":5,"isbn13":"9780201615869","year":1999}`,
		`{"line":6,"title":"No price"}`,
		`{"line":7,"title":null,"price":null,"stock":null,"state":null,"authors":null,"topics":null,"key":null,"id":null,"isbn13":null}`,
	}
	first := []api.ImportStatus{
		api.RowNew, api.RowChanged, api.RowSame, api.RowNew, api.RowRejected, api.RowRejected, api.RowRejected,
	}
	if got := statuses(s.post("/v1/imports", importing(`,"dry_run":true`, rows...))); !slices.Equal(got, first) {
		s.Errorf("dry: %v, want %v", got, first)
	}
	if got := statuses(s.post("/v1/imports", importing("", rows...))); !slices.Equal(got, first) {
		s.Errorf("import: %v, want %v", got, first)
	}
	again := []api.ImportStatus{
		api.RowSame, api.RowSame, api.RowSame, api.RowSame, api.RowRejected, api.RowRejected, api.RowRejected,
	}
	if got := statuses(s.post("/v1/imports", importing("", rows...))); !slices.Equal(got, again) {
		s.Errorf("again: %v, want %v", got, again)
	}
	if got := statuses(s.post("/v1/imports", importing(`,"update_stock":true`, `{"line":1,"id":8,"stock":3}`, `{"line":2,"id":9,"stock":8}`))); !slices.Equal(got, []api.ImportStatus{api.RowChanged, api.RowSame}) {
		s.Errorf("stock: %v", got)
	}
	s.badRows()
	s.badImports()
}

// walkUndo imports, looks at the report, and takes the import back.
func walkUndo(s *shop) {
	const rows = `{"line":2,"id":8,"year":2018,"price":{"amount":1,"currency":"EUR"},"stock":20,"key":"ddia"},{"line":3,"title":"New","price":{"amount":5,"currency":"USD"},"stock":2},
		{"line":4,"title":"Sold","price":{"amount":5,"currency":"USD"},"stock":2},{"line":5,"id":9},{"line":6}`
	id := api.NewID()
	part := func(options, rows string) string {
		return fmt.Sprintf(`{"id":%q,"source":"list"%s,"rows":[%s]}`, id, options, rows)
	}
	dry := as[api.ImportResults](s.post("/v1/imports", part(`,"dry_run":true,"update_stock":true`, rows)).is(http.StatusOK)).Results
	if len(dry[0].Changes) != 4 || dry[1].Changes != nil || dry[3].Changes != nil {
		s.Errorf("would change %+v", dry)
	}
	s.get("/v1/imports/" + id).fails(api.CodeNotFound)
	s.post("/v1/imports/"+id+"/undo", "").fails(api.CodeNotFound)
	for range 2 { // the second time it changes nothing and counts for nothing
		s.post("/v1/imports", part(`,"update_stock":true,"line":1,"rejected":3`, rows)).is(http.StatusOK)
		s.post("/v1/imports", part(`,"line":7,"rejected":2`, "")).is(http.StatusOK)
	}
	report := as[api.ImportReport](s.get("/v1/imports/" + id).is(http.StatusOK))
	if got := report.Import; got.New != 2 || got.Changed != 1 || got.Same != 1 || got.Rejected != 6 || got.State != api.ImportApplied || len(report.Changes) != 3 {
		s.Errorf("report %+v", report)
	}
	s.importPages(id, report.Changes)
	s.put("/v1/orders/"+api.NewID(), `{"lines":[{"book_id":34,"quantity":1}]}`).is(http.StatusCreated)
	s.patch("/v1/books/8", `{"year":2019}`).is(http.StatusOK)

	s.post("/v1/imports/"+id+"/undo?all=true", "").fails(api.CodeInvalid)
	for range 2 {
		done := as[api.UndoProgress](s.post("/v1/imports/"+id+"/undo", "").is(http.StatusOK)).Import
		if done.State != api.ImportUndone || done.Undo.Removed != 1 || done.Undo.Retired != 1 || done.Undo.Kept != 1 || done.Undo.Restored != 0 {
			s.Errorf("taken back: %+v %+v", done, done.Undo)
		}
	}
	for _, c := range as[api.ImportReport](s.get("/v1/imports/" + strings.ToUpper(id)).is(http.StatusOK)).Changes {
		if c.Undone == nil || (*c.Undone == api.UndoRemoved) != (c.Title == nil) {
			s.Errorf("after all %+v", c)
		}
	}
	if got := as[api.Book](s.get("/v1/books/8")); *got.Year != 2019 || got.Price.Amount != 4499 || got.Stock != 12 {
		s.Errorf("book %+v", got)
	}
	s.get("/v1/books/33").fails(api.CodeNotFound)
	s.get("/v1/books/34/history").is(http.StatusOK)
	s.post("/v1/imports", part("", rows)).fails(api.CodeConflict)
	for _, bad := range []string{"x", "7", strings.ReplaceAll(id, "-", "")} {
		s.get("/v1/imports/" + bad).fails(api.CodeInvalid)
		s.post("/v1/imports/"+bad+"/undo", "").fails(api.CodeInvalid)
	}
}

// importPages wants the lists of imports and of one's changes to be the same
// whole and one by one.
func (s *shop) importPages(id string, changes []api.ImportChange) {
	s.Helper()
	var paged []api.ImportChange
	for path := "/v1/imports/" + id + "?limit=1"; path != ""; {
		page := as[api.ImportReport](s.get(path).is(http.StatusOK))
		paged = append(paged, page.Changes...)
		if path = ""; page.NextCursor != nil {
			path = "/v1/imports/" + id + "?limit=1&cursor=" + *page.NextCursor
		}
	}
	if string(mustMarshal(s.T, paged)) != string(mustMarshal(s.T, changes)) {
		s.Errorf("one by one %+v, whole %+v", paged, changes)
	}
	first := as[api.ImportList](s.get("/v1/imports?limit=1").is(http.StatusOK))
	if len(first.Imports) != 1 || first.Imports[0].ID != id || first.NextCursor == nil {
		s.Fatalf("the latest import is %+v", first)
	}
	last := as[api.ImportList](s.get("/v1/imports?limit=1&cursor=" + *first.NextCursor).is(http.StatusOK))
	if len(last.Imports) != 1 || last.Imports[0].Source != "starter" || last.NextCursor != nil {
		s.Errorf("the first import is %+v", last)
	}
	s.badLimits("/v1/imports")
	s.badLimits("/v1/imports/" + id)
	s.get("/v1/imports?cursor=x").fails(api.CodeInvalid)
	s.get("/v1/imports/" + id + "?cursor=x").fails(api.CodeInvalid)
}

// badRows wants bad rows to be rejected alone: what is wrong in one of them is
// no error of the request.
func (s *shop) badRows() {
	s.Helper()
	bad := []string{
		`{"id":0}`, `{"id":1000000000}`, `{"id":8,"isbn13":"123"}`, `{"id":8,"stock":-1}`, `{"id":8,"stock":1000000001}`, `{"id":8,"year":99999}`,
		`{"id":8,"state":"gone"}`, `{"id":8,"price":{"amount":-1,"currency":"USD"}}`, `{"id":8,"price":{}}`, `{"id":8,"title":" "}`,
		`{"id":8,"title":"` + strings.Repeat("a", api.MaxTitle+1) + `"}`, `{"id":8,"authors":["a;b"]}`, `{"id":8,"topics":["!"]}`,
		`{"key":"` + strings.Repeat("a", api.MaxPublisher+1) + `","title":"a","price":{"amount":1,"currency":"USD"}}`, `{}`,
	}
	results := statuses(s.post("/v1/imports", importing("", append(bad, `{"line":99,"id":9,"year":2020}`)...)))
	for i, status := range results {
		if last := i == len(bad); (status == api.RowChanged) != last || (status == api.RowRejected) == last {
			s.Errorf("row %d is %s", i, status)
		}
	}
}

func (s *shop) badImports() {
	s.Helper()
	many, err := json.Marshal(make([]struct{}, api.MaxImportRows+1))
	if err != nil {
		s.Fatal(err)
	}
	for _, body := range append(badJSON(),
		"", "{}", importing(""), importing("", "null", `{"shelf":1}`), importing("", `{"line":1,"line":2}`), importing("", `{"Line":1}`),
		importing("", `{"title":7}`), importing("", `{"price":9.99}`), importing(`,"colour":"red"`, "{}"), importing("", "{}")+"{}",
		`{"id":"x","rows":[{"line":1}]}`, `{"id":"`+api.NewID()+`","source":"`+strings.Repeat("a", api.MaxPublisher+1)+`","rows":[{}]}`,
		`{"id":"`+api.NewID()+`","rows":`+string(many)+`}`,
		importing(`,"rejected":1`), importing(`,"rejected":-1`, "{}"), importing(`,"rejected":1001`, "{}"), importing(`,"line":"2"`, "{}"),
	) {
		s.post("/v1/imports", body).fails(api.CodeInvalid)
	}
	s.post("/v1/imports?dry_run=true", importing("", `{"line":1,"id":8}`)).fails(api.CodeInvalid)
}

func walkReservations(s *shop) {
	if s.catalog == "" {
		s.Skip("the catalog of one process has no address")
	}
	taken, refused := api.NewID(), api.NewID()
	batch := fmt.Sprintf(`{"reservations":[{"id":%q,"lines":[{"book_id":8,"quantity":2,"max_price":null}]},
		{"id":%q,"lines":[{"book_id":8,"quantity":1},{"book_id":999,"quantity":1}]}]}`, taken, refused)
	for range 2 {
		results := as[api.ReservationResults](s.post("/v1/reservations", batch).is(http.StatusOK)).Results
		if len(results) != 2 || results[0].State != api.Taken || results[1].State != api.Refused || *results[1].Reason != api.CodeNotFound {
			s.Errorf("decided %+v", results)
		}
	}
	if got := as[api.Book](s.get("/v1/books/8")); got.Stock != 10 {
		s.Errorf("12 copies without 2 are %d", got.Stock)
	}
	for _, body := range append(badJSON(), "", "{}", `{"reservations":[]}`, `{"reservations":[{"id":"x","lines":[{"book_id":8,"quantity":1}]}]}`) {
		s.post("/v1/reservations", body).fails(api.CodeInvalid)
	}
	for _, lines := range badLines() {
		s.post("/v1/reservations", fmt.Sprintf(`{"reservations":[{"id":%q,"lines":%s}]}`, api.NewID(), lines)).fails(api.CodeInvalid)
	}
	s.post("/v1/reservations", fmt.Sprintf(`{"reservations":[{"id":%q,"lines":%s}]}`, api.NewID(), mixedLimits())).fails(api.CodeMixedCurrency)
	var many []string
	for range 257 {
		many = append(many, fmt.Sprintf(`{"id":%q,"lines":[{"book_id":7,"quantity":1}]}`, api.NewID()))
	}
	s.post("/v1/reservations", `{"reservations":[`+strings.Join(many, ",")+`]}`).fails(api.CodeInvalid)
	s.post("/v1/reservations", `{"reservations":[`+strings.Join(many[1:], ",")+`]}`).is(http.StatusOK)
	s.post("/v1/reservations?x=1", batch).fails(api.CodeInvalid)
	s.byID(taken, refused)
	s.serviceLists()
}

// byID wants what was decided, and moved, for one order to be found by its id.
func (s *shop) byID(taken, refused string) {
	s.Helper()
	for id, state := range map[string]api.ReservationState{taken: api.Taken, strings.ToUpper(refused): api.Refused} {
		if got := as[api.Reservation](s.get("/v1/reservations/" + id).is(http.StatusOK)); got.ID != strings.ToLower(id) || got.State != state {
			s.Errorf("reservation %s is %+v", id, got)
		}
	}
	s.get("/v1/reservations/" + api.NewID()).fails(api.CodeNotFound)
	s.get("/v1/reservations/7").fails(api.CodeInvalid)
	s.get("/v1/reservations/" + taken + "?verbose=true").fails(api.CodeInvalid)
	moved := as[api.MovementList](s.get("/v1/movements?operation=" + taken).is(http.StatusOK)).Movements
	if len(moved) != 1 || moved[0].BookID != 8 || moved[0].Change != -2 || moved[0].Cause != api.CauseSold {
		s.Errorf("%s moved %+v", taken, moved)
	}
	if none := as[api.MovementList](s.get("/v1/movements?operation=" + refused).is(http.StatusOK)).Movements; none == nil || len(none) > 0 {
		s.Errorf("a refused order moved %+v", none)
	}
	last := ""
	for path := "/v1/movements?sort=operation&limit=7"; path != ""; {
		page := as[api.MovementList](s.get(path).is(http.StatusOK))
		for _, m := range page.Movements {
			if at := fmt.Sprintf("%s %9d %s", m.Operation, m.BookID, m.Cause); at <= last || m.Cause == api.CauseImported {
				s.Errorf("%s comes after %s", at, last)
			} else {
				last = at
			}
		}
		if path = ""; page.NextCursor != nil {
			path = "/v1/movements?sort=operation&limit=7&after=" + *page.NextCursor
		}
	}
	if last == "" {
		s.Error("no movements by operation")
	}
}

func (s *shop) serviceLists() {
	s.Helper()
	for _, path := range []string{"/v1/reservations", "/v1/movements"} {
		total, pages := 0, 0
		for after := ""; ; pages++ {
			page := s.get(path + "?limit=50&after=" + after).is(http.StatusOK)
			total += len(as[api.ReservationList](page).Reservations) + len(as[api.MovementList](page).Movements)
			next := as[api.ReservationList](page).NextCursor
			if next == nil {
				break
			}
			after = *next
		}
		if total <= 50*pages || pages == 0 {
			s.Errorf("%s: %d items on %d pages", path, total, pages+1)
		}
		s.badLimits(path)
	}
	for _, query := range []string{"after=x", "sort=upside-down", "operation=x", "operation="} {
		s.get("/v1/movements?" + query).fails(api.CodeInvalid)
	}
}
