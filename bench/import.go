package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

const (
	// buyersRate is how many purchases a second come while something else is
	// under way.
	buyersRate = 50
	// buyersWait is the longest that one in a hundred of them may take.
	buyersWait = 50 * time.Millisecond
	importRate = 50_000 // rows a second
	importRSS  = 64 << 20
)

// measureImport measures how fast books come in and go out, and what buyers
// notice of it.
func measureImport(ctx context.Context, b *bench) error {
	return errors.Join(importGoodbooks(ctx, b), importMany(ctx, b), whileImporting(ctx, b), whileExporting(ctx, b))
}

func importGoodbooks(ctx context.Context, b *bench) error {
	path, err := goodbooks()
	if err != nil {
		return err
	}
	if path == "" {
		b.note("10,000 books of goodbooks-10k", "not there")
		return nil
	}
	var took []time.Duration
	for range b.amount(5, 1) {
		dir, err := b.fresh("goodbooks")
		if err != nil {
			return err
		}
		o, err := finish(b.bazar(ctx, dir, "import", path,
			"--map", "title=title,isbn13=isbn,authors=authors,year=original_publication_year,language=language_code",
			"--set", "price=9.99,currency=USD,stock=100,topics=popular", "--key", "book_id", "--separator", ", "))
		if err != nil {
			return err
		}
		took = append(took, o.took)
	}
	b.judge("10,000 books of goodbooks-10k", ms(median(took)), "< 1000 ms", median(took) < time.Second)
	return nil
}

func importMany(ctx context.Context, b *bench) error {
	n := b.amount(1_000_000, 20_000)
	o, err := b.makeStore(ctx, n)
	if err != nil {
		return err
	}
	fast := perSecond(n, o.took)
	b.judge(fmt.Sprintf("%d generated books, index included", n), rate(fast), "≥ 50000/s", fast >= importRate)
	if o.rss > 0 {
		b.judge("  peak memory of the process", fmt.Sprintf("%.1f MiB", float64(o.rss)/(1<<20)), "< 64 MiB", o.rss < importRSS)
	}
	return nil
}

// whileImporting buys on a server while another process imports into its store.
func whileImporting(ctx context.Context, b *bench) error {
	n := b.amount(1_000_000, 20_000)
	path, err := b.bookFile(2, n)
	if err != nil {
		return err
	}
	dir, err := b.small(ctx, "busy")
	if err != nil {
		return err
	}
	o, err := buyersDuring(ctx, b, dir, "an import", b.bazar(ctx, dir, "import", path))
	if err == nil {
		b.note("  that import meanwhile", rate(perSecond(n, o.took)))
	}
	return err
}

func whileExporting(ctx context.Context, b *bench) error {
	n := b.amount(1_000_000, 20_000)
	dir, err := b.store(ctx, n)
	if err != nil {
		return err
	}
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { _ = nowhere.Close() }() // nothing was kept
	export := b.bazar(ctx, dir, "export")
	export.Stdout = nowhere
	o, err := buyersDuring(ctx, b, dir, "an export", export)
	if err == nil {
		b.note("  that export meanwhile", rate(perSecond(n, o.took)))
	}
	return err
}

// buyersDuring buys at a steady rate for as long as a process runs.
func buyersDuring(ctx context.Context, b *bench, dir, what string, cmd *exec.Cmd) (o outcome, err error) {
	front, err := b.serveStore(ctx, dir)
	if err != nil {
		return o, err
	}
	defer stopAll(front)
	crowd := &crowd{addr: front.addr, rate: buyersRate}
	defer crowd.close()
	quiet, err := crowd.buy(ctx, time.After(time.Duration(b.amount(4, 1))*time.Second))
	if err != nil {
		return o, err
	}
	ended := make(chan time.Time)
	var failed error
	go func() {
		defer close(ended)
		o, failed = finish(cmd)
	}()
	bought, err := crowd.buy(ctx, ended)
	<-ended
	b.note(fmt.Sprintf("%d purchases/s alone, p50 p99 max", buyersRate), spread(quiet))
	b.judge("  during "+what+", p50 p99 max", spread(bought), "p99 ≤ 50 ms", percentile(bought, 99) <= buyersWait)
	return o, errors.Join(err, failed)
}

func spread(times []time.Duration) string {
	return fmt.Sprintf("%s %s %s of %d", ms(median(times)), ms(percentile(times, 99)), ms(percentile(times, 100)), len(times))
}
