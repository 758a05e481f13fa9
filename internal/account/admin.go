package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/prompt"
	"github.com/bazar-store/bazar/pkg/api"
)

// AdminCommand is `account admin create NAME`: it makes an admin in the database
// that the service's own flags name, on the machine where that is. No network
// leads to it.
func AdminCommand(database *string, bindDatabase func(*pflag.FlagSet)) *cobra.Command {
	var file string
	create := &cobra.Command{
		Use: "create NAME", Short: "Make an admin, in the database itself",
		Long: "Make an account of an admin, in the database itself, while the service runs or not. The password is asked for,\n" +
			"or read from --password-file, or from standard input where that is no terminal.",
		Example: "  account admin create ada\n  account admin create ada --password-file ada.password",
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			return createAdmin(cmd, *database, args[0], file)
		},
	}
	bindDatabase(create.Flags())
	create.Flags().StringVar(&file, "password-file", "", "`file` whose first line is the password")
	admin := &cobra.Command{Use: "admin", Short: "Make admins on this machine", RunE: showHelp}
	admin.AddCommand(create)
	return admin
}

func showHelp(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return api.Errorf(api.CodeInvalid, "%s does not know %q", cmd.CommandPath(), args[0])
	}
	return cmd.Help()
}

func oneName(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return api.Errorf(api.CodeInvalid, "%s takes one NAME, not %d", cmd.CommandPath(), len(args))
	}
	return nil
}

func createAdmin(cmd *cobra.Command, database, name, file string) (err error) {
	ctx := cmd.Context()
	// A name that can't be is refused before anybody thinks of a password.
	if name, err = api.ParseAccountName(name); err != nil {
		return err
	}
	password, err := newPassword(ctx, prompt.Terminal{In: cmd.InOrStdin(), Out: cmd.ErrOrStderr()}, file)
	if err != nil {
		return err
	}
	service, err := Open(ctx, Options{Database: database, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	made, err := service.Create(ctx, api.NewAccount{Name: name, Password: password}, api.RoleAdmin)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\n", made.ID, made.Name, made.Role)
	return err
}

func newPassword(ctx context.Context, terminal prompt.Terminal, file string) (string, error) {
	switch {
	case file != "":
		return prompt.File(file)
	case terminal.IsThere():
		return terminal.AskNew(ctx, "Password:", "The same again:")
	}
	lines, err := prompt.Lines(terminal.In, 1)
	if err != nil {
		return "", err
	}
	return lines[0], nil
}
