package power

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/harness"
)

// The power may go while the services make their databases: then they make them
// again, or go on with what there is.
func TestAStoreThatLosesItsPowerWhileItIsMadeIsMade(t *testing.T) {
	run := begin(t, "power-birth")
	run.Shown = "the databases are made, whenever the power went"
	losses := harness.Pick(run, 6, 100, 1_000)
	done := 0
	for n := uint64(0); done < losses && !run.Failed() && run.More(); n++ {
		done += birth(t, run, n)
	}
	run.Tell("losses of power", "%d", done)
}

// birth starts a catalog and an order service where there is nothing, with the
// power going again and again, until they are ready.
func birth(t *testing.T, run *harness.Run, n uint64) (losses int) {
	disk := run.Disk(fmt.Sprint("disk-", n), faultfs.Options{Seed: run.Seed + n})
	chance := run.Rand(n)
	catalog := run.Process(fmt.Sprint("catalog-", n), "catalog", nil, "--db", "sqlite:"+filepath.Join(disk.Dir(), "catalog.db"))
	orders := run.Process(fmt.Sprint("order-", n), "order", nil, "--db", "sqlite:"+filepath.Join(disk.Dir(), "order.db"), "--catalog-url", catalog.URL())
	for range 5 {
		cut := disk.CutAfter(1 + chance.Int64N(400))
		started := make(chan error, 1)
		go func() {
			err := catalog.Start(t.Context())
			if err == nil {
				err = orders.Start(t.Context())
			}
			disk.Cut()
			started <- err
		}()
		<-cut
		for _, p := range []*harness.Process{catalog, orders} {
			p.Strike()
		}
		disk.Die()
		err := <-started
		catalog.Kill()
		orders.Kill()
		losses++
		run.Must(disk.Lose(chance.Uint64(), faultfs.KeepSome))
		if err == nil {
			break // both were ready before
		}
	}
	run.Must(catalog.Start(t.Context()))
	run.Must(orders.Start(t.Context()))
	calls := run.Client(catalog.URL(), orders.URL())
	run.Must(harness.Fill(t.Context(), calls, stock()))
	run.Audit(t.Context(), "BAZAR_CATALOG_URL="+catalog.URL(), "BAZAR_ORDER_URL="+orders.URL())
	catalog.Kill()
	orders.Kill()
	run.Must(disk.Close())
	return losses
}
