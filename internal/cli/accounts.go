package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/pkg/api"
)

func (a *app) accountsCommand() *cobra.Command {
	disabled, active := api.AccountDisabled, api.AccountActive
	return group("accounts", "Keep the accounts (admins)",
		a.accountsListCommand(), a.accountsAddCommand(), a.accountsRoleCommand(),
		a.accountsStateCommand("disable", "Disable an account; its tokens end at once", &disabled),
		a.accountsStateCommand("enable", "Enable an account again", &active))
}

func (a *app) accountsListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all accounts, the oldest first", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return list(cmd.Context(), a, accountView(), func(cursor string) ([]api.Account, *string, error) {
				c, err := a.accounts()
				if err != nil {
					return nil, nil, err
				}
				page, err := c.Accounts(cmd.Context(), api.MaxLimit, cursor)
				return page.Accounts, page.NextCursor, err
			})
		},
	}
}

func (a *app) accountsAddCommand() *cobra.Command {
	var f passwordFlag
	var role string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add an account for somebody",
		Args: needs(1, 1, "a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.addAccount(cmd.Context(), &f, args[0], api.Role(role))
		},
	}
	f.bind(cmd, "read the password from standard input")
	cmd.Flags().StringVar(&role, "role", string(api.RoleCustomer), "customer, staff or admin")
	return cmd
}

// addAccount makes a customer first: that is what every account begins as.
func (a *app) addAccount(ctx context.Context, f *passwordFlag, name string, role api.Role) error {
	out, err := newPrinter(a.streams, a.output, accountView(), asOne)
	if err != nil {
		return err
	}
	if err := checkRole(role); err != nil {
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
	account, err := c.AddAccount(ctx, api.NewAccount{Name: name, Password: password})
	if err == nil && role != api.RoleCustomer {
		if account, err = c.EditAccount(ctx, account.ID, api.AccountEdit{Role: &role}); err != nil {
			err = &ending{
				exit: exitPartly, err: api.Errorf(api.CodeOf(err), "the account %s is there, but still a customer's: %w", name, err),
				hint: "`bazar accounts role " + name + " " + string(role) + "` changes that",
			}
		}
	}
	if err != nil {
		return err
	}
	return show(ctx, out, &account)
}

func checkRole(role api.Role) error {
	if role.Scopes() == nil {
		return api.Errorf(api.CodeInvalid, "a role is customer, staff or admin, not %q", role)
	}
	return nil
}

func (a *app) accountsRoleCommand() *cobra.Command {
	return &cobra.Command{
		Use: "role NAME ROLE", Short: "Make an account a customer's, staff's or an admin's",
		Args: needs(2, 2, "a NAME and a ROLE: customer, staff or admin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			role := api.Role(args[1])
			if err := checkRole(role); err != nil {
				return err
			}
			return a.editAccount(cmd.Context(), args[0], api.AccountEdit{Role: &role})
		},
	}
}

func (a *app) accountsStateCommand(use, short string, state *api.AccountState) *cobra.Command {
	return &cobra.Command{
		Use: use + " NAME", Short: short, Args: needs(1, 1, "a NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.editAccount(cmd.Context(), args[0], api.AccountEdit{State: state})
		},
	}
}

func (a *app) editAccount(ctx context.Context, name string, edit api.AccountEdit) error {
	out, err := newPrinter(a.streams, a.output, accountView(), asOne)
	if err != nil {
		return err
	}
	c, err := a.accounts()
	if err != nil {
		return err
	}
	account, err := c.EditAccount(ctx, name, edit)
	if err != nil {
		return err
	}
	return show(ctx, out, &account)
}
