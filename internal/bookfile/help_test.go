package bookfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
)

// readAll reads every row of r.
func readAll(t testing.TB, r *bookfile.Reader) []bookfile.Row {
	t.Helper()
	var rows []bookfile.Row
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		if row.Book.Line != row.Line {
			t.Fatalf("the book of line %d says line %d", row.Line, row.Book.Line)
		}
		if row.Err != nil && api.CodeOf(row.Err) != api.CodeInvalid {
			t.Fatalf("line %d: code %s, want %s", row.Line, api.CodeOf(row.Err), api.CodeInvalid)
		}
		rows = append(rows, row)
	}
}

func open(t testing.TB, text string, o bookfile.Options) *bookfile.Reader {
	t.Helper()
	r, err := bookfile.NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parse(t testing.TB, text string, o bookfile.Options) []bookfile.Row {
	t.Helper()
	return readAll(t, open(t, text, o))
}

// goodRow reads a text that has one row, which is good.
func goodRow(t testing.TB, text string, o bookfile.Options) api.ImportRow {
	t.Helper()
	rows := parse(t, text, o)
	if len(rows) != 1 || rows[0].Err != nil {
		t.Fatalf("%q: %+v, want one good row", text, rows)
	}
	return rows[0].Book
}

func mustPairs(t testing.TB, read func(string) (map[string]string, error), s string) map[string]string {
	t.Helper()
	pairs, err := read(s)
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

// sharedData opens a file of the data that lies beside the checkout.
func sharedData(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared/data", name))
	if os.IsNotExist(err) && os.Getenv("CI") != "true" {
		t.Skipf("no shared data beside the checkout: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// wants fails unless err says what is wanted; "" wants none.
func wants(t testing.TB, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error %q, want none", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v, want %q", err, want)
	case want != "" && api.CodeOf(err) != api.CodeInvalid:
		t.Errorf("code %s, want %s", api.CodeOf(err), api.CodeInvalid)
	}
}
