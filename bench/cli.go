package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/bazar-store/bazar/internal/local"
	"github.com/bazar-store/bazar/pkg/api"
)

const cliItem = starterBooks + 2

// measureCLI measures whole processes.
func measureCLI(ctx context.Context, b *bench) error {
	dir, err := b.small(ctx, "cli")
	if err != nil {
		return err
	}
	return errors.Join(sideBySide(ctx, b, dir), manyAtOnce(ctx, b))
}

// sideBySide runs the commands in turn, again and again.
func sideBySide(ctx context.Context, b *bench, dir string) error {
	front, err := b.serveStore(ctx, dir)
	if err != nil {
		return err
	}
	defer stopAll(front)
	item, base := strconv.Itoa(cliItem), "http://"+front.addr
	kinds := []func() *exec.Cmd{
		func() *exec.Cmd { return exec.CommandContext(ctx, "curl", "-s", base+"/info/"+item) },
		func() *exec.Cmd { return b.bazar(ctx, dir, "info", item) },
		func() *exec.Cmd { return b.bazar(ctx, dir, "--url", base, "info", item) },
		func() *exec.Cmd { return b.bazar(ctx, dir, "buy", item) },
		func() *exec.Cmd { return b.bazar(ctx, dir, "version") },
		func() *exec.Cmd { return exec.CommandContext(ctx, b.program("floor"), base+"/info/"+item) },
	}
	took := make([][]time.Duration, len(kinds))
	for range b.amount(60, 5) {
		for i, kind := range kinds {
			o, err := finish(kind())
			if err != nil {
				return err
			}
			took[i] = append(took[i], o.took)
		}
	}
	curl, info, remote, buy, start, floor := median(took[0]), median(took[1]), median(took[2]), median(took[3]), median(took[4]), median(took[5])
	ratio := func(d time.Duration) float64 { return d.Seconds() / curl.Seconds() }
	b.note("curl -s /info of `bazar serve`", ms(curl))
	b.note("bazar version", ms(start))
	b.note("a bare exchange by a program that links gin, gorm, cobra, lipgloss", ms(floor)+" = "+times(ratio(floor)))
	b.judge("embedded bazar info", ms(info)+" = "+times(ratio(info)), "< 1.5× curl", ratio(info) < 1.5)
	b.judge("bazar info over the network", ms(remote)+" = "+times(ratio(remote)), "≤ 0.5× curl", ratio(remote) <= 0.5)
	b.judge("embedded bazar buy", ms(buy), "< 25 ms", buy < 25*time.Millisecond)
	return nil
}

// manyAtOnce runs many processes on one store, and then counts.
func manyAtOnce(ctx context.Context, b *bench) error {
	const atOnce = 100
	n := b.amount(1_000, 100)
	dir, err := b.small(ctx, "many")
	if err != nil {
		return err
	}
	start := time.Now()
	failures := 0
	var first error
	var mu sync.Mutex
	var all sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for range n {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			if _, err := finish(b.bazar(ctx, dir, "buy", strconv.Itoa(cliItem))); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failures++
				first = errors.Join(first, err)
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	limit := time.Duration(n) * 10 * time.Millisecond
	b.judge(fmt.Sprintf("%d bazar buy, %d at a time", n, atOnce), took.Round(time.Millisecond).String(), "< "+limit.String(), took < limit)
	b.judge("  of which failed", strconv.Itoa(failures), "0", failures == 0)
	if first != nil {
		fmt.Println(first)
	}
	return addUp(ctx, b, dir, n-failures)
}

// addUp counts the orders and copies of a store after that many purchases.
func addUp(ctx context.Context, b *bench, dir string, bought int) (err error) {
	store, err := local.Open(local.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	confirmed, copies := 0, int64(0)
	for after, more := "", true; more; {
		page, err := store.Client().AllOrders(ctx, api.MaxLimit, after)
		if err != nil {
			return err
		}
		for _, order := range page.Orders {
			if order.State == api.OrderConfirmed {
				confirmed++
				copies += order.Lines[0].Quantity
			}
		}
		if more = page.NextCursor != nil; more {
			after = *page.NextCursor
		}
	}
	book, err := store.Client().Book(ctx, strconv.Itoa(cliItem))
	if err != nil {
		return err
	}
	sold := bookStock - book.Stock
	b.judge("  orders confirmed, copies sold", fmt.Sprintf("%d, %d", confirmed, sold), fmt.Sprintf("%d, %d", bought, bought),
		confirmed == bought && copies == sold && sold == int64(bought))
	return nil
}
