// Command docker buys from a store that runs in containers while it kills them,
// one after the other, and then proves that nothing was lost, doubled or
// oversold: every order that was acknowledged is there as it was acknowledged,
// the others settle by their ids, there is no order that nobody placed, and
// each book's stock is what it was less what was sold.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/bazar-store/bazar/internal/prompt"
	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// plan is what the command line asks for.
type plan struct {
	url, ca    string
	buyer      string // a file with the token of who buys
	keeper     string // a file with the token of who looks at all orders
	containers []string
	crash      bool
	buyers     int
	orders     int64
	limit      time.Duration
}

func parse(args []string) (p plan, err error) {
	flags := flag.NewFlagSet("docker", flag.ContinueOnError)
	flags.StringVar(&p.url, "url", "https://localhost:8443", "the front end's `URL`")
	flags.StringVar(&p.ca, "ca", "ca.pem", "`file` of the store's CA")
	flags.StringVar(&p.buyer, "buyer", "buyer.token", "`file` with the token of who buys")
	flags.StringVar(&p.keeper, "keeper", "keeper.token", "`file` with an admin's token")
	kill := flags.String("kill", "", "`CONTAINERS` to kill, comma-separated")
	flags.BoolVar(&p.crash, "crash", false, "then kill each container's process too, and leave starting it again to the engine (needs root)")
	flags.IntVar(&p.buyers, "buyers", 16, "how many buy at once")
	flags.Int64Var(&p.orders, "orders", 50_000, "at most so many orders")
	flags.DurationVar(&p.limit, "limit", 3*time.Minute, "at most so long")
	if err := flags.Parse(args); err != nil {
		return p, err
	}
	if *kill != "" {
		p.containers = strings.Split(*kill, ",")
	}
	return p, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	p, err := parse(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	keeper, err := p.client(p.keeper)
	if err != nil {
		return err
	}
	buyer, err := p.client(p.buyer)
	if err != nil {
		return err
	}
	before, err := look(ctx, keeper)
	if err != nil {
		return err
	}
	crowd := newCrowd(buyer.Within(5*time.Second), p.orders)
	crowd.buy(ctx, p.buyers)
	err = p.killAll(ctx, crowd, out)
	err = errors.Join(err, crowd.leave())
	if err != nil {
		return err
	}
	if err := crowd.settle(ctx); err != nil {
		return err
	}
	after, err := look(ctx, keeper)
	if err != nil {
		return err
	}
	return errors.Join(crowd.report(out), compare(before, after, crowd.purchases))
}

// client calls the store with the token of a file.
func (p plan) client(file string) (*client.Client, error) {
	token, err := prompt.File(file)
	if err != nil {
		return nil, err
	}
	return client.New(client.Config{
		Catalog: []string{p.url}, Orders: []string{p.url}, Caller: trust.Caller{CAFile: p.ca},
		Token: func() (string, error) { return token, nil },
	})
}

// killAll kills each container, waits until the store sells again, and goes on
// with the next.
func (p plan) killAll(ctx context.Context, c *crowd, out io.Writer) error {
	if err := c.sells(ctx); err != nil {
		return err
	}
	for _, way := range p.ways() {
		for _, container := range p.containers {
			start := time.Now()
			if err := way.kill(ctx, container); err != nil {
				return fmt.Errorf("%s %s: %w", way.name, container, err)
			}
			if err := c.sells(ctx); err != nil {
				return fmt.Errorf("after %s of %s: %w", way.name, container, err)
			}
			if _, err := fmt.Fprintf(out, "%s of %s: the store sells again after %s\n", way.name, container, time.Since(start).Round(time.Millisecond)); err != nil {
				return err
			}
		}
	}
	return nil
}

// retry calls f until it gives nil or an error that stays, or ctx ends.
func retry(ctx context.Context, f func() error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if !api.CodeOf(err).Retryable() {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}
