package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestJSONIsThatOfTheContract(t *testing.T) {
	books := []api.Book{streaming(), japanese()}
	got := piped(t, bookView(), asList, books, "--json")
	var back []api.Book
	if err := json.Unmarshal([]byte(got), &back); err != nil || len(back) != 2 || back[1].Title != "百年の孤独" {
		t.Errorf("%v: %s", err, got)
	}
	if !strings.HasPrefix(got, `[{"id":2,"isbn13":"9781491983874","title":"Streaming <Systems>",`) || strings.Count(got, "\n") != 1 {
		t.Errorf("got %s", got)
	}
	one := piped(t, bookView(), asOne, books[:1], "--json")
	expect(t, "["+strings.TrimSpace(one)+","+strings.TrimSpace(piped(t, bookView(), asOne, books[1:], "-o", "ndjson"))+"]\n", got)
	expect(t, piped(t, bookView(), asCards, books[:1], "--json"), "["+strings.TrimSpace(one)+"]\n")
}

func TestJSONIsIndentedForPeople(t *testing.T) {
	topics := []api.Topic{{Slug: "go", Name: "Go", Books: 3}, {Slug: "ai", Name: "AI", Books: 1}}
	expect(t, onScreen(t, 80, topicView(), asList, topics, "--json", "--fields", "slug,books"),
		"[\n  {\n    \"slug\": \"go\",\n    \"books\": 3\n  },\n  {\n    \"slug\": \"ai\",\n    \"books\": 1\n  }\n]\n")
	expect(t, onScreen(t, 80, topicView(), asOne, topics[:1], "--json", "--fields", "slug"), "{\n  \"slug\": \"go\"\n}\n")
	expect(t, onScreen(t, 80, topicView(), asList, topics, "-o", "ndjson", "--fields", "slug"), "{\"slug\":\"go\"}\n{\"slug\":\"ai\"}\n")
}

func TestJSONCarriesHostileTextEscaped(t *testing.T) {
	got := piped(t, bookView(), asOne, []api.Book{hostile()}, "--json")
	if i := strings.IndexFunc(strings.TrimSpace(got), ui.Hidden); i >= 0 {
		t.Errorf("raw at %d: %q", i, got)
	}
	var back api.Book
	if err := json.Unmarshal([]byte(got), &back); err != nil || back.Title != hostile().Title {
		t.Errorf("%v: title %q", err, back.Title)
	}
}
