package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/bazar-store/bazar/internal/certs"
)

// measureTLS compares shops that differ in nothing but how the order service
// calls the catalog, in slices that alternate: real ones, and those of two
// services that only talk, with a call for every purchase.
func measureTLS(ctx context.Context, b *bench) error {
	dir, err := b.fresh("certs")
	if err != nil {
		return err
	}
	if _, err := (certs.Dir{Path: dir, Now: time.Now()}).Init(nil); err != nil {
		return err
	}
	for _, kind := range []struct {
		name            string
		catalog, orders []string
		buyers          []int
	}{
		{"shop", []string{"catalog", "0"}, []string{"order", "0"}, []int{64, 256}},
		{"talk", []string{"echo-catalog", "0"}, []string{"echo-order", "0"}, []int{64}},
	} {
		plain, err := openShop(ctx, b, kind.name+"-plain", kind.catalog, kind.orders, "")
		if err != nil {
			return err
		}
		defer plain.close()
		secure, err := openShop(ctx, b, kind.name+"-tls", kind.catalog, kind.orders, dir)
		if err != nil {
			return err
		}
		defer secure.close()
		for _, n := range kind.buyers {
			if err := comparePurchases(ctx, b, kind.name, [2]*shop{plain, secure}, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// comparePurchases measures a shop without TLS and one with it.
func comparePurchases(ctx context.Context, b *bench, kind string, shops [2]*shop, n int) error {
	length := time.Duration(b.amount(1_000, 300)) * time.Millisecond
	var done [2][]slice
	var ratios, costs []float64
	for i := range b.amount(15, 2) {
		var got [2]slice
		// Who goes second finds the disk busier: they take turns.
		for _, k := range [2]int{i % 2, 1 - i%2} {
			var err error
			if got[k], err = shops[k].buy(ctx, n, length, false); err != nil {
				return err
			}
			done[k] = append(done[k], got[k])
		}
		ratios = append(ratios, got[1].rate()/got[0].rate())
		costs = append(costs, got[1].cost(0)+got[1].cost(1)-got[0].cost(0)-got[0].cost(1))
	}
	what := fmt.Sprintf("%s, %d buyers", map[string]string{"shop": "purchases", "talk": "calls alone, one a purchase"}[kind], n)
	b.note(what+", plain, p50 p99", describe(done[0]))
	b.note(what+", mutual TLS, p50 p99", describe(done[1]))
	b.note("  CPU of both services that TLS adds to one", fmt.Sprintf("%.0f µs", middle(costs)))
	if kind == "shop" {
		b.judge("  the one to the other", times(middle(ratios)), "≥ 0.85×", middle(ratios) >= 0.85)
	} else {
		b.note("  the one to the other", times(middle(ratios)))
	}
	return nil
}

// certified are the settings of a server with its certificate from a directory;
// none without one.
func certified(dir, name string) []string {
	if dir == "" {
		return nil
	}
	file := func(name string) string { return filepath.Join(dir, name+".pem") }
	return []string{
		"BAZAR_TLS_CERT=" + file(name), "BAZAR_TLS_KEY=" + file(name+"-key"), "BAZAR_TLS_CLIENT_CA=" + file("ca"),
	}
}

func scheme(certs string) string {
	if certs == "" {
		return "http://"
	}
	return "https://"
}
