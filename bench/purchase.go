package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	purchaseBooks = 1_000
	buyers        = 64
	manyBuyers    = 256
)

// measurePurchase compares two shops that differ in nothing but how many
// callers a transaction carries, in slices that alternate.
func measurePurchase(ctx context.Context, b *bench) error {
	batched, err := openShop(ctx, b, "batched", 0, "")
	if err != nil {
		return err
	}
	defer batched.close()
	single, err := openShop(ctx, b, "single", 1, "")
	if err != nil {
		return err
	}
	defer single.close()
	length := time.Duration(b.amount(2_000, 300)) * time.Millisecond
	var together, alone []slice
	var ratios, syncs []float64
	for range b.amount(7, 2) {
		one, err := batched.buy(ctx, buyers, length, false)
		if err != nil {
			return err
		}
		other, err := single.buy(ctx, buyers, length, false)
		if err != nil {
			return err
		}
		sync, err := syncRate(b.dir, length/4)
		if err != nil {
			return err
		}
		together, alone = append(together, one), append(alone, other)
		ratios, syncs = append(ratios, one.rate()/other.rate()), append(syncs, sync)
	}
	b.note("the disk: 4 KiB appended and fdatasync", rate(middle(syncs)))
	b.note(fmt.Sprintf("%d buyers, one a transaction, p50 p99", buyers), describe(alone))
	b.note(fmt.Sprintf("%d buyers, in batches, p50 p99", buyers), describe(together))
	b.judge("  the one to the other", times(middle(ratios)), "≥ 5×", middle(ratios) >= 5)
	return otherCrowds(ctx, b, batched, length)
}

// otherCrowds measures fewer and more buyers, and all at one book.
func otherCrowds(ctx context.Context, b *bench, s *shop, length time.Duration) error {
	for _, c := range []struct {
		what   string
		buyers int
		hot    bool
	}{{"1 buyer", 1, false}, {fmt.Sprintf("%d buyers", manyBuyers), manyBuyers, false}, {fmt.Sprintf("%d buyers of one book", buyers), buyers, true}} {
		var all []slice
		for range b.amount(3, 1) {
			one, err := s.buy(ctx, c.buyers, length, c.hot)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		b.note(c.what+", in batches, p50 p99", describe(all))
	}
	return nil
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

// openShop starts both services with that many callers a batch at most, 0 for
// the services' own choice; with certificates of a directory, if one is given,
// the one calls the other over mutual TLS; more goes into their environment.
func openShop(ctx context.Context, b *bench, name string, batch int, certs string, more ...string) (s *shop, err error) {
	dir, err := b.fresh("shop-" + name)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s = &shop{}
	callers := strconv.Itoa(batch)
	s.catalog, err = b.serve(ctx, name+"-catalog", append(certified(certs, "catalog"), more...), self, childCommand, "catalog", "sqlite:"+filepath.Join(dir, "catalog.db"), callers)
	if err == nil {
		s.orders, err = b.serve(ctx, name+"-order", append(certified(certs, "order"), more...), self, childCommand, "order",
			"sqlite:"+filepath.Join(dir, "order.db"), callers, scheme(certs)+s.catalog.addr)
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
	return load(ctx, s.orders.addr, n, length, http.StatusCreated, func(conn int) []byte {
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
