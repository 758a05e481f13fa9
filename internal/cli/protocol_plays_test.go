package cli_test

import (
	"context"
	"os"
	"path/filepath"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

func wanting(book, quantity int64) []api.LineRequest {
	return []api.LineRequest{{BookID: book, Quantity: quantity}}
}

// plays are the ways to each row of the table in docs/protocol.md, by its name.
// Book 3 costs 5.00 USD, and there are 20 copies; book 5 is sold out, book 6
// sold in euros, book 7 retired, and there is no book 99.
func plays() map[string]play {
	three := wanting(3, 1)
	all := map[string]play{
		"buy: a new order":          {lines: three},
		"buy: the same order again": {lines: three, before: bought},
		"buy: sold out":             {lines: wanting(5, 1)},
		"buy: too few copies":       {lines: wanting(3, 50)},
		"buy: a refused order again, though there are copies now": {lines: wanting(5, 1), before: refusedThenDelivered},
		"buy: dearer than the limit": {lines: []api.LineRequest{
			{BookID: 3, Quantity: 1, MaxPrice: &api.Money{Amount: 499, Currency: "USD"}},
		}},
		"buy: not on sale any more":                          {lines: wanting(7, 1)},
		"buy: an unknown book":                               {lines: wanting(99, 1)},
		"buy: two currencies":                                {lines: append(wanting(3, 1), wanting(6, 1)...)},
		"buy: an id that was used for other lines":           {lines: wanting(4, 1), before: bought},
		"buy: an id of another account":                      {lines: three, before: boughtByAnn},
		"buy: a cancelled order":                             {lines: three, before: boughtAndCancelled},
		"buy: an order that is being cancelled":              {lines: three, before: cancelling},
		"buy: an id that was cancelled before it was placed": {lines: three, before: cancelled},
	}
	for name, p := range faultyPlays(three) {
		all[name] = p
	}
	return all
}

// faultyPlays are those in which something breaks, and those of cancelling.
func faultyPlays(three []api.LineRequest) map[string]play {
	return map[string]play{
		"buy: the catalog does not get the request":              {lines: three, before: catalogCut},
		"buy: the catalog's answer is lost":                      {lines: three, before: catalogLost},
		"buy: the catalog's disk is full":                        {lines: three, before: diskFull, small: "catalog"},
		"buy: the order service's answer is lost":                {lines: three, before: ordersLost},
		"buy: the front end loses the order service's answer":    {lines: three, before: frontLost},
		"buy: the order service can't be reached":                {lines: three, before: ordersGone},
		"buy: the front end can't reach the order service":       {lines: three, before: frontGone},
		"buy: the order service's disk is full":                  {lines: three, before: diskFull, small: "order"},
		"buy: the journal can't be written":                      {lines: three, before: noJournal, unsent: true},
		"buy: interrupted while the answer is awaited":           {lines: three, before: ordersSilent, interrupted: 1},
		"buy: interrupted while it is not settled":               {lines: three, before: catalogCut, interrupted: 2},
		"buy: no answer in time":                                 {lines: three, before: ordersSilent, prompt: true},
		"buy: the buyer can't reach the catalog":                 {lines: three, before: catalogGone, unsent: true},
		"buy: too many wait at the order service":                {lines: three, before: ordersCrowded},
		"buy: too many wait at the catalog":                      {lines: three, before: catalogCrowded, prompt: true},
		"buy: nobody is logged in":                               {lines: three, before: strange},
		"buy: with a token that is not valid":                    {lines: three, before: expired},
		"buy: with a token that may only read":                   {lines: three, before: readOnly},
		"buy: the account service can't be reached":              {lines: three, before: accountsGone},
		"cancel: a confirmed order":                              {before: bought},
		"cancel: a pending order":                                {before: pending},
		"cancel: a cancelled order again":                        {before: boughtAndCancelled},
		"cancel: an id that was never placed":                    {},
		"cancel: a rejected order":                               {before: rejected},
		"cancel: an id of another account":                       {before: boughtByAnn},
		"cancel: the catalog does not get the request":           {before: boughtThen(catalogCut)},
		"cancel: the catalog's answer is lost":                   {before: boughtThen(catalogLost)},
		"cancel: the order service's answer is lost":             {before: boughtThen(ordersLost)},
		"cancel: the order service can't be reached":             {before: boughtThen(ordersGone)},
		"cancel: the catalog's disk is full":                     {before: boughtThen(diskFull), small: "catalog"},
		"cancel: the front end loses the order service's answer": {before: boughtThen(frontLost)},
		"cancel: the front end can't reach the order service":    {before: boughtThen(frontGone)},
		"cancel: the order service's disk is full":               {before: boughtThen(diskFull), small: "order"},
		"cancel: the journal can't be written":                   {before: boughtThen(noJournal), unsent: true},
		"cancel: interrupted while the answer is awaited":        {before: boughtThen(ordersSilent), interrupted: 1},
		"cancel: interrupted while it is not settled":            {before: boughtThen(catalogCut), interrupted: 2},
		"cancel: no answer in time":                              {before: boughtThen(ordersSilent), prompt: true},
		"cancel: nobody is logged in":                            {before: boughtThen(strange)},
		"cancel: with a token that is not valid":                 {before: boughtThen(expired)},
		"cancel: with a token that may only read":                {before: boughtThen(readOnly)},
		"cancel: the account service can't be reached":           {before: boughtThen(accountsGone)},
	}
}

func bought(c *counter, id string) { c.place(api.LocalAccount, id, 3, api.OrderConfirmed) }

func boughtByAnn(c *counter, id string) { c.place("ann", id, 3, api.OrderConfirmed) }

func boughtThen(broken func(*counter, string)) func(*counter, string) {
	return func(c *counter, id string) {
		bought(c, id)
		broken(c, id)
	}
}

func boughtAndCancelled(c *counter, id string) {
	bought(c, id)
	cancelled(c, id)
}

func cancelled(c *counter, id string) { c.cancel(id, api.OrderCancelled) }

func rejected(c *counter, id string) { c.place(api.LocalAccount, id, 5, api.OrderRejected) }

func refusedThenDelivered(c *counter, id string) {
	rejected(c, id)
	c.deliver(5)
}

// pending leaves a reservation that the order service does not know of.
func pending(c *counter, id string) {
	catalogLost(c, id)
	c.place(api.LocalAccount, id, 3, api.OrderPending)
	c.toCatalog.be(whole)
	c.patient()
}

func cancelling(c *counter, id string) {
	bought(c, id)
	catalogCut(c, id)
	c.cancel(id, api.OrderCancelling)
}

func catalogCut(c *counter, _ string) {
	c.toCatalog.be(cut)
	c.patience = quick
}

func catalogLost(c *counter, _ string) {
	c.toCatalog.be(deafened)
	c.patience = quick
}

func ordersLost(c *counter, _ string) {
	c.toOrders.be(deafened)
	c.patience = quick
}

func ordersGone(c *counter, _ string) { c.reach("BAZAR_ORDER_URL", "http://127.0.0.1:1") }

func frontLost(c *counter, _ string) {
	c.front(c.orderURL)
	c.toOrders.be(deafened)
	c.patience = quick
}

func frontGone(c *counter, _ string) { c.front("http://127.0.0.1:1") }

func diskFull(c *counter, _ string) {
	fill(c.t, c.disk)
	c.patience = quick
}

func ordersSilent(c *counter, _ string) {
	c.toOrders.be(silent)
	c.patience = quick
}

func catalogGone(c *counter, _ string) { c.reach("BAZAR_CATALOG_URL", "http://127.0.0.1:1") }

func ordersCrowded(c *counter, _ string) {
	c.crowd(c.ordersDB, func(ctx context.Context, id string) error {
		_, _, err := c.orders.Place(ctx, api.LocalAccount, id, api.OrderRequest{Lines: wanting(3, 1)})
		return err
	})
	c.patience = quick
}

func catalogCrowded(c *counter, _ string) {
	c.crowd(c.catalogDB, func(ctx context.Context, id string) error {
		_, err := c.books.Reserve(ctx, []api.ReservationRequest{{ID: id, Lines: wanting(3, 1)}})
		return err
	})
	c.patience = quick
}

func strange(c *counter, _ string) {
	accounts, _ := c.openAccounts()
	c.guard(accounts, "")
}

func expired(c *counter, _ string) {
	accounts, _ := c.openAccounts()
	c.guard(accounts, api.NewToken())
}

func readOnly(c *counter, _ string) { c.guard(c.openAccounts(api.ScopeRead)) }

func accountsGone(c *counter, _ string) {
	c.guard(c.calls(client.Config{Accounts: []string{"http://127.0.0.1:1"}}), api.NewToken())
}

func noJournal(c *counter, _ string) {
	if err := os.WriteFile(filepath.Join(c.state, "bazar"), nil, 0o600); err != nil {
		c.t.Fatal(err)
	}
}
