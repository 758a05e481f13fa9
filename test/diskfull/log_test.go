package diskfull

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/harness"
)

// A log that can't be written is no reason not to sell.
func TestAFullDiskForTheLogHarmsNothing(t *testing.T) {
	run := room.Begin(t, "diskfull-log")
	need.FUSE(t, run.Size == harness.Taste) // a VFS sees no logs
	s := open(t.Context(), run)
	s.shop.Orders.Kill()
	s.shop.Catalog.Kill()
	logs := map[string]*faultfs.FS{}
	for _, name := range []string{"catalog", "order"} {
		logs[name] = run.Disk("disk-log-"+name, faultfs.Options{Seed: run.Seed})
	}
	s.shop.Catalog = s.logging(t.Context(), "catalog", logs["catalog"])
	s.shop.Orders = s.logging(t.Context(), "order", logs["order"], "--catalog-url", s.shop.Catalog.URL())
	s.shop.Direct = run.Client(s.shop.Catalog.URL(), s.shop.Orders.URL())
	s.confirms(t.Context())
	lifts := []func(){}
	for _, disk := range logs {
		lifts = append(lifts, disk.Inject(faultfs.Full(100, "*")))
	}
	for range 200 {
		if status, code := s.put(t.Context(), api.NewID()); status != http.StatusCreated {
			run.Violation("an order was answered %d %s while the disks of the logs are full", status, code)
		}
	}
	for name, disk := range logs {
		if disk.Hits() == 0 {
			t.Errorf("the %s service logged nothing", name)
		}
	}
	for _, lift := range lifts {
		lift()
	}
	s.confirms(t.Context())
	s.shop.Prove(t.Context(), s.account, s.last)
}

// logging starts a service whose log is on a disk. The shell says that it is
// ready before it is; what follows goes to the disk.
func (s *store) logging(ctx context.Context, name string, disk *faultfs.FS, flags ...string) *harness.Process {
	args := []string{
		"-c", `echo '{"msg":"ready"}' >&2; exec "$0" "$@" 2>>"$LOG"`, s.Program(name),
		"--db", "sqlite:" + filepath.Join(s.disks[name].Dir(), name+".db"),
	}
	p := s.Process(name+"-logging", "/bin/sh", []string{"LOG=" + filepath.Join(disk.Dir(), "log")}, append(args, flags...)...)
	s.Must(p.Start(ctx))
	return p
}

// confirms waits until the service answers, and confirms.
func (s *store) confirms(ctx context.Context) {
	s.last = time.Now()
	if took, sells := s.account.Sells(ctx, s.shop.Direct, 3, s.last, again); !sells {
		s.Fatalf("no order is confirmed within %s", took)
	}
}
