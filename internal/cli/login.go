package cli

import (
	"cmp"
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/prompt"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

func (a *app) registerCommand() *cobra.Command {
	var f passwordFlag
	cmd := &cobra.Command{
		Use: "register NAME", Short: "Make an account of your own, and log in",
		Long: "Make an account of your own, where registration is open, and log in. A name is 3 to 32 of a-z, 0-9 and -.\n" +
			"A password has 10 to 256 characters, whatever they are; several words make a good one.",
		Args: needs(1, 1, "a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.register(cmd.Context(), &f, args[0]) },
	}
	f.bind(cmd, "read the password from standard input")
	return cmd
}

func (a *app) register(ctx context.Context, f *passwordFlag, name string) error {
	out, err := newPrinter(a.streams, a.output, meView(), asOne)
	if err != nil {
		return err
	}
	c, err := a.accounts()
	if err != nil {
		return err
	}
	if name, err = api.ParseAccountName(name); err != nil {
		return err
	}
	password, err := a.newPassword(ctx, f, "Password for "+name+":")
	if err != nil {
		return err
	}
	if _, err := c.Register(ctx, api.NewAccount{Name: name, Password: password}); err != nil {
		return err
	}
	return a.enter(ctx, c, out, api.TokenRequest{Account: name, Password: password, Name: tokenName()})
}

// loginFlags say how somebody logs in.
type loginFlags struct {
	passwordFlag
	tokenFlags

	withToken bool
}

func (a *app) loginCommand() *cobra.Command {
	var f loginFlags
	cmd := &cobra.Command{
		Use: "login [NAME]", Short: "Log in; the token is kept in the system's keyring",
		Long: "Log in with name and password. The token that stands for you from then on is kept in the system's keyring, or,\n" +
			"where there is none, in a file that only you may read. BAZAR_TOKEN and BAZAR_TOKEN_FILE beat it.",
		Example: "  bazar login ada\n  bazar login ada --scopes read --expires-in 7d\n  bazar login --with-token < token.txt",
		Args:    needs(0, 1, "one NAME"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.login(cmd.Context(), &f, args) },
	}
	f.passwordFlag.bind(cmd, "read the password from standard input")
	f.tokenFlags.bind(cmd)
	cmd.Flags().StringVar(&f.name, "name", "", "what `token list` calls the token; this machine's name if not given")
	cmd.Flags().BoolVar(&f.withToken, "with-token", false, "read a token that there is already from standard input")
	return cmd
}

func (a *app) login(ctx context.Context, f *loginFlags, args []string) error {
	out, err := newPrinter(a.streams, a.output, meView(), asOne)
	if err != nil {
		return err
	}
	c, err := a.accounts()
	if err != nil {
		return err
	}
	if f.withToken {
		return a.loginWithToken(ctx, out, args)
	}
	if len(args) == 0 {
		return api.Errorf(api.CodeInvalid, "bazar login needs a NAME, or --with-token")
	}
	request, err := f.request(args[0], cmp.Or(f.name, tokenName()))
	if err != nil {
		return err
	}
	if request.Password, err = a.password(ctx, &f.passwordFlag, "Password of "+request.Account+":"); err != nil {
		return err
	}
	return a.enter(ctx, c, out, request)
}

// enter logs in, and keeps the token.
func (a *app) enter(ctx context.Context, c *client.Client, out printer[api.Me], r api.TokenRequest) error {
	issued, err := c.Login(ctx, r)
	if err != nil {
		return err
	}
	if err := a.keep(issued.Secret); err != nil {
		return err
	}
	return show(ctx, out, &api.Me{
		ID: issued.Account.ID, Name: issued.Account.Name, Role: issued.Account.Role,
		Scopes: issued.Token.Scopes, ExpiresAt: &issued.Token.ExpiresAt,
	})
}

// keep keeps the token for this store from now on.
func (a *app) keep(token string) error {
	file, err := a.vault().write(a.settings.accountTarget(), token)
	if err != nil {
		return err
	}
	if file != "" {
		a.streams.Note("this system has no keyring: the token is in " + file + ", which only you may read")
	}
	if name, _, _ := a.givenToken(); name != "" {
		a.streams.Note(name + " is set, and beats this login")
	}
	return nil
}

// loginWithToken keeps a token that somebody made elsewhere, if it is good.
func (a *app) loginWithToken(ctx context.Context, out printer[api.Me], args []string) error {
	if len(args) > 0 {
		return api.Errorf(api.CodeInvalid, "a token knows whose it is; leave out %q", args[0])
	}
	lines, err := prompt.Lines(a.stdin(ctx), 1)
	if err != nil {
		return err
	}
	if err := api.CheckToken(lines[0]); err != nil {
		return err
	}
	c, err := a.clientWith(lines[0])
	if err != nil {
		return err
	}
	me, err := c.Me(ctx)
	if err != nil {
		return err
	}
	if err := a.keep(lines[0]); err != nil {
		return err
	}
	return show(ctx, out, &me)
}

// clientWith is the way to a store elsewhere with a token of its own.
func (a *app) clientWith(token string) (*client.Client, error) {
	remote, _ := a.settings.remote()
	remote.Token = func() (string, error) { return token, nil }
	c, err := client.New(remote)
	if err != nil {
		return nil, err
	}
	return c.Within(a.settings.Timeout), nil
}

// show prints one item.
func show[T any](ctx context.Context, out printer[T], item *T) error {
	if err := out.print(item); err != nil {
		return err
	}
	return out.close(ctx)
}

// tokenName is what a token is called that nobody gave a name.
func tokenName() string {
	host, err := os.Hostname()
	if err != nil {
		return "bazar"
	}
	return "bazar on " + host
}

func (a *app) whoamiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Show who you are, and what your token may be used for", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out, err := newPrinter(a.streams, a.output, meView(), asOne)
			if err != nil {
				return err
			}
			me, err := a.me(cmd.Context())
			if err != nil {
				return err
			}
			return show(cmd.Context(), out, &me)
		},
	}
}

func (a *app) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Revoke the token of your login, and forget it", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.logout(cmd.Context()) },
	}
}

// logout forgets the token even where it can't be revoked: whoever has the
// machine next must not find it.
func (a *app) logout(ctx context.Context) error {
	if _, err := a.accounts(); err != nil {
		return err
	}
	target := a.settings.accountTarget()
	token, err := a.vault().read(target)
	if removed := a.vault().remove(target); removed != nil {
		return removed
	}
	if err != nil || token == "" {
		a.streams.Note("nobody was logged in")
		return err
	}
	c, err := a.clientWith(token)
	if err != nil {
		return err
	}
	_, err = c.RevokeToken(ctx, client.CurrentToken)
	if err != nil && api.CodeOf(err) != api.CodeUnauthenticated {
		return &ending{
			exit: exitOf(api.CodeOf(err)), err: api.Errorf(api.CodeOf(err), "the token is forgotten here, but could not be revoked: %w", err),
			hint: "`bazar token revoke` revokes it, after another login",
		}
	}
	return nil
}
