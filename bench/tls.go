package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bazar-store/bazar/internal/certs"
	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/client"
)

// measureTLS compares two shops that differ in nothing but how the order service
// calls the catalog, in slices that alternate.
func measureTLS(ctx context.Context, b *bench) error {
	dir, err := b.fresh("certs")
	if err != nil {
		return err
	}
	if _, err := (certs.Dir{Path: dir, Now: time.Now()}).Init(nil); err != nil {
		return err
	}
	plain, err := openShop(ctx, b, "plain", 0, "")
	if err != nil {
		return err
	}
	defer plain.close()
	secure, err := openShop(ctx, b, "mutual", 0, dir)
	if err != nil {
		return err
	}
	defer secure.close()
	for _, n := range []int{buyers, manyBuyers} {
		if err := comparePurchases(ctx, b, plain, secure, n); err != nil {
			return err
		}
	}
	return compareCalls(ctx, b, plain, secure, dir)
}

func comparePurchases(ctx context.Context, b *bench, plain, secure *shop, n int) error {
	length := time.Duration(b.amount(1_000, 300)) * time.Millisecond
	var open, closed []slice
	var ratios []float64
	for i := range b.amount(15, 2) {
		pair := [2]*shop{plain, secure}
		var got [2]slice
		// Who goes second finds the disk busier: they take turns.
		for _, k := range [2]int{i % 2, 1 - i%2} {
			var err error
			if got[k], err = pair[k].buy(ctx, n, length, false); err != nil {
				return err
			}
		}
		open, closed = append(open, got[0]), append(closed, got[1])
		ratios = append(ratios, got[1].rate()/got[0].rate())
	}
	b.note(fmt.Sprintf("%d buyers, plain between the services, p50 p99", n), describe(open))
	b.note(fmt.Sprintf("%d buyers, mutual TLS, p50 p99", n), describe(closed))
	b.judge(fmt.Sprintf("  %d buyers, the one to the other", n), times(middle(ratios)), "≥ 0.85×", middle(ratios) >= 0.85)
	return nil
}

// compareCalls asks both catalogs for a book by the client that services use:
// the call alone, with next to nothing behind it.
func compareCalls(ctx context.Context, b *bench, plain, secure *shop, dir string) error {
	caller := trust.Caller{Name: "order", CAFile: filepath.Join(dir, "ca.pem")}
	open, err := client.New(client.Config{Catalog: []string{"http://" + plain.catalog.addr}})
	if err != nil {
		return err
	}
	closed, err := client.New(client.Config{Catalog: []string{scheme(dir) + secure.catalog.addr}, Caller: caller})
	if err != nil {
		return err
	}
	var opens, closeds, ratios []float64
	for range b.amount(7, 2) {
		one, err := ask(ctx, b, open)
		if err != nil {
			return err
		}
		other, err := ask(ctx, b, closed)
		if err != nil {
			return err
		}
		opens, closeds, ratios = append(opens, one), append(closeds, other), append(ratios, other/one)
	}
	b.note("the smallest call, plain", rate(middle(opens)))
	b.note("the smallest call, TLS", rate(middle(closeds)))
	b.note("  the one to the other", times(middle(ratios)))
	return nil
}

// ask is how often a second the client gets a book.
func ask(ctx context.Context, b *bench, c *client.Client) (float64, error) {
	length := time.Duration(b.amount(1_000, 200)) * time.Millisecond
	var answered atomic.Int64
	var callers sync.WaitGroup
	failed := make(chan error, httpConnections)
	start := time.Now()
	for range httpConnections {
		callers.Go(func() {
			for time.Since(start) < length {
				if _, err := c.Book(ctx, "7"); err != nil {
					failed <- err
					return
				}
				answered.Add(1)
			}
		})
	}
	callers.Wait()
	close(failed)
	var err error
	for one := range failed {
		err = errors.Join(err, one)
	}
	return perSecond(int(answered.Load()), time.Since(start)), err
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
