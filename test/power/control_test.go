package power

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/harness"
)

// enough is how many a shop makes before the power goes that is to lose
// something: enough for orders to be acknowledged.
const enough = 1_500

// The same losses, and the same look at the disk, must find orders gone where
// the disk does not keep what it was told to sync: or else they prove nothing.
func TestADiskThatDoesNotSyncLosesWhatWasAcknowledged(t *testing.T) {
	run := begin(t, "power-control-disk")
	run.Shown = "what such a disk loses is found"
	deaf := func(keep faultfs.Keep, rounds int) (lost int) {
		for n := range rounds {
			s := open(t.Context(), run, uint64(n))
			s.disk.Deaf(true)
			s.buy(t.Context(), enough, keep)
			lost += s.tellLost(keep)
			s.close()
		}
		return lost
	}
	rounds := harness.Pick(run, 2, 5, 20)
	lost := deaf(faultfs.KeepNothing, rounds)
	run.Tell("a disk that does not sync and keeps nothing", "%d of %d losses found", lost, rounds)
	if lost < rounds {
		t.Errorf("%d of %d losses were found on a disk that does not sync", lost, rounds)
	}
	// Now and then all of it is kept by chance.
	rounds = harness.Pick(run, 8, 10, 40)
	lost = deaf(faultfs.KeepSome, rounds)
	run.Tell("a disk that does not sync and keeps some", "%d of %d losses found", lost, rounds)
	if lost == 0 {
		t.Errorf("none of %d losses was found on a disk that does not sync", rounds)
	}
}

// The services themselves with synchronous=OFF, which there is no setting for:
// this program runs them, and sets it on each connection.
func TestServicesThatDoNotSyncLoseWhatWasAcknowledged(t *testing.T) {
	run := begin(t, "power-control-off")
	run.Shown = "what such services lose is found"
	lost, rounds := 0, harness.Pick(run, 1, 5, 20)
	for n := range rounds {
		s := open(t.Context(), run, uint64(n))
		s.shop.Orders.Kill()
		s.shop.Catalog.Kill()
		s.shop.Catalog = run.Service(fmt.Sprint("unsynced-catalog-", n), "catalog", []string{harness.Unsynced}, "--db", "sqlite:"+filepath.Join(s.disk.Dir(), "catalog.db"))
		s.shop.Orders = run.Service(fmt.Sprint("unsynced-order-", n), "order", []string{harness.Unsynced},
			"--db", "sqlite:"+filepath.Join(s.disk.Dir(), "order.db"), "--catalog-url", s.shop.Catalog.URL())
		_, err := s.start(t.Context())
		run.Must(err)
		s.shop.Calls = run.Client(s.shop.Catalog.URL(), s.shop.Orders.URL())
		s.buy(t.Context(), enough, faultfs.KeepNothing)
		lost += s.tellLost(faultfs.KeepNothing)
	}
	run.Tell("services with synchronous=OFF", "%d of %d losses found", lost, rounds)
	if lost < rounds {
		t.Errorf("%d of %d losses were found with synchronous=OFF", lost, rounds)
	}
}

// tellLost gives 1 if an order was found lost that had been acknowledged. Of a
// disk that kept some the databases may be damaged instead.
func (s *store) tellLost(keep faultfs.Keep) int {
	gone := 0
	for _, wrong := range s.wrong {
		if strings.Contains(wrong, "is lost; its buyer was told") {
			gone++
		}
	}
	s.Logf("%d of %d orders are found lost; %d findings", gone, s.account.Len(), len(s.wrong))
	if keep == faultfs.KeepSome {
		gone = len(s.wrong)
	}
	return min(1, gone)
}

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }
