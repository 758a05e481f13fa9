package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// tokenFlags say what a token may be used for, and how long.
type tokenFlags struct {
	name, expiresIn string
	scopes          []string
}

func (f *tokenFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.scopes, "scopes", nil, "what it may be used for: `read,buy,staff,admin`; all that your role has if not given")
	cmd.Flags().StringVar(&f.expiresIn, "expires-in", "", "how `LONG` it lives, such as 12h or 30d; 90d if not given, at most 366d")
}

// request is for a token of the account.
func (f *tokenFlags) request(account, name string) (r api.TokenRequest, err error) {
	if r.Account, err = api.ParseAccountName(account); err != nil {
		return r, err
	}
	r.Name = name
	for _, scope := range f.scopes {
		r.Scopes = append(r.Scopes, api.Scope(strings.TrimSpace(scope)))
	}
	if f.expiresIn != "" {
		life, err := parseLife(f.expiresIn)
		if err != nil {
			return r, err
		}
		seconds := int64(life / time.Second)
		r.ExpiresIn = &seconds
	}
	return r, nil
}

// parseLife reads a time that may be in days.
func parseLife(typed string) (time.Duration, error) {
	if days, found := strings.CutSuffix(typed, "d"); found {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	life, err := time.ParseDuration(typed)
	if err != nil {
		return 0, api.Errorf(api.CodeInvalid, "--expires-in %q is not a time; write it like 12h or 30d", typed)
	}
	return life, nil
}

func (a *app) tokenCommand() *cobra.Command {
	return group("token", "Make, list and revoke tokens that stand for you",
		a.tokenCreateCommand(), a.tokenListCommand(), a.tokenRevokeCommand())
}

func (a *app) tokenCreateCommand() *cobra.Command {
	var f tokenFlags
	var password passwordFlag
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a token for a program; it is shown this once",
		Long: "Make a token for a program, and show it this once. It takes your password: a token alone makes no others, so\n" +
			"that revoking one ends what it was used for.",
		Example: "  bazar token create ci --scopes read --expires-in 30d\n  bazar token create ci --fields secret > token.txt",
		Args:    needs(1, 1, "a NAME for the token"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.createToken(cmd.Context(), &f, &password, args[0])
		},
	}
	f.bind(cmd)
	password.bind(cmd, "read the password from standard input")
	return cmd
}

func (a *app) createToken(ctx context.Context, f *tokenFlags, password *passwordFlag, name string) error {
	out, err := newPrinter(a.streams, a.output, issuedView(), asOne)
	if err != nil {
		return err
	}
	c, err := a.accounts()
	if err != nil {
		return err
	}
	me, err := c.Me(ctx)
	if err == nil && me.ID == api.LocalAccount {
		err = noAccounts()
	}
	if err != nil {
		return err
	}
	request, err := f.request(me.Name, name)
	if err != nil {
		return err
	}
	if request.Password, err = a.password(ctx, password, "Password of "+me.Name+":"); err != nil {
		return err
	}
	issued, err := c.Login(ctx, request)
	if err != nil {
		return err
	}
	return show(ctx, out, &issued)
}

func (a *app) tokenListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List your tokens, the oldest first", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return list(cmd.Context(), a, tokenView(), func(cursor string) ([]api.Token, *string, error) {
				c, err := a.accounts()
				if err != nil {
					return nil, nil, err
				}
				page, err := c.Tokens(cmd.Context(), api.MaxLimit, cursor)
				return page.Tokens, page.NextCursor, err
			})
		},
	}
}

func (a *app) tokenRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID...", Short: "Revoke tokens of yours; " + client.CurrentToken + " is the one in use",
		Args: needs(1, 0, "a token's ID"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.revokeTokens(cmd.Context(), args) },
	}
}

func (a *app) revokeTokens(ctx context.Context, ids []string) error {
	out, err := newPrinter(a.streams, a.output, tokenView(), shapeOf(ids))
	if err != nil {
		return err
	}
	c, err := a.accounts()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id != client.CurrentToken {
			if id, err = api.ParseID(id); err != nil {
				return err
			}
		}
		token, err := c.RevokeToken(ctx, id)
		if err != nil {
			return err
		}
		if err := out.print(&token); err != nil {
			return err
		}
	}
	return out.close(ctx)
}
