// Command bench measures Bazar side by side with something known, and prints
// what it measured beside the target:
//
//	go run ./bench [-short] [-dir DIR] [NAME...]
//
// It builds the programs, runs them on loopback in a directory of its own, and
// compares in slices that alternate within one run, so that a busy machine
// slows both sides. Nothing fails when a target is missed: it is said.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// measurement is one of the things that can be measured.
type measurement struct {
	name, about string
	run         func(ctx context.Context, b *bench) error
}

func measurements() []measurement {
	return []measurement{
		{"import", "how fast books come in, in how much memory, and what buyers notice", measureImport},
		{"cli", "whole processes, from start to exit", measureCLI},
		{"files", "large files of books, in how much memory", measureFiles},
		{"http", "a book over HTTP beside a bare server, and search by size of the catalogue", measureHTTP},
		{"purchase", "purchases over both services, with batches and without", measurePurchase},
		{"token", "purchases with a token, that is checked at the account service, and without", measureToken},
		{"tls", "calls from the order service to the catalog, over mutual TLS and plain", measureTLS},
	}
}

func main() {
	// The benchmark runs itself for the servers that are no programs of ours.
	if len(os.Args) > 1 && os.Args[1] == childCommand {
		exit(child(os.Args[2:]))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	short := flags.Bool("short", false, "small amounts: shows that it runs, measures little")
	dir := flags.String("dir", "", "`directory` for stores, kept for the next run; a new one, removed at the end, if not given")
	flags.Usage = func() { usage(flags) }
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(flags.Args())
	if err != nil {
		return err
	}
	b, err := newBench(ctx, *dir, *short)
	if err != nil {
		return err
	}
	defer b.close()
	for _, m := range chosen {
		b.begin(m)
		err := m.run(ctx, b)
		b.end(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	b.summary()
	return nil
}

func choose(names []string) (chosen []measurement, err error) {
	all := measurements()
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(m measurement) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no measurement %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func usage(flags *flag.FlagSet) {
	var names []string
	for _, m := range measurements() {
		names = append(names, fmt.Sprintf("  %-9s %s", m.name, m.about))
	}
	fmt.Fprintf(os.Stderr, "usage: go run ./bench [flags] [NAME...]\n\n%s\n\n", strings.Join(names, "\n"))
	flags.PrintDefaults()
}
