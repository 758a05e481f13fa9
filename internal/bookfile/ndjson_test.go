package bookfile_test

import (
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile"
)

func TestNDJSONRows(t *testing.T) {
	huge := strings.Repeat("x", 1<<20)
	tests := map[string]struct {
		text string
		want []string // as in TestCSVRows
	}{
		"objects":                {`{"title":"a","publisher":"b"}` + "\n" + `{"Title":"c"}`, []string{"1: a/b", "2: c/"}},
		"empty lines":            {"\r\n  \n{\"title\":\"a\"}\r\n\n{\"title\":\"b\"}", []string{"3: a/", "5: b/"}},
		"null says nothing":      {`{"title":"a","publisher":null,"authors":null,"price":null}`, []string{"1: a/"}},
		"a number is a text":     {`{"title":1984}`, []string{"1: 1984/"}},
		"the last one counts":    {`{"error":"x","title":"a","error":"y"}`, []string{"1: a/"}},
		"a synonym is second":    {`{"isbn":"x","title":"a","isbn13":null}`, []string{"1: a/"}},
		"a member twice":         {`{"title":"a","title":"b"}` + "\n" + `{"title":"c"}`, []string{`1! "title" stands twice`, "2: c/"}},
		"not JSON":               {`{"title":"a"` + "\n" + `{"title":"b"}`, []string{"1! it is not JSON, one object a line", "2: b/"}},
		"two in a line":          {`{"title":"a"}{"title":"b"}`, []string{"1! it is not JSON, one object a line"}},
		"not an object":          {`{"title":"a"}` + "\n7\nnull", []string{"1: a/", "2! it is not a JSON object", "3! it is not a JSON object"}},
		"no title":               {`{"name":"a"}` + "\n{}", []string{"1! it has no title", "2! it has no title"}},
		"a title of truth":       {`{"title":true}`, []string{"1! title is true, which is neither a text nor a number"}},
		"a list of titles":       {`{"title":["a"]}`, []string{`1! title is ["a"], which is neither`}},
		"authors as objects":     {`{"title":"a","authors":[{"name":"A"}]}`, []string{`1! authors is {"name":"A"}, which is neither`}},
		"an author with a ;":     {`{"title":"a","authors":["A;B"]}`, []string{`1! author "A;B" contains ";"`}},
		"a price in words":       {`{"title":"a","price":{"amount":"1","currency":"USD"}}`, []string{`1! price is not {"amount": minor units, "currency": code}`}},
		"a price below zero":     {`{"title":"a","price":{"amount":-1,"currency":"USD"}}`, []string{"1! is not an amount of money"}},
		"a price without code":   {`{"title":"a","price":{"amount":1}}`, []string{`1! price is not {"amount"`}},
		"a price without amount": {`{"title":"a","price":{"currency":"USD"}}`, []string{`1! price is not {"amount"`}},
		"an unknown currency":    {`{"title":"a","price":{"amount":1,"currency":"XXX"}}`, []string{`1! "XXX" is not an ISO 4217 currency code`}},
		"an escaped NUL":         {`{"title":"a\u0000"}`, []string{"1! title contains a NUL"}},
		"a bare NUL":             {"{\"title\":\"a\x00\"}", []string{"1! it contains a NUL"}},
		"not UTF-8":              {"{\"title\":\"caf\xe9\"}\n{\"title\":\"b\"}", []string{"1! not valid UTF-8", "2: b/"}},
		"over the limit":         {`{"title":"` + huge + "\"}\n" + `{"title":"b"}`, []string{"1! longer than 1048576 bytes", "2: b/"}},
		"the names change":       {`{"title":"a","publisher":"p"}` + "\n" + `{"publisher":"q","title":"b"}`, []string{"1: a/p", "2: b/q"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sameRows(t, parse(t, test.text, bookfile.Options{Format: bookfile.NDJSON}), test.want)
		})
	}
}

func TestNDJSONValues(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"as cells":           {`{"title":"a","authors":"A; B","price":"44.99","currency":"EUR","year":"c1987"}`, `{"line":1,"title":"a","authors":["A","B"],"price":{"amount":4499,"currency":"EUR"},"year":1987}`},
		"as numbers":         {`{"title":"a","price":44.99,"currency":"EUR","year":2008.0,"isbn":439023483,"stock":3}`, `{"line":1,"title":"a","price":{"amount":4499,"currency":"EUR"},"year":2008,"isbn13":"9780439023481","stock":3}`},
		"as the API":         {`{"title":"a","price":{"amount":4499,"currency":"EUR"},"authors":["A","B",null,"A"],"topics":["Go"]}`, `{"line":1,"title":"a","price":{"amount":4499,"currency":"EUR"},"authors":["A","B"],"topics":["go"]}`},
		"detected past room": {"\uFEFF\n  {\"title\":\"a\"}", `{"line":2,"title":"a"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sameBook(t, goodRow(t, test.text, bookfile.Options{}), test.want)
		})
	}
}
