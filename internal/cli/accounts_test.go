package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// rootPassword is the password of the admin that [launchAccounts] makes.
const rootPassword = "the roots of the whole tree"

// accounted are services that know accounts, with an admin called root.
type accounted struct {
	services

	account *server
}

// launchAccounts starts the three services, with their databases in dir.
// Registration is open.
func launchAccounts(env []string, dir string) (a accounted, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return a, err
	}
	database := "sqlite:" + filepath.Join(dir, "account.db")
	admin := exec.Command("account", "admin", "create", "root", "--db", database)
	admin.Env, admin.Stdin = env, strings.NewReader(rootPassword+"\n")
	if _, err := admin.Output(); err != nil {
		return a, err
	}
	if a.account, err = launch(env, "account", anyPort("--db", database, "--registration", "open")...); err != nil {
		return a, err
	}
	if a.services, err = launchServices(append(env, "BAZAR_ACCOUNT_URL="+a.account.url()), dir); err != nil {
		a.account.kill()
	}
	return a, err
}

func (a accounted) env() []string {
	return append(a.services.env(), "BAZAR_ACCOUNT_URL="+a.account.url())
}

func (a accounted) kill() {
	a.services.kill()
	a.account.kill()
}

// TestAccountScripts runs the scripts of testdata/accounts against services that
// know accounts, and through a front end before them.
func TestAccountScripts(t *testing.T) {
	t.Run("services", func(t *testing.T) {
		t.Parallel()
		runAccountScripts(t, func(env *testscript.Env, a accounted) error {
			env.Vars = append(env.Vars, a.env()...)
			return nil
		})
	})
	t.Run("frontend", func(t *testing.T) {
		t.Parallel()
		runAccountScripts(t, func(env *testscript.Env, a accounted) error {
			front, err := launch(append(env.Vars, a.env()...), "bazar", append([]string{"serve"}, anyPort()...)...)
			if err != nil {
				return err
			}
			env.Defer(front.kill)
			env.Setenv("BAZAR_URL", front.url())
			return nil
		})
	})
}

func runAccountScripts(t *testing.T, reach func(*testscript.Env, accounted) error) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "accounts"),
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, home(filepath.Join(env.WorkDir, "home"))...)
			a, err := launchAccounts(env.Vars, filepath.Join(env.WorkDir, "services"))
			if err != nil {
				return err
			}
			env.Defer(a.kill)
			env.Setenv("OTHER", strings.Replace(a.account.url(), "127.0.0.1", "localhost", 1))
			return reach(env, a)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "like": like, "capture": capture, "journal": journal, "secret": secret,
		},
	})
}

// secret writes a file that only its owner may read:
//
//	secret FILE TEXT
func secret(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: secret FILE TEXT")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\n"), 0o600))
}
