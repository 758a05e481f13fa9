// Command bazar is the front end of the book store: its command line, and with
// `bazar serve` its server.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/bazar-store/bazar/internal/cli"
)

func main() {
	// A closed pipe is then an error of writing, which ends a command quietly.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who asks twice is not kept waiting
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}
