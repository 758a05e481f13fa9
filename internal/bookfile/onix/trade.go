package onix

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// trade chooses among prices, and counts where it had to.
type trade struct {
	store   string // the store's currency
	message string // the message's own, for prices without one

	several int // products with several prices
	foreign int // of these, those without one in the store's currency
}

// offer is a price at which a supplier supplies.
type offer struct {
	amount, currency string
	net              bool // a supplier's price to a shop, not a shop's
	supply           *node
}

// notes says what was chosen.
func (t *trade) notes() []string {
	if t.several == 0 {
		return nil
	}
	if t.store == "" {
		return []string{fmt.Sprintf("%s several prices: the first was taken", books(t.several))}
	}
	note := fmt.Sprintf("%s several prices: the one in %s was taken", books(t.several), t.store)
	if t.foreign > 0 {
		note += fmt.Sprintf(", or the first where there was none: %d", t.foreign)
	}
	return []string{note}
}

func books(n int) string {
	if n == 1 {
		return "1 book has"
	}
	return fmt.Sprintf("%d books have", n)
}

// sell takes price, stock and state. Stock is that of the supplier whose price
// is taken: markets often share copies, and the same would be counted twice.
func (r *Reader) sell(n *node, p *Product) {
	supplies := n.all("SupplyDetail") // of release 2.1
	for _, s := range n.all("ProductSupply") {
		supplies = append(supplies, s.all("SupplyDetail")...)
	}
	p.State = r.state(n, supplies)
	var offers []offer
	for _, s := range supplies {
		offers = append(offers, r.trade.offers(s)...)
	}
	if len(offers) > 0 {
		best := r.trade.choose(offers)
		p.Price, p.Currency, p.Stock = best.amount, best.currency, stock(best.supply)
	}
	for _, s := range supplies {
		p.Stock = cmp.Or(p.Stock, stock(s))
	}
}

// offers gives the prices of a supplier. Free of charge (code list 57: 01) is a
// price of 0.
func (t *trade) offers(supply *node) []offer {
	prices := supply.all("Price")
	if supply.has("PriceAmount") || supply.has("UnpricedItemType") {
		prices = append(prices, supply)
	}
	var list []offer
	for _, p := range prices {
		o := offer{amount: exact(p.value("PriceAmount")), currency: p.value("CurrencyCode"), supply: supply}
		kind := cmp.Or(p.value("PriceType"), p.value("PriceTypeCode"))
		o.net = isNet(kind)
		switch {
		case o.amount != "":
			o.currency = strings.ToUpper(cmp.Or(o.currency, t.message))
		case p.value("UnpricedItemType") == "01":
			o.amount = "0"
		default:
			continue
		}
		list = append(list, o)
	}
	return list
}

// isNet says whether a price is what a shop pays (code list 58).
func isNet(kind string) bool {
	switch kind {
	case "05", "06", "07", "08", "09", "15", "17", "25", "27", "32", "35":
		return true
	}
	return false
}

// choose takes a price in the store's currency, else the first; of several such
// one that a customer pays.
func (t *trade) choose(offers []offer) offer {
	if len(offers) > 1 {
		t.several++
	}
	best, rank := offers[0], 4
	for _, o := range offers {
		own := o.currency == "" || t.store == "" || o.currency == t.store
		switch {
		case own && !o.net && rank > 1:
			best, rank = o, 1
		case own && rank > 2:
			best, rank = o, 2
		case !o.net && rank > 3:
			best, rank = o, 3
		}
	}
	if len(offers) > 1 && rank > 2 {
		t.foreign++
	}
	return best
}

// exact takes the zeros off the end of a decimal, which say nothing: 900.00 is
// an amount of yen.
func exact(amount string) string {
	whole, fraction, point := strings.Cut(amount, ".")
	if !point || strings.Trim(fraction, "0123456789") != "" || whole == "" || fraction == "" {
		return amount
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// stock adds up the copies that a supplier has in all places. Fewer than none,
// which is what has been sold before it came, are none.
func stock(supply *node) string {
	total, given := int64(0), false
	for _, s := range supply.all("Stock") {
		text := s.value("OnHand")
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > api.MaxStock {
			return text
		}
		total, given = total+max(0, n), true
	}
	if !given {
		return ""
	}
	return strconv.FormatInt(total, 10)
}

// state tells whether a book is on sale. Only what is clear retires it: it is
// cancelled, withdrawn or recalled, by its publishing status (code list 64) or
// by the availability of every supplier (code list 65). Out of print, out of
// stock or not yet there is no reason: copies may be left, or come. Nothing
// brings a retired book back but Bazar's own export: it was the store that
// retired it.
func (r *Reader) state(n *node, supplies []*node) string {
	gone := len(supplies) > 0
	for _, s := range supplies {
		gone = gone && isGone(s.value("ProductAvailability"))
	}
	switch n.block("PublishingDetail").value("PublishingStatus") {
	case "01", "11", "12", "15", "17":
		gone = true
	}
	switch {
	case gone:
		return string(api.Retired)
	case r.own:
		return string(api.OnSale)
	}
	return ""
}

func isGone(availability string) bool {
	switch availability {
	case "01", "46", "49":
		return true
	}
	return false
}
