package harness

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"

	"github.com/spf13/pflag"
	"modernc.org/sqlite"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/client"
	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/faultfs/vfs"
)

// A test's own program is a service, too, if its environment says so: with
// something put under SQLite that the real ones have no setting for.
const (
	serviceEnv = "BAZAR_TEST_SERVICE" // catalog, order or reader
	readerEnv  = "BAZAR_TEST_READS"   // a reader's database
	reader     = "reader"
	// Unsynced has such a service never sync its database.
	Unsynced = "BAZAR_TEST_UNSYNCED=1"
	// overVFS has it keep its database on a disk of the form VFS.
	overVFS = "BAZAR_TEST_VFS=1"
)

// Service makes a server that is this very program, as a catalog or an order
// service; it takes the flags of the real one that a shop needs.
func (r *Run) Service(name, service string, env []string, args ...string) *Process {
	self, err := os.Executable()
	r.Must(err)
	env = append(env, serviceEnv+"="+service)
	if r.form == faultfs.VFS {
		env = append(env, overVFS)
	}
	return r.process(name, self, env, args...)
}

// Reader makes a program that goes on reading a database of SQLite from when it is
// started until it is killed, as a backup does: meanwhile the log begins anew once at
// most, and then grows.
func (r *Run) Reader(name, db string) *Process {
	return r.Service(name, reader, []string{readerEnv + "=" + db})
}

// serve is such a server until it ends.
func serve(service string) int {
	if isSet(Unsynced) {
		sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, _ string) error {
			_, err := conn.ExecContext(context.Background(), "PRAGMA synchronous = OFF", nil)
			return err
		})
	}
	var openLog func(path string) (database.Log, error)
	if isSet(overVFS) {
		v, err := vfs.Register()
		if err != nil {
			slog.Error("no VFS", "error", err)
			return 1
		}
		defer runtime.KeepAlive(v)
		openLog = func(path string) (database.Log, error) { return faultfs.Open(path, false) }
	}
	if service == reader {
		if err := readOn(context.Background(), os.Getenv(readerEnv)); err != nil {
			slog.Error("can't read", "error", err)
			return 1
		}
		return 0
	}
	settings, db, catalogURL := web.Settings{}, "", ""
	settings.FromEnv(os.Getenv)
	bind := func(fs *pflag.FlagSet) {
		fs.StringVar(&db, "db", "", "")
		fs.StringVar(&catalogURL, "catalog-url", "", "")
	}
	command := web.Command(service, "", &settings, bind, func(ctx context.Context, log *slog.Logger) error {
		calls, err := client.New(client.Config{Catalog: client.Addresses(catalogURL)})
		if err != nil {
			return err
		}
		if service == "catalog" {
			return catalog.Serve(ctx, settings, catalog.Options{Database: db, OpenLog: openLog, Starter: bookfile.Starter, Log: log}, calls)
		}
		return order.Serve(ctx, settings, order.Options{Database: db, OpenLog: openLog, Catalog: calls, Log: log}, calls)
	})
	return web.Main(context.Background(), command, os.Stderr)
}

// readOn reads until the process is told to end.
func readOn(ctx context.Context, path string) error {
	told, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	n := 0
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n); err != nil {
		return err
	}
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).InfoContext(ctx, "ready")
	<-told.Done()
	return errors.Join(tx.Rollback(), db.Close())
}

func isSet(variable string) bool {
	name, value, _ := strings.Cut(variable, "=")
	return os.Getenv(name) == value
}
