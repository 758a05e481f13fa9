package onix_test

import (
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
)

// rejects gives the file of the products that are bad, or all, with a reason.
func rejects(t *testing.T, text string, all bool, reason string) string {
	t.Helper()
	var b strings.Builder
	r := open(t, text, onix.Options{})
	w := r.Rejects(&b)
	for _, p := range readAll(t, r) {
		if p.Err == nil && !all {
			continue
		}
		why := reason
		if p.Err != nil {
			why = p.Err.Error()
		}
		if err := w.Add(p.Raw, why); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // closing again does nothing
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestRejectsAreAMessageLikeTheirs(t *testing.T) {
	if got := rejects(t, message(product(titled, "")), false, ""); got != "" {
		t.Errorf("without rejects: %q", got)
	}
	bad := strings.Replace(product(titled, ""), "<RecordReference>k</RecordReference>", "<RecordReference>k</RecordReference><RecordReference>j</RecordReference>", 1)
	got := rejects(t, message(product(titled, ""), bad), false, "")
	want := strings.Replace(message(bad), "</Header>\n", "</Header>\n<!-- it has more than one RecordReference: two products may have run into one -->\n", 1)
	want = strings.Replace(want, `<?xml version="1.0"?>`, `<?xml version="1.0" encoding="UTF-8"?>`, 1)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	inOrder(t, rejects(t, message(product(titled, "")), true, "a -- b --- c-\x01"))
}

// Whatever the release and the tags: the file is read as the same, and rejected
// again it is the same.
func TestRejectsOfEveryReleaseAreReadAgain(t *testing.T) {
	for _, text := range []string{reference30, short30, reference21, short21} {
		want := one(t, text)
		again := rejects(t, text, true, "not --> today")
		same(t, one(t, again), want)
		if twice := rejects(t, again, true, "not --> today"); twice != again {
			t.Errorf("rejected twice: %s\nnot %s", twice, again)
		}
	}
}

func TestADamagedProductStandsInTheComment(t *testing.T) {
	text := message("<Product><RecordReference>k</Record--Reference></Product>", product(titled, ""))
	got := rejects(t, text, false, "")
	inOrder(t, got)
	if !strings.Contains(got, "<Product><RecordReference>k</Record- -Reference></Product>") || !strings.Contains(got, "<NoProduct/>") {
		t.Errorf("rejects are %s", got)
	}
	if list := readAll(t, open(t, got, onix.Options{})); len(list) != 0 {
		t.Errorf("it has products: %+v", list)
	}
}

func TestRejectsNeedNoDeclaration(t *testing.T) {
	text := "<!DOCTYPE ONIXMessage [<!ENTITY a 'b'>]>" + message(strings.Replace(product(titled, ""), "T<", "caf&eacute; &amp; &lt;<", 1))[len(`<?xml version="1.0"?>`):]
	got := rejects(t, text, true, "no")
	if inOrder(t, got); !strings.Contains(got, "café &amp; &lt;") || strings.Contains(got, "ENTITY") {
		t.Errorf("rejects are %s", got)
	}
}
