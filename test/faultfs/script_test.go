package faultfs_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"modernc.org/sqlite"

	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/faultfs/vfs"
)

// player plays a script in a directory; it keeps files open once it has them.
type player struct {
	dir   string
	files map[string]*os.File
	bases map[string]*sql.DB
}

// playOver plays a script with SQLite's VFS as a file system wants it.
func playOver(form faultfs.Form, text string) int {
	if form == faultfs.VFS {
		v, err := vfs.Register()
		if err != nil {
			tell(err)
			return 1
		}
		defer v.Unregister()
	}
	return play(text)
}

// play prints for each line what came of it.
func play(text string) int {
	dir, lines, _ := strings.Cut(text, "\n")
	p := player{dir: dir, files: map[string]*os.File{}, bases: map[string]*sql.DB{}}
	defer p.close()
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if args := strings.Fields(line); args[0] == "count" {
			if err := p.count(args[1], number(args[2])); err != nil {
				tell(line, "=>", err)
				return 1
			}
		}
		said, err := p.do(strings.Fields(line))
		if e := errors.Unwrap(err); e != nil {
			err = e
		}
		if err != nil {
			said = err.Error()
		}
		tell(strings.TrimSpace(line + " => " + said))
	}
	return 0
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func (p player) do(args []string) (said string, err error) {
	path, said := filepath.Join(p.dir, args[1]), "ok"
	switch args[0] {
	case "write", "fill":
		text := []byte(args[3])
		if args[0] == "fill" {
			text = bytes.Repeat(text, int(number(args[4])))
		}
		err = p.open(args[1], path, os.O_CREATE)
		if err == nil {
			_, err = p.files[args[1]].WriteAt(text, number(args[2]))
		}
	case "open":
		err = p.open(args[1], filepath.Join(p.dir, args[2]), 0)
	case "sync":
		if err = p.open(args[1], path, 0); err == nil {
			err = p.files[args[1]].Sync()
		}
	case "syncdir":
		var dir *os.File
		if dir, err = os.Open(path); err == nil {
			err = dir.Sync()
		}
	case "read", "size":
		var data []byte
		data, err = os.ReadFile(path)
		if said = string(data); args[0] == "size" {
			said = strconv.Itoa(len(data))
		}
	case "list":
		var entries []os.DirEntry
		var names []string
		entries, err = os.ReadDir(path)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		said = strings.Join(names, " ")
	case "truncate":
		err = os.Truncate(path, number(args[2]))
	case "mkdir":
		err = os.Mkdir(path, 0o755)
	case "remove":
		err = os.Remove(path)
	case "sql":
		err = p.exec(args[1], strings.Join(args[2:], " "))
	case "rename":
		err = os.Rename(path, filepath.Join(p.dir, args[2]))
	}
	return said, err
}

func (p player) open(name, path string, flags int) (err error) {
	if p.files[name] == nil {
		p.files[name], err = os.OpenFile(path, os.O_RDWR|flags, 0o600)
	}
	return err
}

// exec gives SQLite's code of what fails.
func (p player) exec(name, statement string) (err error) {
	if p.bases[name] == nil {
		if p.bases[name], err = p.database(name); err != nil {
			return err
		}
	}
	_, err = p.bases[name].Exec(statement)
	if failed, ok := errors.AsType[*sqlite.Error](err); ok {
		return fmt.Errorf("code %d", failed.Code())
	}
	return err
}

func (p player) close() {
	for _, db := range p.bases {
		_ = db.Close() // the disk may fail
	}
}

func (p player) database(name string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+filepath.Join(p.dir, name)+"?_pragma=busy_timeout(20000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=wal_autocheckpoint(20)")
}

// count commits rows, and prints a line after each but the last.
func (p player) count(name string, n int64) error {
	db, err := p.database(name)
	if err != nil {
		return err
	}
	if _, err := db.Exec("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)"); err != nil {
		return err
	}
	for i := range n {
		if _, err := db.Exec("INSERT INTO t (text) VALUES (hex(randomblob(700)))"); err != nil {
			return err
		}
		if i < n-1 {
			tell(i)
		}
	}
	return db.Close()
}

// tell says something to the test; a line that is lost fails it.
func tell(what ...any) { _, _ = fmt.Fprintln(os.Stdout, what...) }
