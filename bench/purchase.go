package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

const purchaseBooks = 1_000

// measurePurchase compares two shops that differ in nothing but how many
// callers a batch carries, and two services that do the same talking without a
// database, in slices that alternate.
func measurePurchase(ctx context.Context, b *bench) error {
	shops, err := openShops(ctx, b)
	if err != nil {
		return err
	}
	defer shops.close()
	done := map[string][]slice{}
	var syncs []float64
	length := time.Duration(b.amount(1_000, 300)) * time.Millisecond
	for range b.amount(11, 2) {
		for _, l := range shops.loads() {
			one, err := l.shop.buy(ctx, l.buyers, length, l.hot)
			if err != nil {
				return fmt.Errorf("%s: %w", l.what, err)
			}
			done[l.what] = append(done[l.what], one)
		}
		sync, err := syncRate(b.dir, length/4)
		if err != nil {
			return err
		}
		syncs = append(syncs, sync)
	}
	b.note("the disk: 4 KiB appended and fdatasync", rate(middle(syncs)))
	for _, l := range shops.loads() {
		b.note(l.what+", p50 p99", describe(done[l.what]))
	}
	judgePurchase(b, done)
	return nil
}

// demand is a load of a shop.
type demand struct {
	what   string
	shop   *shop
	buyers int
	hot    bool
}

// The loads, as they are named in the table.
const (
	aloneTogether = "1 buyer, in batches"
	aloneSingle   = "1 buyer, one a transaction"
	manyTogether  = "64 buyers, in batches"
	manyHot       = "64 buyers of one book, in batches"
	manySingle    = "64 buyers, one a transaction"
	crowdTogether = "256 buyers, in batches"
	crowdSingle   = "256 buyers, one a transaction"
	crowdTalking  = "256 callers of two services without databases"
	worstTogether = 40 * time.Millisecond
	purchaseCost  = "CPU of a purchase with 256 buyers: order, catalog"
)

func (s *shops) loads() []demand {
	return []demand{
		{aloneTogether, s.batched, 1, false},
		{aloneSingle, s.single, 1, false},
		{manyTogether, s.batched, 64, false},
		{manyHot, s.batched, 64, true},
		{manySingle, s.single, 64, false},
		{crowdTogether, s.batched, 256, false},
		{crowdSingle, s.single, 256, false},
		{crowdTalking, s.echo, 256, false},
	}
}

// judgePurchase holds the slices of one load against those of another that ran
// next to them.
func judgePurchase(b *bench, done map[string][]slice) {
	for _, c := range []struct {
		one, other string
		least      float64
	}{
		{manyTogether, manySingle, 10},
		{crowdTogether, crowdSingle, 14},
		{crowdTogether, crowdTalking, 0.9},
		{manyHot, manyTogether, 0.85},
		{aloneTogether, aloneSingle, 0.85},
	} {
		var ratios []float64
		for i := range done[c.one] {
			ratios = append(ratios, done[c.one][i].rate()/done[c.other][i].rate())
		}
		b.judge(fmt.Sprintf("%s : %s", c.one, c.other), times(middle(ratios)), fmt.Sprintf("≥ %g×", c.least), middle(ratios) >= c.least)
	}
	var worst []float64
	var orders, catalog []float64
	for _, s := range done[crowdTogether] {
		worst = append(worst, percentile(s.times, 99).Seconds())
		orders, catalog = append(orders, s.cost(0)), append(catalog, s.cost(1))
	}
	p99 := time.Duration(middle(worst) * float64(time.Second))
	b.judge(crowdTogether+", p99", ms(p99), "< "+ms(worstTogether), p99 < worstTogether)
	b.note(purchaseCost, fmt.Sprintf("%.0f µs, %.0f µs", middle(orders), middle(catalog)))
}

// describe gives the median rate of slices, and the percentiles of all.
func describe(slices []slice) string {
	var rates []float64
	var all []time.Duration
	for _, s := range slices {
		rates, all = append(rates, s.rate()), append(all, s.times...)
	}
	return fmt.Sprintf("%s  %s %s", rate(middle(rates)), ms(median(all)), ms(percentile(all, 99)))
}

// shop is a catalog and an order service, each a process with a database.
type shop struct {
	catalog, orders *server
	// tokens are what its buyers send along, in turns; none where it has no accounts.
	tokens []string
}

// shops are those that are compared.
type shops struct{ batched, single, echo *shop }

func openShops(ctx context.Context, b *bench) (s *shops, err error) {
	s = &shops{}
	for _, open := range []struct {
		shop    **shop
		name    string
		catalog []string
		orders  []string
	}{
		{&s.batched, "batched", []string{"catalog", "0"}, []string{"order", "0"}},
		{&s.single, "single", []string{"catalog", "1"}, []string{"order", "1"}},
		{&s.echo, "echo", []string{"echo-catalog", "0"}, []string{"echo-order", "0"}},
	} {
		if *open.shop, err = openShop(ctx, b, open.name, open.catalog, open.orders, ""); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *shops) close() {
	for _, one := range []*shop{s.batched, s.single, s.echo} {
		if one != nil {
			one.close()
		}
	}
}

// openShop starts both services; of each the kind, and how many callers a batch
// carries at most, 0 for the service's own choice. With certificates of a
// directory, if one is given, the one calls the other over mutual TLS. More goes
// into their environment.
func openShop(ctx context.Context, b *bench, name string, catalog, orders []string, certs string, more ...string) (s *shop, err error) {
	dir, err := b.fresh("shop-" + name)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s = &shop{}
	s.catalog, err = b.serve(ctx, name+"-catalog", append(certified(certs, "catalog"), more...), self, childCommand, catalog[0], "sqlite:"+filepath.Join(dir, "catalog.db"), catalog[1])
	if err == nil {
		s.orders, err = b.serve(ctx, name+"-order", append(certified(certs, "order"), more...), self, childCommand, orders[0],
			"sqlite:"+filepath.Join(dir, "order.db"), orders[1], scheme(certs)+s.catalog.addr)
	}
	if err != nil {
		s.close()
		return nil, errors.Join(err, fmt.Errorf("shop %s did not open", name))
	}
	return s, nil
}

func (s *shop) close() { stopAll(s.orders, s.catalog) }

// buy has n buyers buy one copy after the other, hot all of one book.
func (s *shop) buy(ctx context.Context, n int, length time.Duration, hot bool) (slice, error) {
	before := []time.Duration{s.orders.cpu(), s.catalog.cpu()}
	done, err := load(ctx, s.orders.addr, n, length, http.StatusCreated, func(conn int) []byte {
		item := 1
		if !hot {
			item += rand.IntN(purchaseBooks) // any book will do
		}
		var header string
		if len(s.tokens) > 0 {
			header = "Authorization: Bearer " + s.tokens[conn%len(s.tokens)] + "\r\n"
		}
		return send(http.MethodPut, "/v1/orders/"+api.NewID(), fmt.Sprintf(`{"lines":[{"book_id":%d,"quantity":1}]}`, item), header)
	})
	done.cpu = []time.Duration{s.orders.cpu() - before[0], s.catalog.cpu() - before[1]}
	return done, err
}

// syncRate is how often a second the disk makes a page durable.
func syncRate(dir string, length time.Duration) (float64, error) {
	file, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // nothing in it is kept
	page := make([]byte, 4096)
	n, start := 0, time.Now()
	for ; time.Since(start) < length; n++ {
		if _, err := file.Write(page); err != nil {
			return 0, err
		}
		if err := syncData(file); err != nil {
			return 0, err
		}
	}
	return perSecond(n, time.Since(start)), nil
}
