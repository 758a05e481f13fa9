package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

const (
	// customers buy in the shop with accounts, each with a token: as many as may
	// register from one address at once.
	customers        = 4
	customerPassword = "several good words"
)

// measureToken compares two shops that differ in nothing but whether buyers show
// a token, in slices that alternate.
func measureToken(ctx context.Context, b *bench) error {
	dir, err := b.fresh("accounts")
	if err != nil {
		return err
	}
	key := "BAZAR_SERVICE_KEY_FILE=" + filepath.Join(dir, "service.key")
	open, err := openShop(ctx, b, "open", []string{"catalog", "0"}, []string{"order", "0"}, "", key)
	if err != nil {
		return err
	}
	defer open.close()
	accounts, err := b.serve(ctx, "accounts", []string{key}, b.program("account"),
		"--db", "sqlite:"+filepath.Join(dir, "account.db"), "--registration", "open", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer stopAll(accounts)
	known, err := openShop(ctx, b, "known", []string{"catalog", "0"}, []string{"order", "0"}, "", key, "BAZAR_ACCOUNT_URL=http://"+accounts.addr)
	if err != nil {
		return err
	}
	defer known.close()
	if known.tokens, err = register(ctx, "http://"+accounts.addr); err != nil {
		return err
	}
	for _, n := range []int{1, 64} {
		if err := compareTokens(ctx, b, open, known, n); err != nil {
			return err
		}
	}
	return nil
}

func compareTokens(ctx context.Context, b *bench, open, known *shop, n int) error {
	length := time.Duration(b.amount(2_000, 300)) * time.Millisecond
	var without, with []slice
	var costs []float64
	for i := range b.amount(9, 2) {
		pair := [2]*shop{open, known}
		var got [2]slice
		// Who goes second finds the disk busier: they take turns.
		for _, k := range [2]int{i % 2, 1 - i%2} {
			var err error
			if got[k], err = pair[k].buy(ctx, n, length, false); err != nil {
				return err
			}
		}
		without, with = append(without, got[0]), append(with, got[1])
		costs = append(costs, got[0].rate()/got[1].rate())
	}
	b.note(fmt.Sprintf("%d buyers, without a token, p50 p99", n), describe(without))
	b.note(fmt.Sprintf("%d buyers, with one, p50 p99", n), describe(with))
	b.judge(fmt.Sprintf("  %d buyers, what a purchase with a token costs", n), times(middle(costs)), "≤ 1.1×", middle(costs) <= 1.1)
	return nil
}

// register makes accounts where anybody may, and gives a token of each.
func register(ctx context.Context, url string) (tokens []string, err error) {
	c, err := client.New(client.Config{Accounts: []string{url}})
	if err != nil {
		return nil, err
	}
	for i := range customers {
		name := fmt.Sprintf("customer-%d", i)
		_, err := c.Register(ctx, api.NewAccount{Name: name, Password: customerPassword})
		issued, loginErr := c.Login(ctx, api.TokenRequest{Account: name, Password: customerPassword, Name: "bench"})
		if err := errors.Join(err, loginErr); err != nil {
			return nil, err
		}
		tokens = append(tokens, issued.Secret)
	}
	return tokens, nil
}
