package onix_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
	"github.com/bazar-store/bazar/pkg/api"
)

// open reads a message's beginning.
func open(t testing.TB, message string, o onix.Options) *onix.Reader {
	t.Helper()
	r, err := onix.NewReader(strings.NewReader(message), o)
	if err != nil {
		t.Fatalf("%.300q: %v", message, err)
	}
	return r
}

// readAll reads every product. What is bad says why, and nothing else.
func readAll(t testing.TB, r *onix.Reader) []onix.Product {
	t.Helper()
	var list []onix.Product
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Err != nil && (api.CodeOf(p.Err) != api.CodeInvalid || p.Key+p.ISBN+p.Title != "") {
			t.Fatalf("line %d: code %s, %+v", p.Line, api.CodeOf(p.Err), p)
		}
		list = append(list, *p)
	}
}

// one reads a message of one good product, in whose price and currency USD is
// the store's.
func one(t testing.TB, message string) onix.Product {
	t.Helper()
	list := readAll(t, open(t, message, onix.Options{Currency: "USD"}))
	if len(list) != 1 || list[0].Err != nil {
		t.Fatalf("%s gives %+v, want one good product", message, list)
	}
	p := list[0]
	p.Raw, p.Line = "", 0
	return p
}

// message puts products into a message of release 3.0 with reference names.
func message(products ...string) string {
	return `<?xml version="1.0"?>` + "\n" + `<ONIXMessage release="3.0" xmlns="http://ns.editeur.org/onix/3.0/reference">` + "\n" +
		`<Header><Sender><SenderName>Acme &amp; Sons</SenderName></Sender><SentDateTime>20240501</SentDateTime></Header>` + "\n" +
		strings.Join(products, "\n") + "\n</ONIXMessage>\n"
}

// product makes a product of the elements of its descriptive detail and of what
// follows it.
func product(description, rest string) string {
	return "<Product><RecordReference>k</RecordReference><NotificationType>03</NotificationType><DescriptiveDetail>" +
		description + "</DescriptiveDetail>" + rest + "</Product>"
}

// titled is a descriptive detail that says no more than a title.
const titled = "<TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel><TitleText>T</TitleText></TitleElement></TitleDetail>"

// supplied puts prices and stock of one supplier into a product.
func supplied(details ...string) string {
	return product(titled, "<ProductSupply><SupplyDetail>"+strings.Join(details, "</SupplyDetail><SupplyDetail>")+"</SupplyDetail></ProductSupply>")
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

// same compares what two products say.
func same(t testing.TB, got, want onix.Product) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}
