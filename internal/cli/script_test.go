package cli_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/bazar-store/bazar/pkg/api"
)

// TestScripts runs every script of testdata/script in each way that a store can
// be reached: the commands behave the same. Scripts about the store's own files
// say so: [!embedded] skip.
func TestScripts(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { runScripts(t, "embedded", nil) })
	t.Run("frontend", func(t *testing.T) { runScripts(t, "frontend", reachFrontEnd) })
	if raceEnabled {
		return // these two run no code that the others do not, and races take their time to be looked for
	}
	t.Run("services", func(t *testing.T) { runScripts(t, "services", reachServices) })
	t.Run("tls", func(t *testing.T) { runScripts(t, "services", reachOverTLS(madeCerts(t))) })
}

func runScripts(t *testing.T, way string, reach func(*testscript.Env) error) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, home(filepath.Join(env.WorkDir, "home"))...)
			if reach == nil {
				return nil
			}
			return reach(env)
		},
		Condition: func(condition string) (bool, error) {
			switch condition {
			case "embedded", "services", "frontend":
				return condition == way, nil
			}
			return false, fmt.Errorf("unknown condition %q", condition)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "like": like, "capture": capture, "journal": journal, "deaf": deaf, "nobody": nobody,
			"encode": encode, "pack": pack, "damage": damage,
		},
	})
}

// reachServices sets the addresses of services that run as processes.
func reachServices(env *testscript.Env) error {
	s, err := launchServices(env.Vars, filepath.Join(env.WorkDir, "services"))
	if err != nil {
		return err
	}
	env.Defer(s.kill)
	env.Vars = append(env.Vars, s.env()...)
	return nil
}

// reachOverTLS does the same with TLS everywhere, mutual between services.
func reachOverTLS(kit kit) func(*testscript.Env) error {
	return func(env *testscript.Env) error {
		s, err := kit.launch(env.Vars, filepath.Join(env.WorkDir, "services"))
		if err != nil {
			return err
		}
		env.Defer(s.kill)
		env.Vars = append(append(env.Vars, s.env()...), "BAZAR_CA_FILE="+kit.file("ca"))
		return nil
	}
}

// reachFrontEnd sets the address of a front end before such services.
func reachFrontEnd(env *testscript.Env) error {
	s, err := launchServices(env.Vars, filepath.Join(env.WorkDir, "services"))
	if err != nil {
		return err
	}
	env.Defer(s.kill)
	front, err := launch(append(env.Vars, s.env()...), "bazar", append([]string{"serve"}, anyPort()...)...)
	if err != nil {
		return err
	}
	env.Defer(front.kill)
	env.Setenv("BAZAR_URL", front.url())
	return nil
}

// exits runs a command that has to end with an exit code:
//
//	exits 3 bazar info 99
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// like compares output with a file, whatever ids and times it has:
//
//	like stdout want.tsv
func like(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: like stdout|stderr FILE")
	}
	got, want := masked(ts.ReadFile(args[0])), masked(ts.ReadFile(args[1]))
	if got != want {
		ts.Fatalf("%s", diff.Diff(args[1], []byte(want), args[0], []byte(got)))
	}
}

// masked puts names in the place of what differs from run to run. A line's
// trailing tab can't stand in a script, so a ~ at its end stands for nothing.
func masked(s string) string {
	s = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`).ReplaceAllString(s, "UUID")
	s = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`).ReplaceAllString(s, "TIME")
	return strings.ReplaceAll(s, "~\n", "\n")
}

// capture keeps what a command prints in a variable:
//
//	capture ID bazar buy 3 -q
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: capture VARIABLE COMMAND [ARGUMENT...]")
	}
	ts.Check(ts.Exec(args[1], args[2:]...))
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// journal writes the entry that an interrupted buy of one book leaves behind:
//
//	journal ID STORE_ID AGE BOOK QUANTITY [ACCOUNT]
func journal(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 5 {
		args = append(args, api.LocalAccount)
	}
	if neg || len(args) != 6 {
		ts.Fatalf("usage: journal ID STORE_ID AGE BOOK QUANTITY [ACCOUNT]")
	}
	age, err := time.ParseDuration(args[2])
	ts.Check(err)
	var line api.LineRequest
	line.BookID, err = strconv.ParseInt(args[3], 10, 64)
	ts.Check(err)
	line.Quantity, err = strconv.ParseInt(args[4], 10, 64)
	ts.Check(err)
	entry, err := json.Marshal(map[string]any{
		"id": args[0], "store_id": args[1], "time": time.Now().Add(-age), "lines": []api.LineRequest{line}, "account": args[5],
	})
	ts.Check(err)
	dir := filepath.Join(ts.Getenv("XDG_STATE_HOME"), "bazar", "journal")
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(os.WriteFile(filepath.Join(dir, args[0]+".json"), entry, 0o600))
}

// encode writes a file in another encoding, by its WHATWG name; with a byte order
// mark before it if the name has a + after it:
//
//	encode utf-16le+ books.csv wide.csv
func encode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: encode ENCODING FROM TO")
	}
	name, marked := strings.CutSuffix(args[0], "+")
	e, err := htmlindex.Get(name)
	ts.Check(err)
	text := ts.ReadFile(args[1])
	if marked {
		text = "\uFEFF" + text
	}
	text, err = e.NewEncoder().String(text)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o600))
}

// pack writes files into an archive, gzip of one or ZIP of many:
//
//	pack zip books.zip books.csv
func pack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: pack gzip|zip ARCHIVE FILE...")
	}
	var b bytes.Buffer
	if args[0] == "gzip" {
		w := gzip.NewWriter(&b)
		_, err := io.WriteString(w, ts.ReadFile(args[2]))
		ts.Check(errors.Join(err, w.Close()))
	} else {
		w := zip.NewWriter(&b)
		for _, name := range args[2:] {
			f, err := w.Create(name)
			ts.Check(err)
			_, err = io.WriteString(f, ts.ReadFile(name))
			ts.Check(err)
		}
		ts.Check(w.Close())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

// damage changes a database of the embedded store behind the programs' backs:
//
//	damage catalog.db 'UPDATE books SET stock = 99 WHERE id = 3'
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", filepath.Join(ts.Getenv("XDG_DATA_HOME"), "bazar", args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(errors.Join(err, db.Close()))
}

// deaf sets a variable to the address of a server that takes connections and
// never answers.
func deaf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: deaf VARIABLE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(args[0], "http://"+l.Addr().String())
}

// nobody runs a command as a user for whom file modes count: they do not for
// root:
//
//	nobody 6 bazar buy 3
func nobody(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: nobody CODE COMMAND [ARGUMENT...]")
	}
	cmd := exec.Command(args[1], args[2:]...)
	own := ts.MkAbs("nobody")
	ts.Check(os.MkdirAll(own, 0o755))
	ts.Check(os.Chmod(own, 0o777))
	for dir := filepath.Dir(own); dir != filepath.Clean(os.TempDir()); dir = filepath.Dir(dir) {
		ts.Check(os.Chmod(dir, 0o755)) // so that anyone finds the way in
	}
	cmd.Env = home(own)
	cmd.Stdout, cmd.Stderr, cmd.Dir = ts.Stdout(), ts.Stderr(), "/"
	if os.Getuid() == 0 {
		const id = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	}
	_ = cmd.Run() // its exit code tells
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit code %s, not %s", got, args[0])
	}
}
