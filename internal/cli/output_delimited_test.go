package cli

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

func TestAPipeGetsTSV(t *testing.T) {
	books := []api.Book{streaming(), japanese()}
	rows := "2\tStreaming <Systems>\tTyler Akidau;Slava Chernyak\tstreams;data\t44.99\tUSD\t12\t9781491983874\n" +
		"101\t百年の孤独\tGarcía Márquez\t\t900\tJPY\t0\t\n"
	expect(t, piped(t, bookView(), asList, books), rows)
	expect(t, piped(t, bookView(), asList, books, "--header"),
		"id\ttitle\tauthors\ttopics\tprice\tcurrency\tstock\tisbn13\n"+rows)
	expect(t, piped(t, bookView(), asOne, books[:1]), rows[:strings.Index(rows, "\n")+1])
}

func TestHostileTextLeavesTSVInShape(t *testing.T) {
	got := piped(t, bookView(), asList, []api.Book{hostile()}, "--fields", "title,authors,description")
	want := "red alert next line exe.txt  百年の孤独\t" + hostile().Authors[0] + "\ttext more\n"
	expect(t, got, want)
}

func TestCSVFollowsRFC4180(t *testing.T) {
	b := streaming()
	b.Title = `A "quoted", title`
	got := piped(t, bookView(), asList, []api.Book{b}, "-o", "csv", "--fields", "id,title,description", "--header")
	expect(t, got, "id,title,description\r\n2,\"A \"\"quoted\"\", title\",\"The what,\r\nwhere, when and how.\"\r\n")
	if _, err := csv.NewReader(strings.NewReader(got)).ReadAll(); err != nil {
		t.Error(err)
	}
}

func TestFieldsPickAndOrder(t *testing.T) {
	books := []api.Book{streaming()}
	expect(t, piped(t, bookView(), asList, books, "--fields", "title, id,year"), "Streaming <Systems>\t2\t2018\n")
	expect(t, piped(t, bookView(), asList, books, "--fields", "price,currency,id,publisher", "--json"),
		`[{"price":{"amount":4499,"currency":"USD"},"currency":"USD","id":2,"publisher":null}]`+"\n")
}
