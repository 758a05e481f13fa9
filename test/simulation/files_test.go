package simulation

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/pkg/api"
)

// mostBooks is how many books the template has; a seed uses the first of them.
const mostBooks = 4

// template is what each seed begins with: databases that are migrated and a
// store with books on its shelf. Bytes by the database's name.
type template map[string][]byte

// makeTemplate makes the databases once, in a bubble of its own, so that its
// times are those of the seeds.
func makeTemplate(t *testing.T) template {
	t.Helper()
	made, dir := template{}, t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		books, err := catalog.Open(t.Context(), catalog.Options{Database: "sqlite:" + filepath.Join(dir, catalogDB), Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		for i := range mostBooks {
			title, price := string(rune('A'+i)), api.Money{Amount: firstPrice, Currency: "USD"}
			if _, err := books.Create(t.Context(), api.BookEdit{Title: api.Some(title), Price: api.Some(price), Stock: api.Some(int64(firstStock))}); err != nil {
				t.Fatal(err)
			}
		}
		orders, err := order.Open(t.Context(), order.Options{Database: "sqlite:" + filepath.Join(dir, orderDB), Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(books.Close(), orders.Close()); err != nil {
			t.Fatal(err)
		}
	})
	for _, name := range []string{catalogDB, orderDB} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		made[name] = data
	}
	return made
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newDir makes a directory of files that are gone with the memory that holds
// them, where there are such.
func newDir() (string, error) {
	base := "/dev/shm"
	if info, err := os.Stat(base); err != nil || !info.IsDir() {
		base = ""
	}
	return os.MkdirTemp(base, "bazar-simulation-")
}

// hold keeps every writer of a database out, as another process would: by its
// turnstile.
func hold(path string) (release func(), err error) {
	turn, err := lockedfile.MutexAt(path + ".turn").Lock()
	if err != nil {
		return nil, err
	}
	defer turn()
	return lockedfile.MutexAt(path + ".write").Lock()
}

// image is what the files of a database hold at one moment.
type image struct{ database, log []byte }

// takeImage is the state that kill -9 leaves at a moment between two write
// transactions. What the process has written is in the page cache and survives
// it, synced or not. The -shm file is left out: whoever opens a database that
// nobody has open makes it anew from the log.
//
// The two files are read one after the other, so nothing may write to either
// between the two reads: a log that is older than the database, or newer and
// begun anew, is what no kill can leave. All that writes passes the turnstile,
// which is held here, but for the first part of a checkpoint; that one begins
// at 16 MiB of log, of which a seed makes a fraction, or when the database is
// closed, and a service is closed after its image was taken.
//
// To close a file of the database drops the process's own POSIX locks on it.
// They are for other processes, and there are none: within one, SQLite keeps
// account of its locks itself.
func takeImage(path string) (i image, err error) {
	release, err := hold(path)
	if err != nil {
		return i, err
	}
	defer release()
	if i.database, err = os.ReadFile(path); err != nil {
		return i, err
	}
	if i.log, err = os.ReadFile(path + "-wal"); errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return i, err
}

// tear makes of two images the state that a kill leaves in the middle of a
// write: until the log begins anew SQLite only appends to it, so that after any
// number of bytes between the two the process may have been stopped. Of a
// transaction that lacks its end SQLite takes nothing. Between the images nothing
// may leave the process, neither an answer nor a call: what rests on a commit
// leaves after it.
func tear(before, after image, d *dice) image {
	if grown := len(after.log) - len(before.log); grown > 0 {
		after.log = after.log[:len(before.log)+d.IntN(grown+1)]
	}
	return after
}

func (i image) write(path string) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, i.database, 0o644)
	}
	if err == nil && i.log != nil {
		err = os.WriteFile(path+"-wal", i.log, 0o644)
	}
	return err
}
