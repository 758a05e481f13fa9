package cli

import (
	"fmt"
	"os"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

func keyed(n int) *api.ImportRow {
	key := fmt.Sprint("book ", n)
	return &api.ImportRow{Key: &key}
}

// A table of few slots makes the file and its runs matter with few books.
func TestBooksAreRememberedInMemoryAndInTheFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, limit := range []int{1 << 12, 1 << 14, seenSlots} {
		s := newSeen()
		s.limit = limit
		const books = 30_000
		for n := range books {
			if again, err := s.before(keyed(n)); again || err != nil {
				t.Fatalf("book %d the first time: %t, %v", n, again, err)
			}
		}
		for n := range books {
			if again, err := s.before(keyed(n)); !again || err != nil {
				t.Fatalf("book %d the second time: %t, %v", n, again, err)
			}
		}
		if inFile := len(s.runs) > 0; inFile != (limit < 2*books) {
			t.Errorf("with %d slots at most there are %d runs", limit, len(s.runs))
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// The table moves to the file in between, wherever that is.
func TestABookThatIsNamedTwiceInARowIsNoticed(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newSeen()
	s.limit = 1 << 12
	for n := range 20_000 {
		for _, want := range []bool{false, true} {
			if again, err := s.before(keyed(n)); again != want || err != nil {
				t.Fatalf("book %d: %t, not %t, %v", n, again, want, err)
			}
		}
	}
	if len(s.runs) < 5 {
		t.Errorf("%d runs", len(s.runs))
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

func TestABookIsTheSameByAnyOfItsNames(t *testing.T) {
	s := newSeen()
	isbn, title, key := "9780262033848", "Algorithms", "a1"
	for i, c := range []struct {
		row   api.ImportRow
		again bool
	}{
		{api.ImportRow{ISBN13: &isbn, Title: &title}, false},
		{api.ImportRow{ISBN13: &isbn}, true},
		{api.ImportRow{Title: &title}, false}, // without an ISBN it is another book
		{api.ImportRow{Title: &title}, true},
		{api.ImportRow{Title: &title, Authors: []string{"Cormen"}}, false},
		{api.ImportRow{Key: &key}, false},
		{api.ImportRow{Key: &key, ISBN13: &isbn}, true},
	} {
		if again, err := s.before(&c.row); again != c.again || err != nil {
			t.Errorf("row %d: %t, %v", i, again, err)
		}
	}
}

func TestAFileThatCannotBeMadeIsSaid(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/gone")
	s := newSeen()
	s.limit = 1 << 12
	for n := range 1 << 12 {
		if _, err := s.before(keyed(n)); err != nil {
			return
		}
	}
	t.Error("no error")
}
