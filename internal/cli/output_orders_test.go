package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestOrderAnswersToBothNamesOfItsID(t *testing.T) {
	orders := []api.Order{{ID: "0190", State: api.OrderPending, Lines: []api.OrderLine{{BookID: 3, Quantity: 1}}}}
	expect(t, piped(t, orderView(), asList, orders), "0190\tpending\t\t\t0001-01-01T00:00:00Z\n")
	expect(t, piped(t, orderView(), asList, orders, "-q"), "0190\n")
	expect(t, piped(t, orderView(), asOne, orders, "--fields", "order_id", "--json"), `{"order_id":"0190"}`+"\n")
	expect(t, piped(t, orderView(), asOne, orders, "--fields", "id", "--header"), "id\n0190\n")
	expect(t, piped(t, orderView(), asOne, orders, "--fields", "lines"),
		`[{"book_id":3,"title":null,"quantity":1,"max_price":null,"price":null}]`+"\n")
}

func TestAnOrderInRowsIsItsLines(t *testing.T) {
	order := api.Order{ID: "0190", State: api.OrderConfirmed, Total: &api.Money{Amount: 8998, Currency: "USD"}, Lines: []api.OrderLine{
		{BookID: 2, Title: ptr("Go"), Quantity: 2, Price: &api.Money{Amount: 4499, Currency: "USD"}},
		{BookID: 3, Quantity: 1},
	}}
	expect(t, orderShown(t, false, &order), "2\tGo\t2\t44.99\tUSD\n3\t\t1\t\t\n")
	expect(t, orderShown(t, false, &order, "-q"), "2\n3\n")
	expect(t, orderShown(t, false, &order, "--jq", ".state, .lines[0].price.amount"), "confirmed\n4499\n")
	for _, part := range []string{"Order 0190", "confirmed", "2 × Go, 44.99 USD each", "1 × book 3", "89.98 USD"} {
		if card := orderShown(t, true, &order); !strings.Contains(card, part) {
			t.Errorf("no %q in\n%s", part, card)
		}
	}
}

func orderShown(t *testing.T, terminal bool, o *api.Order, args ...string) string {
	t.Helper()
	var b bytes.Buffer
	out := ui.Pipe(&b)
	if terminal {
		out = ui.Screen(&b, 80, false)
	}
	p, err := newOrderPrinter(&ui.Streams{Out: out}, flags(t, args...))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.print(o), p.close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHistoryMeasuresMoneyAndCopies(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)
	entries := []api.HistoryEntry{
		{At: at, Kind: api.KindPrice, Change: -500, After: 3999, Currency: ptr("USD"), Reason: "sale", Operation: "op1"},
		{At: at, Kind: api.KindStock, Change: 5, After: 17, Reason: "delivery", Operation: "op2"},
	}
	expect(t, piped(t, historyView(), asList, entries),
		"2026-01-02T03:04:05.6Z\tprice\t-5.00\t39.99\tsale\top1\n2026-01-02T03:04:05.6Z\tstock\t5\t17\tdelivery\top2\n")
	expect(t, piped(t, historyView(), asList, entries, "--jq", ".[].change"), "-500\n5\n")
	expect(t, onScreen(t, 80, historyView(), asList, entries, "--fields", "kind,change,after"), ""+
		"kind      change      after\n"+
		"───────────────────────────\n"+
		"price  -5.00 USD  39.99 USD\n"+
		"stock         +5         17\n")
}
