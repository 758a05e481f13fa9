package api_test

import (
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

func TestISBNsAreReadInAllTheirForms(t *testing.T) {
	for _, s := range []string{
		"9780306406157", "978-0-306-40615-7", "978 0 306 40615 7", "0306406152", "0-306-40615-2", " 0 306 40615 2 ", "978‐0‐306‐40615‐7", "978–0306406157",
	} {
		if got, err := api.ParseISBN(s); err != nil || got != "9780306406157" {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for s, want := range map[string]string{"080442957X": "9780804429573", "080442957x": "9780804429573", "979-10-90636-07-1": "9791090636071"} {
		if got, err := api.ParseISBN(s); err != nil || got != want {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

func TestWhatIsNoISBNIsRefused(t *testing.T) {
	for s, reason := range map[string]string{
		"":               "10 or 13 digits",
		"978030640615":   "10 or 13 digits",
		"97803064061577": "10 or 13 digits",
		"9770306406157":  "10 or 13 digits", // an ISSN, as EAN
		"030640615X":     "wrong check digit",
		"9780306406158":  "wrong check digit",
		"X306406152":     "10 or 13 digits",
		"978030640615X":  "10 or 13 digits",
		"03O6406152":     "10 or 13 digits",
		"０３０６４０６１５２":     "10 or 13 digits",
		"9.78030640e+12": "10 or 13 digits",
	} {
		if got, err := api.ParseISBN(s); api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %q, %v, want %q", s, got, err, reason)
		}
	}
}

func TestDigitsThatASpreadsheetAteAreRepaired(t *testing.T) {
	for s, want := range map[string]string{"306406152": "9780306406157", "439023483": "9780439023481", " 15104 7": "", "7": "", "306406153": ""} {
		got, err := api.RepairISBN(s)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", s, got, err, want)
		}
	}
}

func FuzzParseISBN(f *testing.F) {
	for _, s := range []string{"978-0-306-40615-7", "080442957X", "0306406152", "", "97803064061\xff7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		isbn, err := api.ParseISBN(s)
		if err != nil {
			if isbn != "" || api.CodeOf(err) != api.CodeInvalid {
				t.Errorf("%q: %q, %v", s, isbn, err)
			}
			return
		}
		if again, err := api.ParseISBN(isbn); err != nil || again != isbn || len(isbn) != 13 {
			t.Errorf("%q is %q, then %q, %v", s, isbn, again, err)
		}
	})
}

func TestBookReferences(t *testing.T) {
	for s, want := range map[string]int64{"1": 1, " 42\n": 42, "007": 7, "999999999": 999_999_999} {
		if id, isbn, err := api.ParseBookRef(s); id != want || isbn != "" || err != nil {
			t.Errorf("%q: %d, %q, %v", s, id, isbn, err)
		}
	}
	for _, s := range []string{"0306406152", "978-0-306-40615-7", " 9780306406157"} {
		if id, isbn, err := api.ParseBookRef(s); id != 0 || isbn != "9780306406157" || err != nil {
			t.Errorf("%q: %d, %q, %v", s, id, isbn, err)
		}
	}
	for s, reason := range map[string]string{
		"": "item number or an ISBN", "0": "item number or an ISBN", "000000000": "item number or an ISBN", "-3": "item number or an ISBN",
		"2.0": "item number or an ISBN", "dune": "item number or an ISBN", "../1": "item number or an ISBN", "1\x00": "item number or an ISBN",
		"0306406153": "wrong check digit", "9780306406158": "wrong check digit", "1000000000": "wrong check digit", "12345678901": "10 or 13 digits",
	} {
		if id, isbn, err := api.ParseBookRef(s); api.CodeOf(err) != api.CodeInvalid || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %d, %q, %v, want %q", s, id, isbn, err, reason)
		}
	}
}

func TestIDsAreUUIDsInLowerCase(t *testing.T) {
	const id = "01890a5d-ac96-774b-bcce-b302099a8057"
	for _, s := range []string{id, strings.ToUpper(id)} {
		if got, err := api.ParseID(s); got != id || err != nil {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "1", "01890a5dac96774bbcceb302099a8057", "{" + id + "}", "urn:uuid:" + id, id + " ", "00000000-0000-0000-0000-000000000000", "01890a5d-ac96-774b-bcce-b302099a805g",
	} {
		if got, err := api.ParseID(s); api.CodeOf(err) != api.CodeInvalid {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	before, after := api.NewID(), api.NewID()
	if got, err := api.ParseID(before); err != nil || got != before || before >= after {
		t.Errorf("minted %q before %q, %v", before, after, err)
	}
}
