package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

// typist types at a terminal when it asks.
type typist struct {
	*testing.T

	terminal *os.File
	seen     string
}

// answer waits for a question and types a line.
func (p *typist) answer(question, line string) {
	p.Helper()
	buffer := make([]byte, 4096)
	for !strings.Contains(p.seen, question) {
		n, err := p.terminal.Read(buffer)
		p.seen += string(buffer[:n])
		if err != nil {
			p.Fatalf("it never asks %q: %v\n%s", question, err, p.seen)
		}
	}
	if _, err := p.terminal.WriteString(line); err != nil {
		p.Fatal(err)
	}
	_, p.seen, _ = strings.Cut(p.seen, question)
}

// converse runs a program on a terminal, answers its questions, and gives all that
// stood on the screen and the exit code.
func converse(t *testing.T, env []string, program string, args []string, answers ...string) (screen string, exit int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(env, "TERM=xterm")
	p := &typist{T: t, terminal: open(t, cmd, 100)}
	for i := 0; i < len(answers); i += 2 {
		p.answer(answers[i], answers[i+1])
		screen += answers[i]
	}
	screen += p.seen + readAll(t, p.terminal)
	_ = cmd.Wait() // its exit code tells
	return plain(screen), cmd.ProcessState.ExitCode()
}

// At a terminal passwords are asked for, and not shown.
func TestPasswordsAreTypedUnseen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := home(dir)
	a, err := launchAccounts(env, filepath.Join(dir, "services"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.kill()
	env = append(env, a.env()...)
	const ada, fresh = "a room with a view of the sea", "the sea has a view of the room"
	said := func(screen string, exit, want int, texts ...string) {
		t.Helper()
		if exit != want {
			t.Fatalf("exit %d, not %d:\n%s", exit, want, screen)
		}
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				t.Errorf("%q is not on the screen:\n%s", text, screen)
			}
		}
		for _, secret := range []string{ada, fresh, rootPassword, api.TokenPrefix} {
			if strings.Contains(screen, secret) {
				t.Errorf("%q is on the screen:\n%s", secret, screen)
			}
		}
	}
	screen, exit := converse(t, env, "bazar", []string{"register", "ada"}, "Password for ada:", ada+"\r", "The same again:", "a slip of the hand\r")
	said(screen, exit, 2, "the two are not the same")
	screen, exit = converse(t, env, "bazar", []string{"register", "ada"}, "Password for ada:", ada+"\r", "The same again:", ada+"\r")
	said(screen, exit, 0, "ada", "customer")
	screen, exit = converse(t, env, "bazar", []string{"passwd"}, "Old password:", ada+"\r", "New password:", fresh+"\r", "The same again:", fresh+"\r")
	said(screen, exit, 0, "all other tokens of ada are revoked")
	screen, exit = converse(t, env, "bazar", []string{"login", "ada"}, "Password of ada:", ada+"\r")
	said(screen, exit, 4, "there is no account with this name and password")
	screen, exit = converse(t, env, "bazar", []string{"login", "ada"}, "Password of ada:", "\x03")
	said(screen, exit, 130)
	screen, exit = converse(t, env, "bazar", []string{"login", "ada"}, "Password of ada:", fresh+"\r")
	said(screen, exit, 0, "ada")
	screen, exit = converse(t, env, "bazar", []string{"login", "root"}, "Password of root:", rootPassword+"\r")
	said(screen, exit, 0, "root", "admin")
	screen, exit = converse(t, env, "bazar", []string{"accounts", "add", "bob"}, "Password for bob:", fresh+"\r", "The same again:", fresh+"\r")
	said(screen, exit, 0, "bob")
	database := "sqlite:" + filepath.Join(dir, "services", "account.db")
	screen, exit = converse(t, env, "account", []string{"admin", "create", "eve", "--db", database}, "Password:", fresh+"\r", "The same again:", fresh+"\r")
	said(screen, exit, 0, "eve", "admin")
}

// The first admin's password may come from a private file, or from a pipe.
func TestTheFirstAdminIsMadeOnTheServersMachine(t *testing.T) {
	dir := t.TempDir()
	env := home(dir)
	database := "sqlite:" + filepath.Join(dir, "account.db")
	file := filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte(rootPassword+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	create := func(name string, more ...string) result {
		return run(t.Context(), env, "account", append([]string{"admin", "create", name, "--db", database}, more...)...)
	}
	if r := create("root", "--password-file", file); r.exit != 2 || !strings.Contains(r.stderr, "chmod 600 "+file) {
		t.Errorf("a file that others may read: exit %d: %s", r.exit, r.stderr)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := create("root", "--password-file", file); r.exit != 0 || !strings.Contains(r.stdout, "\troot\tadmin\n") {
		t.Errorf("exit %d: %s%s", r.exit, r.stdout, r.stderr)
	}
	if r := create("ROOT", "--password-file", file); r.exit != 1 || !strings.Contains(r.stderr, "taken") {
		t.Errorf("the same name: exit %d: %s", r.exit, r.stderr)
	}
	for args, want := range map[string]string{"no name": "not an account's name", "local": "choose another name", "bob": "0 of 1 lines"} {
		if r := create(args); r.exit != 2 || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: exit %d: %s", args, r.exit, r.stderr)
		}
	}
	for _, args := range [][]string{{"admin", "create"}, {"admin", "destroy"}, {"admin", "create", "a-name", "another"}, {"--registration", "ajar"}} {
		if r := run(t.Context(), env, "account", append(args, "--db", database)...); r.exit != 2 {
			t.Errorf("%q: exit %d: %s", args, r.exit, r.stderr)
		}
	}
}

// A token that somebody put where none belongs is in no output, no log, no
// journal, no file but its own and no process list.
func TestSecretsAreNowhereElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := append(home(dir), "BAZAR_LOG_LEVEL=debug")
	a, err := launchAccounts(env, filepath.Join(dir, "services"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.kill()
	front, err := launch(append(env, a.env()...), "bazar", append([]string{"serve"}, anyPort()...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer front.kill()
	remote := append(env, "BAZAR_URL="+front.url())
	said := &bytes.Buffer{}
	typed := func(stdin string, more []string, args ...string) string {
		cmd := exec.Command("bazar", args...)
		cmd.Env, cmd.Stdin = append(remote, more...), strings.NewReader(stdin)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, said
		_ = cmd.Run() // whether it works is not the question
		return out.String()
	}
	typed(rootPassword+"\n", nil, "login", "root", "--password-stdin")
	secret := strings.TrimSpace(typed(rootPassword+"\n", nil, "token", "create", "canary", "--password-stdin", "--fields", "secret"))
	if err := api.CheckToken(secret); err != nil {
		t.Fatalf("%s: %v", said, err)
	}
	canary := []string{"BAZAR_TOKEN=" + secret}
	for _, args := range [][]string{
		{"whoami"},
		{"whoami", "--json"},
		{"status"},
		{"config"},
		{"buy", "3"},
		{"buy", "10:9"},
		{"orders", "list"},
		{"orders", "resume"},
		{"accounts", "list", "--json"},
		{"token", "list", "--json"},
		{"audit"},
		{"orders", "show", "nonsense"},
		{"accounts", "role", "root", "customer"},
		{"buy", "3", "--url", "http://127.0.0.1:1"},
		{"whoami", "--url", "http://192.0.2.1"},
		{"help", "environment"},
	} {
		said.WriteString(typed("", canary, args...))
	}
	said.WriteString(typed("", []string{canary[0][:len(canary[0])-1]}, "whoami")) // a character is missing
	// A purchase that is cut off stays in the journal.
	silent := append(remote, canary...)
	if r := run(t.Context(), append(silent, "BAZAR_URL=", "BAZAR_ORDER_URL=http://127.0.0.1:1", "BAZAR_CATALOG_URL="+a.catalog.url(), "BAZAR_ACCOUNT_URL="+a.account.url()), "bazar", "buy", "3", "--timeout", "1s"); r.exit == 0 {
		t.Fatal("bought from nobody")
	} else {
		said.WriteString(r.stdout + r.stderr)
	}
	for name, text := range map[string]string{
		"the command line": said.String(), "catalog": a.catalog.said(), "order": a.order.said(), "account": a.account.said(), "the front end": front.said(),
	} {
		if strings.Contains(text, secret[4:len(secret)-7]) || strings.Contains(text, rootPassword) {
			t.Errorf("%s tells a secret:\n%s", name, text)
		}
		if len(text) < 200 {
			t.Errorf("%s says next to nothing: %s", name, text)
		}
	}
	own := 0
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil // a socket, or gone
		}
		if bytes.Contains(data, []byte(secret[4:len(secret)-7])) || bytes.Contains(data, []byte(rootPassword)) {
			t.Errorf("%s has a secret in it", path)
		}
		if bytes.Contains(data, []byte(api.TokenPrefix)) {
			own++
			if info, err := d.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", path, info, err)
			}
		}
		return nil
	})
	if err != nil || own != 1 {
		t.Errorf("%d files have a token, that of the login is one: %v", own, err)
	}
}
