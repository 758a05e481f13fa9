package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What stands on a command line every program on the machine can read: no flag
// takes a token or a password, and no argument is one.
func TestNoFlagTakesASecret(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }}
	seen := 0
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if strings.Contains(f.Name, "token") || strings.Contains(f.Name, "password") || strings.Contains(f.Name, "secret") {
				seen++
				if f.Value.Type() != "bool" {
					t.Errorf("%s --%s takes a %s", cmd.CommandPath(), f.Name, f.Value.Type())
				}
			}
		})
		if use := strings.ToLower(cmd.Use); strings.Contains(use, " password") || strings.Contains(use, " token") {
			t.Errorf("%s takes %q", cmd.CommandPath(), cmd.Use)
		}
		for _, below := range cmd.Commands() {
			look(below)
		}
	}
	root := a.rootCommand()
	root.SetOut(io.Discard)
	look(root)
	if seen < 6 {
		t.Errorf("only %d flags are about secrets: this test looks in the wrong place", seen)
	}
}
