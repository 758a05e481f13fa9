package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

func usd(amount int64) *api.Money { return &api.Money{Amount: amount, Currency: "USD"} }

func lines(n int) (all []api.LineRequest) {
	for i := range n {
		all = append(all, api.LineRequest{BookID: int64(i + 1), Quantity: 1})
	}
	return all
}

func TestAnOrderHasItsLimits(t *testing.T) {
	for _, good := range [][]api.LineRequest{
		lines(1), lines(api.MaxOrderLines),
		{{BookID: api.MaxBookID, Quantity: api.MaxQuantity, MaxPrice: usd(0)}, {BookID: 1, Quantity: 1, MaxPrice: usd(api.MaxAmount)}, {BookID: 2, Quantity: 1}},
	} {
		if err := (&api.OrderRequest{Lines: good}).Check(); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []struct {
		lines  []api.LineRequest
		code   api.Code
		reason string
	}{
		{nil, api.CodeInvalid, "1 to 100 lines"},
		{lines(api.MaxOrderLines + 1), api.CodeInvalid, "1 to 100 lines"},
		{[]api.LineRequest{{BookID: 0, Quantity: 1}}, api.CodeInvalid, "item number"},
		{[]api.LineRequest{{BookID: -1, Quantity: 1}}, api.CodeInvalid, "item number"},
		{[]api.LineRequest{{BookID: api.MaxBookID + 1, Quantity: 1}}, api.CodeInvalid, "item number"},
		{[]api.LineRequest{{BookID: 1}}, api.CodeInvalid, "1 to 100 copies"},
		{[]api.LineRequest{{BookID: 1, Quantity: -1}}, api.CodeInvalid, "1 to 100 copies"},
		{[]api.LineRequest{{BookID: 1, Quantity: api.MaxQuantity + 1}}, api.CodeInvalid, "1 to 100 copies"},
		{[]api.LineRequest{{BookID: 1, Quantity: 1}, {BookID: 1, Quantity: 2}}, api.CodeInvalid, "stands twice"},
		{[]api.LineRequest{{BookID: 1, Quantity: 1, MaxPrice: usd(-1)}}, api.CodeInvalid, "max_price"},
		{[]api.LineRequest{{BookID: 1, Quantity: 1, MaxPrice: &api.Money{Amount: 1, Currency: "???"}}}, api.CodeInvalid, "max_price"},
		{[]api.LineRequest{{BookID: 1, Quantity: 1, MaxPrice: usd(1)}, {BookID: 2, Quantity: 1, MaxPrice: &api.Money{Amount: 1, Currency: "EUR"}}}, api.CodeMixedCurrency, "one currency"},
	} {
		err := (&api.OrderRequest{Lines: bad.lines}).Check()
		if api.CodeOf(err) != bad.code || !strings.Contains(err.Error(), bad.reason) {
			t.Errorf("%v: %v, want %q", bad.lines, err, bad.reason)
		}
	}
}

// An edit is read as strictly inside its members as outside.
func TestAnEditTellsAbsentFromNull(t *testing.T) {
	var e api.BookEdit
	if err := json.Unmarshal([]byte(`{"title": "T", "year": null, "price": {"amount": 1, "currency": "USD"}}`), &e); err != nil {
		t.Fatal(err)
	}
	if !e.Title.Set || *e.Title.Value != "T" || !e.Year.Set || e.Year.Value != nil || e.Publisher.Set || *e.Price.Value != *usd(1) {
		t.Errorf("%+v", e)
	}
	data, err := json.Marshal(e)
	if want := `{"title":"T","year":null,"price":{"amount":1,"currency":"USD"}}`; err != nil || string(data) != want {
		t.Errorf("%s, %v", data, err)
	}
	for _, body := range []string{`{"price": {"amount": 1, "currency": "USD", "vat": 2}}`, `{"price": {"amount": 1.5, "currency": "USD"}}`, `{"year": "1984"}`} {
		if err := json.Unmarshal([]byte(body), &api.BookEdit{}); err == nil {
			t.Errorf("%s is taken", body)
		}
	}
}

func TestErrorsKeepTheirCauseFromTheWire(t *testing.T) {
	secret := fmt.Errorf("secret")
	for _, err := range []error{api.Wrap(api.CodeUnavailable, secret, "busy"), api.AsError(secret), fmt.Errorf("outer: %w", api.Wrap(api.CodeUnavailable, secret, "busy"))} {
		data, _ := json.Marshal(api.AsError(err))
		if strings.Contains(string(data), "secret") {
			t.Errorf("%s", data)
		}
	}
	if api.CodeOf(nil) != "" || api.CodeOf(secret) != api.CodeInternal {
		t.Errorf("codes %q, %q", api.CodeOf(nil), api.CodeOf(secret))
	}
}
