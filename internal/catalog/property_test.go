package catalog_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

// keeper does to a catalog whatever shop keepers and customers do.
type keeper struct {
	t *testing.T
	s *catalog.Service
	// done are requests that may come again, with what they were answered.
	moved    map[string]api.MovementRequest
	reserved map[string]string
	imported []api.ImportRequest
	released map[string]string // by id
}

// Whatever is done to a catalog, and in whatever order: rows, ledger, topics and
// search index agree after each step.
func TestEverythingAgreesAfterEveryOperation(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		s, err := catalog.Open(context.Background(), catalog.Options{Database: "sqlite:" + filepath.Join(dir, "catalog.db"), Log: quiet()})
		if err != nil {
			r.Fatal(err)
		}
		defer s.Close()
		k := keeper{t: t, s: s, moved: map[string]api.MovementRequest{}, reserved: map[string]string{}, released: map[string]string{}}
		r.Repeat(map[string]func(*rapid.T){
			"create": k.create, "edit": k.edit, "move": k.move, "move again": k.moveAgain, "import": k.imports, "import again": k.importAgain, "undo": k.undo, "import and undo": k.importAndUndo, "reserve": k.reserve, "reserve again": k.reserveAgain,
			"release": k.release, "release what never was": k.entomb,
			"": func(r *rapid.T) {
				if checkInvariants(t, s); t.Failed() {
					r.Fatal("the catalog disagrees with itself")
				}
			},
		})
	})
}

// refuses lets those errors pass that the request deserves.
func refuses(r *rapid.T, err error, deserved ...api.Code) bool {
	if err == nil {
		return false
	}
	for _, code := range deserved {
		if api.CodeOf(err) == code {
			return true
		}
	}
	r.Fatalf("%v (%s)", err, api.CodeOf(err))
	return true
}

func drawEdit(r *rapid.T) (e api.BookEdit) {
	words := rapid.SampledFrom([]string{"Dune", "Emma", "The Émigré", "Go", "the long way", "東京", "A", "Zed & Co.", "x1"})
	draw := func(name string) bool { return rapid.Bool().Draw(r, name) }
	if draw("title") {
		e.Title = api.Some(words.Draw(r, "word") + " " + words.Draw(r, "word"))
	}
	if draw("topics") {
		e.Topics = api.Some(rapid.SliceOfN(rapid.SampledFrom([]string{"Sci Fi", "sci-fi", "cooking", "go", "Émigré"}), 0, 3).Draw(r, "topics"))
	}
	if draw("authors") {
		e.Authors = api.Some(rapid.SliceOfN(rapid.SampledFrom([]string{"Ann Ox", "Bo Lü", "安部公房", "Zed"}), 0, 2).Draw(r, "authors"))
	}
	if draw("price") {
		e.Price = api.Some(api.Money{Amount: rapid.Int64Range(0, 3).Draw(r, "amount"), Currency: rapid.SampledFrom([]string{"USD", "EUR"}).Draw(r, "currency")})
	}
	if draw("isbn") {
		e.ISBN13 = api.Optional[string]{Set: true}
		if isbn := rapid.SampledFrom([]string{isbnA, isbnB, isbnC, ""}).Draw(r, "isbn"); isbn != "" {
			e.ISBN13 = api.Some(isbn)
		}
	}
	if draw("state") {
		e.State = api.Some(rapid.SampledFrom([]api.BookState{api.OnSale, api.Retired}).Draw(r, "state"))
	}
	return e
}

func (k *keeper) create(r *rapid.T) {
	e := drawEdit(r)
	e.Stock = api.Some(rapid.Int64Range(0, 5).Draw(r, "stock"))
	if !e.Title.Set {
		e.Title = api.Some("Untitled")
	}
	if !e.Price.Set {
		e.Price = api.Some(usd(700))
	}
	_, err := k.s.Create(k.t.Context(), e)
	refuses(r, err, api.CodeConflict)
}

// anyBook is a book's number; mostly there is one.
func (k *keeper) anyBook(r *rapid.T) int64 {
	books := all(k.t, k.s)
	if len(books) == 0 || rapid.IntRange(0, 9).Draw(r, "none") == 0 {
		return 999
	}
	return rapid.SampledFrom(ids(books)).Draw(r, "book")
}

func (k *keeper) edit(r *rapid.T) {
	_, err := k.s.Edit(k.t.Context(), fmt.Sprint(k.anyBook(r)), nil, drawEdit(r))
	refuses(r, err, api.CodeConflict, api.CodeNotFound)
}

func (k *keeper) move(r *rapid.T) {
	m := set(rapid.Int64Range(0, 6).Draw(r, "set"))
	if n := rapid.Int64Range(-4, 4).Draw(r, "delta"); n != 0 {
		m = delta(n)
	}
	book, id := fmt.Sprint(k.anyBook(r)), api.NewID()
	if _, err := k.s.Move(k.t.Context(), book, id, m); !refuses(r, err, api.CodeNotFound, api.CodeOutOfStock) {
		k.moved[book+" "+id] = m
	}
}

func (k *keeper) moveAgain(r *rapid.T) {
	for key, m := range k.moved {
		var book, id string
		if _, err := fmt.Sscan(key, &book, &id); err != nil {
			r.Fatal(err)
		}
		before, err := k.s.Book(k.t.Context(), book)
		refuses(r, err, api.CodeNotFound)
		if err != nil {
			continue // it was a book of an import that was taken back
		}
		if after, err := k.s.Move(k.t.Context(), book, id, m); err != nil || after.Stock != before.Stock {
			r.Fatalf("moved again: from %d to %d, %v", before.Stock, after.Stock, err)
		}
		return
	}
}

func drawImport(r *rapid.T) api.ImportRequest {
	request := api.ImportRequest{
		ID: api.NewID(), Source: "rapid", UpdateStock: rapid.Bool().Draw(r, "update stock"), LaterWins: rapid.Bool().Draw(r, "later wins"),
		DryRun: rapid.IntRange(0, 3).Draw(r, "dry") == 0, Rejected: rapid.IntRange(0, 2).Draw(r, "rejected"),
	}
	for i := range rapid.IntRange(1, 8).Draw(r, "rows") {
		e, stock := drawEdit(r), rapid.Int64Range(0, 5).Draw(r, "stock")
		row := api.ImportRow{Line: i + 1, Title: e.Title.Value, ISBN13: e.ISBN13.Value, Price: e.Price.Value, State: e.State.Value, Stock: &stock}
		if e.Topics.Set {
			row.Topics = *e.Topics.Value
		}
		if e.Authors.Set {
			row.Authors = *e.Authors.Value
		}
		if rapid.Bool().Draw(r, "keyed") {
			key := rapid.SampledFrom([]string{"k1", "k2", "k3"}).Draw(r, "key")
			row.Key = &key
		}
		if rapid.Bool().Draw(r, "numbered") {
			id := rapid.SampledFrom([]int64{1, 2, 3, 7, 20, api.MaxBookID}).Draw(r, "number")
			row.ID = &id
		}
		request.Rows = append(request.Rows, row)
	}
	return request
}

func (k *keeper) imports(r *rapid.T) { k.send(r, drawImport(r)) }

func (k *keeper) importAgain(r *rapid.T) {
	if len(k.imported) == 0 {
		return
	}
	request := rapid.SampledFrom(k.imported).Draw(r, "import")
	if taken, err := k.s.ImportReport(k.t.Context(), request.ID, 1, ""); err != nil || taken.Import.State != api.ImportApplied {
		_, err := k.s.Import(k.t.Context(), request)
		refuses(r, err, api.CodeConflict)
		return
	}
	before := k.report(r, request.ID)
	k.send(r, request)
	if after := k.report(r, request.ID); after.Changed+after.Same+after.Rejected != before.Changed+before.Same+before.Rejected {
		r.Fatalf("counted twice: from %s to %s", counts(before), counts(after))
	}
}

func (k *keeper) report(r *rapid.T, id string) api.Import {
	page, err := k.s.ImportReport(k.t.Context(), id, 1, "")
	refuses(r, err)
	return page.Import
}

// undo takes an import back, some of it or all, perhaps not for the first time.
func (k *keeper) undo(r *rapid.T) {
	if len(k.imported) == 0 {
		return
	}
	id := rapid.SampledFrom(k.imported).Draw(r, "import").ID
	k.s.SetUndoStep(rapid.Int64Range(1, 5).Draw(r, "step"))
	before := plainBooks(k.t, k.s)
	done := k.report(r, id).State == api.ImportUndone
	takeBack(k.t, k.s, id)
	if after := plainBooks(k.t, k.s); done && after != before {
		r.Fatalf("taken back twice: from %s to %s", before, after)
	}
}

// importAndUndo does nothing in the end.
func (k *keeper) importAndUndo(r *rapid.T) {
	request := drawImport(r)
	request.DryRun = false
	before := plainBooks(k.t, k.s)
	k.send(r, request)
	k.s.SetUndoStep(rapid.Int64Range(1, 5).Draw(r, "undo step"))
	done := takeBack(k.t, k.s, request.ID)
	if after := plainBooks(k.t, k.s); after != before || len(done.Books) > 0 {
		r.Fatalf("imported and taken back: from %s\nto %s\nbut %s", before, after, toJSON(k.t, done.Books))
	}
}

func (k *keeper) send(r *rapid.T, request api.ImportRequest) {
	k.s.SetImportStep(rapid.Int64Range(1, 5).Draw(r, "step"))
	if !request.DryRun {
		k.imported = append(k.imported, request)
	}
	results, err := k.s.Import(k.t.Context(), request)
	refuses(r, err)
	if len(results.Results) != len(request.Rows) {
		r.Fatalf("%d results of %d rows", len(results.Results), len(request.Rows))
	}
	for _, result := range results.Results {
		if result.Status == api.RowRejected && *result.Code != api.CodeInvalid && *result.Code != api.CodeConflict {
			r.Fatalf("rejected: %s", toJSON(k.t, result))
		}
	}
}
