package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bazar-store/bazar/internal/prompt"
	"github.com/bazar-store/bazar/pkg/api"
)

// passwordFlag lets a program give the passwords that a person types.
type passwordFlag struct{ stdin bool }

func (f *passwordFlag) bind(cmd *cobra.Command, usage string) {
	cmd.Flags().BoolVar(&f.stdin, "password-stdin", false, usage)
}

func (a *app) terminal() prompt.Terminal {
	return prompt.Terminal{In: a.streams.In, Out: a.streams.Err}
}

// lines reads so many secrets from standard input, or says that nobody can type
// them.
func (a *app) lines(ctx context.Context, f *passwordFlag, count int) ([]string, error) {
	if !f.stdin {
		return nil, &ending{
			exit: exitUsage, err: api.Errorf(api.CodeInvalid, "nobody can type a password here: standard input is no terminal"),
			hint: "with --password-stdin it is read from there",
		}
	}
	return prompt.Lines(a.stdin(ctx), count)
}

// asked is whether a person is asked.
func (a *app) asked(f *passwordFlag) bool { return !f.stdin && a.terminal().IsThere() }

// password gets the password that an account has.
func (a *app) password(ctx context.Context, f *passwordFlag, question string) (string, error) {
	if a.asked(f) {
		return a.terminal().Ask(ctx, question)
	}
	lines, err := a.lines(ctx, f, 1)
	if err != nil {
		return "", err
	}
	return lines[0], nil
}

// newPassword gets one that an account is to have.
func (a *app) newPassword(ctx context.Context, f *passwordFlag, question string) (string, error) {
	if a.asked(f) {
		return a.terminal().AskNew(ctx, question, "The same again:")
	}
	return a.password(ctx, f, question)
}

func (a *app) passwdCommand() *cobra.Command {
	var f passwordFlag
	cmd := &cobra.Command{
		Use: "passwd", Short: "Change your password; other tokens are revoked", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.passwd(cmd.Context(), &f) },
	}
	f.bind(cmd, "read the old password from standard input, and the new one from its second line")
	return cmd
}

func (a *app) passwd(ctx context.Context, f *passwordFlag) error {
	out, err := newPrinter(a.streams, a.output, accountView(), asOne)
	if err != nil {
		return err
	}
	c, err := a.accounts()
	if err != nil {
		return err
	}
	change, err := a.passwordChange(ctx, f)
	if err != nil {
		return err
	}
	account, err := c.ChangePassword(ctx, change)
	if err != nil {
		return err
	}
	a.streams.Note("all other tokens of " + account.Name + " are revoked")
	if err := out.print(&account); err != nil {
		return err
	}
	return out.close(ctx)
}

func (a *app) passwordChange(ctx context.Context, f *passwordFlag) (change api.PasswordChange, err error) {
	if a.asked(f) {
		if change.Old, err = a.terminal().Ask(ctx, "Old password:"); err == nil {
			change.New, err = a.newPassword(ctx, f, "New password:")
		}
		return change, err
	}
	lines, err := a.lines(ctx, f, 2)
	if err == nil {
		change.Old, change.New = lines[0], lines[1]
	}
	return change, err
}
