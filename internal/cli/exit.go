package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/prompt"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// The exit codes; `bazar help exit-codes` explains them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitForbidden   = 4
	exitRefused     = 5
	exitUnavailable = 6
	exitUnsettled   = 7
	exitPartly      = 8
	exitInterrupted = 130
)

// exitOf is the exit code that an error code ends with.
func exitOf(code api.Code) int {
	switch code {
	case "":
		return exitDone
	case api.CodeInvalid, api.CodeMixedCurrency, api.CodeTooLarge:
		return exitUsage
	case api.CodeNotFound:
		return exitNotFound
	case api.CodeUnauthenticated, api.CodeForbidden:
		return exitForbidden
	case api.CodeConflict, api.CodeOutOfStock, api.CodePriceChanged, api.CodeRetired, api.CodeCancelled, api.CodeVersionMismatch, api.CodeIDReused:
		return exitRefused
	case api.CodeRateLimited, api.CodeUnavailable, api.CodeStorageFull:
		return exitUnavailable
	case api.CodeOutcomeUnknown:
		return exitUnsettled
	default:
		return exitFailed
	}
}

// ending is an error that knows its exit code and its hint. What err says has
// been said already if it is nil.
type ending struct {
	exit int
	err  error
	hint string
}

// Error is what there is to say.
func (e *ending) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.exit)
	}
	return e.err.Error()
}

// Unwrap gives the error behind it.
func (e *ending) Unwrap() error { return e.err }

// finish says what went wrong and gives the exit code.
func (a *app) finish(ctx context.Context, cmd *cobra.Command, err error) int {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		// Whoever closed the pipe has all that was wanted.
		return exitDone
	}
	end, _ := errors.AsType[*ending](err)
	switch {
	case end != nil:
		if end.err != nil {
			a.say(end.err, end.hint)
		}
		if interrupted(ctx) {
			return exitInterrupted
		}
		return end.exit
	case interrupted(ctx), errors.Is(err, prompt.ErrInterrupted):
		return exitInterrupted
	}
	known, _ := errors.AsType[*api.Error](err)
	if known == nil && !a.understood {
		known = api.Errorf(api.CodeInvalid, "%s", strings.TrimSpace(err.Error()))
	}
	if known == nil {
		known = api.Errorf(api.CodeInternal, "%w", err)
	}
	a.say(known, hintFor(cmd, known))
	return exitOf(known.Code)
}

// say tells people, or with --json programs, what failed.
func (a *app) say(err error, hint string) {
	if !a.output.wantsJSON() && (a.understood || !a.asksJSON) {
		a.streams.Error(err, hint)
		return
	}
	document, err := encode(api.AsError(err), "", "")
	if err == nil {
		// If stderr is gone the exit code still tells.
		_, _ = a.streams.Err.Write(append([]byte(inert(document)), '\n'))
	}
}

// flagError says of a flag's value what it must be, where Go would name a function.
func flagError(err error) error {
	bad, isValue := errors.AsType[*pflag.InvalidValueError](err)
	if !isValue {
		return err
	}
	name, value := "--"+bad.GetFlag().Name, bad.GetValue()
	switch kind := bad.GetFlag().Value.Type(); {
	case errors.Is(err, strconv.ErrRange):
		return api.Errorf(api.CodeInvalid, "%s %s is out of range", name, value)
	case kind == "int" || kind == "int64":
		return api.Errorf(api.CodeInvalid, "%s is a whole number, not %q", name, value)
	case kind == "bool":
		return api.Errorf(api.CodeInvalid, "%s is true or false, not %q", name, value)
	default:
		return err
	}
}

// meantBy are the commands that the word of which detail says that it is unknown is
// nearly the name of: one letter in three may be wrong, and two at most.
func meantBy(cmd *cobra.Command, detail string) (meant []string) {
	word := cmd.Flags().Arg(0)
	if cmd.Name() == "help" {
		cmd = cmd.Root()
	}
	if word == "" || !cmd.HasSubCommands() || !strings.Contains(detail, strconv.Quote(word)) {
		return nil
	}
	cmd.SuggestionsMinimumDistance = min(2, len(word)/3)
	for _, name := range cmd.SuggestionsFor(word) {
		meant = append(meant, fmt.Sprintf("`%s %s`", cmd.CommandPath(), name))
	}
	return meant
}

// hintFor says what to type next.
func hintFor(cmd *cobra.Command, e *api.Error) string {
	switch e.Code {
	case api.CodeInvalid:
		if meant := meantBy(cmd, e.Detail); len(meant) > 0 {
			return "did you mean " + strings.Join(meant, " or ") + "?"
		}
		return fmt.Sprintf("`%s --help` shows how it is used", cmd.CommandPath())
	case api.CodeNotFound:
		if e.OrderID != "" || strings.HasPrefix(e.Detail, "no book") {
			return "`bazar search WORDS` finds books and their item numbers"
		}
		if strings.HasPrefix(e.Detail, "no order") {
			return "`bazar orders list` shows your orders"
		}
		if strings.HasPrefix(e.Detail, "no token") {
			return "`bazar token list` shows your tokens"
		}
		if strings.HasPrefix(e.Detail, "no import") {
			return "`bazar imports list` shows the imports"
		}
	case api.CodeUnauthenticated:
		if cmd.Name() != "login" {
			return "`bazar login NAME` logs you in"
		}
	case api.CodeRateLimited:
		return "nothing was done; wait, then do the same again"
	case api.CodeForbidden:
		if cmd.Name() == "serve" {
			return "use a loopback address such as 127.0.0.1:8080, or --insecure if everyone who reaches it may do anything"
		}
		if strings.HasPrefix(e.Detail, "this token may not") || strings.HasPrefix(e.Detail, "this is for") {
			return "`bazar whoami` shows your role and what your token may be used for"
		}
	case api.CodePriceChanged:
		return "`bazar info BOOK` shows today's price"
	case api.CodeOutOfStock:
		if cmd.Name() == "buy" {
			return "`bazar search --in-stock WORDS` finds what there is"
		}
	case api.CodeCancelled:
		return "the same command without --id is a new order"
	case api.CodeUnavailable:
		if strings.HasPrefix(e.Detail, "too many") || strings.HasPrefix(e.Detail, "the store is busy") {
			return "nothing was recorded; wait, then do the same again"
		}
		if hint := client.Hint(e); hint != "" {
			return "nothing was recorded; " + hint
		}
		return "nothing was recorded; `bazar status` shows what can be reached"
	case api.CodeStorageFull:
		return "make space on the disk, then do the same again"
	case api.CodeOutcomeUnknown:
		return "`bazar orders resume` settles purchases; of other changes, look first whether they took effect"
	case api.CodeInternal:
		return "BAZAR_LOG_LEVEL=info shows more"
	}
	return ""
}
