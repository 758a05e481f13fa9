package catalog_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/pkg/api"
)

// page reads one page and gives the query for the next; false at the end.
func page(t testing.TB, s *catalog.Service, q *api.BookQuery) (list []int64, more bool) {
	t.Helper()
	p, err := s.Search(t.Context(), *q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	if p.NextCursor != nil {
		q.Cursor = *p.NextCursor
	}
	return ids(p.Books), p.NextCursor != nil
}

func TestPagesStayWholeWhileSegmentsAreMerged(t *testing.T) {
	s := empty(t)
	var rows []api.ImportRow
	for i := range 130 {
		rows = append(rows, row(fmt.Sprint("Steady thing ", i), authors(fmt.Sprint("Writer ", i%7))))
	}
	importAll(t, s, rows)
	want := map[string][]int64{}
	for _, sort := range api.Sorts() {
		want[sort] = ids(find(t, s, api.BookQuery{Words: "steady", Sort: sort}))
	}
	for _, sort := range api.Sorts() {
		for _, limit := range []int{1, 3, 20} {
			var got []int64
			q, n := api.BookQuery{Words: "steady", Sort: sort, Limit: limit}, 0
			for more := true; more; n++ {
				var list []int64
				list, more = page(t, s, &q)
				got = append(got, list...)
				if n%6 == 0 { // each of these is a segment of its own, and merges set in
					add(t, s, titled(fmt.Sprint("Other ", sort, limit, n), 1))
				}
			}
			if !slices.Equal(got, want[sort]) {
				t.Errorf("by %s in pages of %d:\n%v\nwant\n%v", sort, limit, got, want[sort])
			}
		}
	}
	s.WaitForMerges()
	if n, err := s.Segments(t.Context()); err != nil || n > 24 {
		t.Errorf("%d segments, %v", n, err)
	}
	checkIndex(t, s)
}

// Whoever sells or hides a book between two pages must not take another from
// the reader.
func TestNoBookIsLostToAPageBecauseAnotherSold(t *testing.T) {
	s := empty(t)
	var rows []api.ImportRow
	for i := range 300 {
		title := "Many words of a thing " + fmt.Sprint(i)
		if i > 100 {
			title = "Thing " + fmt.Sprint(i) // fits better
		}
		rows = append(rows, row(title, stock(1)))
	}
	importAll(t, s, rows)
	for _, q := range []api.BookQuery{{Words: "of thing", InStock: true, Limit: 10}, {Words: "thing", InStock: true, Limit: 10}, {Words: "thi", InStock: true, Limit: 7}} {
		want := ids(find(t, s, q))
		got, sold, next := []int64{}, []api.Book{}, q
		for more := true; more; {
			var list []int64
			list, more = page(t, s, &next)
			got = append(got, list...)
			b := read(t, s, list[0]) // has been shown
			sold = append(sold, move(t, s, b, api.NewID(), set(0)))
		}
		if !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%q: %d books of %d were shown", q.Words, len(got), len(want))
		}
		for _, b := range sold {
			move(t, s, b, api.NewID(), set(1))
		}
	}
}

func TestSearchesGoOnWhileManyWrite(t *testing.T) {
	path := newPath(t)
	s := open(t, path, nil)
	other := open(t, path, nil) // another process, as far as the store can tell
	var wg sync.WaitGroup
	for _, writer := range []*catalog.Service{s, other} {
		wg.Go(func() {
			for i := range 40 {
				if _, err := writer.Create(t.Context(), titled(fmt.Sprint("Busy book ", i), 1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for seen, running := 0, true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		n := len(find(t, other, api.BookQuery{Words: "busy", Limit: 10}))
		if n < seen {
			t.Fatalf("%d books were found, then %d", seen, n)
		}
		seen = n
	}
	s.WaitForMerges()
	other.WaitForMerges()
	if n := len(find(t, s, api.BookQuery{Words: "busy"})); n != 80 {
		t.Errorf("%d books are found", n)
	}
	checkInvariants(t, s)
}

// A command that adds a book lives for a moment; its segments must not pile up
// all the same.
func TestSegmentsOfShortLivesAreMergedToo(t *testing.T) {
	path := newPath(t)
	for i := range 60 {
		s, err := catalog.Open(t.Context(), catalog.Options{Database: "sqlite:" + path, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		add(t, s, titled(fmt.Sprint("Book ", i), 1))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, path, nil)
	if n, err := s.Segments(t.Context()); err != nil || n > 30 {
		t.Errorf("%d segments, %v", n, err)
	}
	checkIndex(t, s)
}

// A merge that a sleeping computer broke off is swept away by others; when it
// wakes up it must not put its ruins in the place of what they have.
func TestAMergeThatWasSweptAwayChangesNothing(t *testing.T) {
	s := starter(t)
	for i := range 7 {
		add(t, s, titled(fmt.Sprint("Book ", i), 1))
	}
	s.WaitForMerges()
	before := len(find(t, s, api.BookQuery{}))
	if err := catalog.ReplaceSwept(t.Context(), s); err == nil {
		t.Error("a segment that is not there has replaced the others")
	}
	if n := len(find(t, s, api.BookQuery{Words: "book"})); n < 7 || before != 39 {
		t.Errorf("%d of the books are found, %d in all", n, before)
	}
	checkIndex(t, s)
}
