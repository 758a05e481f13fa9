package database_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

func TestOpenMakesTheFile(t *testing.T) {
	path := newPath(t)
	if n := counted(t, open(t, path)); n != 0 {
		t.Errorf("a new counter stands at %d", n)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// Orders and hashes of passwords are nobody's business on a machine of many
// users.
func TestNobodyElseReadsANewDatabase(t *testing.T) {
	path := newPath(t)
	db := open(t, path)
	if err := db.Write(t.Context(), count); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 4 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", filepath.Base(file), info.Mode(), err)
		}
	}
}

// Whoever lets others read a database has their reasons.
func TestTheModeOfADatabaseThatIsThereStays(t *testing.T) {
	path := newPath(t)
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestOpenAgainKeepsWhatIsThereAndMigrates(t *testing.T) {
	path := newPath(t)
	db := open(t, path)
	if err := errors.Join(db.Write(t.Context(), count), db.Close()); err != nil {
		t.Fatal(err)
	}
	newer, err := database.Open(t.Context(), "sqlite:"+path, names())
	if err != nil {
		t.Fatal(err)
	}
	defer newer.Close()
	if n := counted(t, newer); n != 1 {
		t.Errorf("the counter stands at %d, want 1", n)
	}
	if err := newer.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO names VALUES ('new')").Error
	}); err != nil {
		t.Errorf("the new table: %v", err)
	}
}

func TestASchemaOfANewerProgramIsRefused(t *testing.T) {
	path := newPath(t)
	newer, err := database.Open(t.Context(), "sqlite:"+path, names())
	if err != nil {
		t.Fatal(err)
	}
	newer.Close()
	_, err = database.Open(t.Context(), "sqlite:"+path, counters())
	wants(t, err, api.CodeInternal, path, "newer version of Bazar", "schema 2", "knows 1")
}

func TestADamagedFileIsRefused(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.db")
	open(t, whole).Close()
	good, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"garbage":             bytes.Repeat([]byte("not a database "), 1000),
		"a few bytes":         []byte("hello"),
		"cut in half":         good[:len(good)/2],
		"cut by a page":       good[:len(good)-4096],
		"first page zeroed":   append(make([]byte, 4096), good[4096:]...),
		"all but page 1 lost": append(append([]byte{}, good[:4096]...), make([]byte, len(good)-4096)...),
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := database.Open(t.Context(), "sqlite:"+path, counters())
			code := api.CodeUnavailable // as a disk that can't be read, for all that SQLite says
			if slices.Contains([]string{"garbage", "a few bytes", "first page zeroed"}, name) {
				code = api.CodeInternal
			}
			wants(t, err, code, path, "damaged", "backup")
		})
	}
}

func TestAnEmptyFileIsANewDatabase(t *testing.T) {
	path := newPath(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := counted(t, open(t, path)); n != 0 {
		t.Errorf("counter at %d", n)
	}
}

func TestADirectoryIsNoDatabase(t *testing.T) {
	path := t.TempDir()
	_, err := database.Open(t.Context(), "sqlite:"+path, counters())
	wants(t, err, api.CodeUnavailable, path, "can't be opened")
}

func TestNoDatabaseInADirectoryThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "such", "test.db")
	_, err := database.Open(t.Context(), "sqlite:"+path, counters())
	wants(t, err, api.CodeUnavailable, path, "directory")
}

func TestNoNewDatabaseInAReadOnlyDirectory(t *testing.T) {
	dir := dirToSeal(t)
	makeReadOnly(t, dir)
	path := filepath.Join(dir, "test.db")
	_, err := database.Open(t.Context(), "sqlite:"+path, counters())
	wants(t, err, api.CodeUnavailable, path, "writable")
}

func TestADatabaseInAReadOnlyDirectoryIsNotWritten(t *testing.T) {
	dir := dirToSeal(t)
	path := filepath.Join(dir, "test.db")
	open(t, path).Close()
	makeReadOnly(t, dir)
	db, err := database.Open(t.Context(), "sqlite:"+path, counters())
	if err == nil { // it may be opened for reading
		defer db.Close()
		err = db.Write(t.Context(), count)
	}
	wants(t, err, api.CodeUnavailable)
}

func TestLocationsThatAreNoSQLitePathAreRefused(t *testing.T) {
	for _, location := range []string{"", "sqlite:", "shop.db", "postgres://localhost/shop", "SQLITE:shop.db"} {
		_, err := database.Open(t.Context(), location, counters())
		wants(t, err, api.CodeInvalid, "sqlite:PATH")
	}
}

func TestAFileMayHaveAnyName(t *testing.T) {
	for _, name := range []string{
		"a b.db", "50%.db", "%41.db", "what?.db", "a?mode=memory", "c#.db", "a&b=c;d.db", "it's.db", `back\slash.db`, "книга.db", "-", ":memory:", "file:x",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			db := open(t, filepath.Join(dir, name))
			if err := db.Write(t.Context(), count); err != nil {
				t.Fatal(err)
			}
			files, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if !strings.HasPrefix(f.Name(), name) {
					t.Errorf("made a file %q", f.Name())
				}
			}
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestARelativePathStaysThatFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	db := open(t, "here.db")
	t.Chdir(t.TempDir())
	if err := db.Write(t.Context(), count); err != nil {
		t.Fatal(err)
	}
	if n := counted(t, open(t, filepath.Join(dir, "here.db"))); n != 1 {
		t.Errorf("counter at %d, want 1", n)
	}
}

func TestManyOpenANewDatabaseAtOnce(t *testing.T) {
	path := newPath(t)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 50 {
		wg.Go(func() {
			<-start
			db, err := database.Open(t.Context(), "sqlite:"+path, names())
			if err != nil {
				t.Errorf("open: %v (%v)", err, errors.Unwrap(err))
				return
			}
			defer db.Close()
			if err := db.Write(t.Context(), count); err != nil {
				t.Errorf("write: %v", err)
			}
		})
	}
	close(start)
	wg.Wait()
	db, err := database.Open(t.Context(), "sqlite:"+path, names())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := counted(t, db); n != 50 {
		t.Errorf("counted %d, want 50", n)
	}
}

func TestOpenGivesUpWithItsContext(t *testing.T) {
	path := newPath(t)
	release := hold(t, open(t, path))
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := database.Open(ctx, "sqlite:"+path, names()) // has to migrate
	wants(t, err, api.CodeUnavailable)
}

func TestEverySyncIsFullAndTheLogIsAhead(t *testing.T) {
	db := open(t, newPath(t))
	pragmas := func(session *gorm.DB) map[string]string {
		got := map[string]string{}
		for _, name := range []string{"journal_mode", "synchronous", "busy_timeout", "query_only", "foreign_keys"} {
			var value string
			if err := session.Raw("PRAGMA " + name).Scan(&value).Error; err != nil {
				t.Fatal(err)
			}
			got[name] = value
		}
		return got
	}
	var writer map[string]string
	if err := db.Write(t.Context(), func(tx *gorm.DB) error {
		writer = pragmas(tx)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if writer["journal_mode"] != "wal" || writer["synchronous"] != "2" || writer["busy_timeout"] != "5000" || writer["query_only"] != "0" || writer["foreign_keys"] != "1" {
		t.Errorf("writer: %v", writer)
	}
	if reader := pragmas(db.Read(t.Context())); reader["journal_mode"] != "wal" || reader["query_only"] != "1" {
		t.Errorf("reader: %v", reader)
	}
}

// A bubble ends when every goroutine in it has, and fails if one never does.
func TestAClosedDatabaseLeavesNoGoroutineBehind(t *testing.T) {
	path := newPath(t)
	synctest.Test(t, func(t *testing.T) {
		db, err := database.Open(t.Context(), "sqlite:"+path, counters())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Write(t.Context(), count), db.Close()); err != nil {
			t.Error(err)
		}
	})
}
