package faultfs_test

import (
	"bufio"
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bazar-store/bazar/test/faultfs"
)

// The file system is used by other processes: this program, started again with a
// script in its environment.
const (
	script = "FAULTFS_SCRIPT"
	form   = "FAULTFS_FORM"
)

var need = faultfs.NewNeed(flag.CommandLine)

func TestMain(m *testing.M) {
	if text := os.Getenv(script); text != "" {
		os.Exit(playOver(faultfs.Form(os.Getenv(form)), text))
	}
	os.Exit(m.Run())
}

func mount(t *testing.T, o faultfs.Options) *faultfs.FS {
	t.Helper()
	if o.Form != faultfs.VFS {
		need.FUSE(t, true)
	}
	f, err := faultfs.New(t.TempDir(), t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// program is a process that plays a script in the file system.
func program(t *testing.T, f *faultfs.FS, lines ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), form+"="+string(f.Form()), script+"="+f.Dir()+"\n"+strings.Join(lines, "\n"),
		"GORACE=atexit_sleep_ms=0") // the race detector would have each program end a second late
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// does plays a script to its end and holds what it prints, an answer a line,
// against what is wanted: "ok" may be left away.
func does(t *testing.T, f *faultfs.FS, lines ...string) {
	t.Helper()
	var commands []string
	var want bytes.Buffer
	for _, line := range lines {
		command, answer, found := strings.Cut(line, " =>")
		if !found {
			answer = "ok"
		}
		commands = append(commands, command)
		want.WriteString(strings.TrimSpace(command+" => "+strings.TrimSpace(answer)) + "\n")
	}
	got, err := program(t, f, commands...).CombinedOutput()
	if err != nil || string(got) != want.String() {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want.String())
	}
}

func lose(t *testing.T, f *faultfs.FS, seed uint64, keep faultfs.Keep) {
	t.Helper()
	f.Cut()
	if err := f.Lose(seed, keep); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutFaultsItIsAFileSystem(t *testing.T) {
	f := mount(t, faultfs.Options{})
	does(t, f, "write a 0 hello", "read a => hello", "write a 5 _world", "read a => hello_world", "truncate a 4", "read a => hell",
		"mkdir d", "mkdir d => file exists", "rename a d/b", "read a => no such file or directory", "read d/b => hell", "list d => b",
		"remove d => directory not empty", "remove d/b", "remove d", "list . =>", "sync gone => no such file or directory")
	does(t, f, "write x 0 1", "write y 0 2", "rename x y", "read y => 1", "list . => y")
}

func TestWhatWasNotSyncedIsForgotten(t *testing.T) {
	f := mount(t, faultfs.Options{})
	does(t, f, "write a 0 old", "sync a", "write b 0 text", "syncdir .", "write a 0 new", "write a 3 er", "write c 0 text", "mkdir d")
	lose(t, f, 1, faultfs.KeepNothing)
	does(t, f, "list . => a b", "read a => old", "read b =>")
	does(t, f, "remove b", "rename a z", "truncate z 1", "list . => z")
	lose(t, f, 1, faultfs.KeepNothing)
	does(t, f, "list . => a b", "read a => old")
}

func TestWhatWasSyncedIsKept(t *testing.T) {
	f := mount(t, faultfs.Options{})
	does(t, f, "write a 0 old", "sync a", "mkdir d", "syncdir .", "write d/b 5000 text", "sync d/b", "syncdir d", "write a 0 new", "sync a",
		"write x 0 x", "sync x", "syncdir .", "rename x d/x", "write y 0 y", "sync y", "syncdir d", "remove a", "syncdir .")
	for seed := range uint64(20) {
		lose(t, f, seed, faultfs.KeepSome)
		does(t, f, "list . => d y", "list d => b x", "read d/x => x", "read y => y", "size d/b => 5004")
	}
}

func TestSomeOfWhatWasNotSyncedIsKept(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(60) {
		f := mount(t, faultfs.Options{})
		does(t, f, "fill a 0 o 16384", "sync a", "syncdir .", "fill a 0 n 4096", "fill a 4096 m 8192", "write b 0 b")
		lose(t, f, seed, faultfs.KeepSome)
		dir := t.TempDir()
		if err := f.Export(dir); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "a"))
		if err != nil || len(data) != 16384 || strings.Trim(string(data[12288:]), "o") != "" {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		for at := 0; at < 8192; at += 4096 {
			page := string(data[at : at+4096])
			switch {
			case strings.Trim(page, "o") == "":
				seen["old"]++
			case strings.Trim(page, "nm") == "":
				seen["new"]++
			default:
				seen["torn"]++
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "b")); err == nil {
			seen["name kept"]++
		} else {
			seen["name forgotten"]++
		}
	}
	for _, what := range []string{"old", "new", "torn", "name kept", "name forgotten"} {
		if seen[what] < 5 {
			t.Errorf("seen %v", seen)
		}
	}
}

func TestTheSameSeedLosesTheSame(t *testing.T) {
	var first string
	for range 3 {
		f := mount(t, faultfs.Options{})
		does(t, f, "fill a 0 o 65536", "sync a", "syncdir .", "fill a 0 n 40000", "fill a 20000 m 40000", "write b 0 b", "write c 0 c")
		lose(t, f, 7, faultfs.KeepSome)
		out, err := program(t, f, "list .", "read a").Output()
		if err != nil || (first != "" && string(out) != first) {
			t.Errorf("%v, %d bytes, the first time %d", err, len(out), len(first))
		}
		first = string(out)
	}
}

func TestThePowerGoesAtAChange(t *testing.T) {
	f := mount(t, faultfs.Options{})
	does(t, f, "write a 0 old", "sync a", "syncdir .")
	cut := f.CutAfter(2)
	cmd := program(t, f, "write a 0 new", "sync a")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "write a 0 new => ok\n" {
		t.Errorf("%q, %v", line, err)
	}
	<-cut
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	f.Die()
	if err := cmd.Wait(); err == nil {
		t.Error("it was not killed")
	}
	if err := f.Lose(1, faultfs.KeepNothing); err != nil {
		t.Fatal(err)
	}
	does(t, f, "read a => old")
}

func TestADeafDiskForgetsWhatItWasToldToSync(t *testing.T) {
	f := mount(t, faultfs.Options{})
	does(t, f, "write a 0 old", "sync a", "syncdir .")
	f.Deaf(true)
	does(t, f, "write a 0 new", "sync a", "syncdir .", "read a => new")
	lose(t, f, 1, faultfs.KeepNothing)
	does(t, f, "read a => old")
}

func TestAFullDiskTakesWhatFitsAndWritesOver(t *testing.T) {
	f := mount(t, faultfs.Options{})
	does(t, f, "fill a 0 a 100", "fill other 0 o 10")
	lift := f.Inject(faultfs.Full(50, "a", "b"))
	does(t, f, "fill a 100 b 70 => no space left on device", "size a => 150", "fill a 0 c 150", "fill a 150 d 1 => no space left on device",
		"fill other 10 o 10000", "fill b 0 b 1 => no space left on device", "truncate a 10000 => no space left on device", "truncate a 10")
	lift()
	does(t, f, "fill a 10 d 10000", "size a => 10010")
}

func TestFaultsAreMet(t *testing.T) {
	f := mount(t, faultfs.Options{Direct: true})
	does(t, f, "write a 0 text", "write b 0 text")
	lift := f.Inject(faultfs.Fault{Names: []string{"a"}, Ops: faultfs.Write, Err: syscall.EIO, Skip: 1, Times: 1})
	does(t, f, "write a 0 1", "write b 0 1", "write a 0 2 => input/output error", "write a 0 3", "read a => 3ext")
	if n := f.Hits(); n != 1 {
		t.Errorf("%d hits", n)
	}
	lift()
	lift = f.Inject(faultfs.Fault{Names: []string{"*"}, Ops: faultfs.Read | faultfs.Sync, Err: syscall.EIO})
	does(t, f, "read a => input/output error", "sync b => input/output error", "syncdir . => input/output error", "write b 0 2")
	lift()
	does(t, f, "read a => 3ext", "sync a")
}

// As with Linux: who has the file open when its sync fails is told so once, and
// what was lost stays lost, though it can be read.
func TestAFailedSyncLosesAndIsToldOnce(t *testing.T) {
	f := mount(t, faultfs.Options{Seed: 3})
	does(t, f, "fill a 0 o 40960", "sync a", "syncdir .")
	defer f.Inject(faultfs.Fault{Names: []string{"a"}, Ops: faultfs.Sync, Err: syscall.EIO, Times: 1, Lossy: true})()
	does(t, f, "fill a 0 n 40960", "open b a", "sync a => input/output error", "sync b => input/output error", "sync b", "sync a", "open c a", "sync c", "fill a 0 m 4096", "sync a")
	dir := t.TempDir()
	if err := f.Export(dir); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(data) != strings.Repeat("m", 4096)+strings.Repeat("n", 36864) {
		t.Errorf("programs see %.20q, %v", data, err)
	}
	lose(t, f, 1, faultfs.KeepSome)
	if err := f.Export(dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "a"))
	if old := bytes.Count(data, []byte("o")); err != nil || data[0] != 'm' || old == 0 || old == 36864 || old%4096 != 0 {
		t.Errorf("%d bytes are old, %v", old, err)
	}
}
