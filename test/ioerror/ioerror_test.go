package ioerror

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/harness"
)

var (
	room = harness.NewRoom("ioerror", flag.CommandLine)
	need = faultfs.NewNeed(flag.CommandLine)
)

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }

// again is how soon orders are confirmed once the faults are over.
const again = 10 * time.Second

// row is a disk that fails in a way.
type row struct {
	name  string
	disk  string // whose: order or catalog
	fault faultfs.Fault
	hits  int  // how many errors are waited for
	power bool // then the power goes, too
	fixed bool // it is sure to be met
}

func rows() (all []row) {
	const database, log = "*.db", "*.db-wal"
	for _, disk := range []string{"order", "catalog"} {
		for _, r := range []row{
			{"writes of the log", "", faultfs.Fault{Names: []string{log}, Ops: faultfs.Write}, 20, false, false},
			{"each third write of the log", "", faultfs.Fault{Names: []string{log}, Ops: faultfs.Write, Chance: 0.3}, 20, false, false},
			{"one write of the log", "", faultfs.Fault{Names: []string{log}, Ops: faultfs.Write, Times: 1, Skip: 5}, 1, true, false},
			{"syncs of the log", "", faultfs.Fault{Names: []string{log}, Ops: faultfs.Sync}, 20, false, false},
			{"syncs of the log, with what they lose", "", faultfs.Fault{Names: []string{log}, Ops: faultfs.Sync, Lossy: true, Chance: 0.5}, 10, true, false},
			{"one sync of the log, with what it loses", "", faultfs.Fault{Names: []string{log}, Ops: faultfs.Sync, Lossy: true, Times: 1, Skip: 3}, 1, true, false},
			{"reads of the log and the database", "", faultfs.Fault{Names: []string{log, database}, Ops: faultfs.Read, Chance: 0.5}, 10, false, false},
			{"all of it, now and then", "", faultfs.Fault{Names: []string{log, database}, Ops: faultfs.Read | faultfs.Write | faultfs.Sync | faultfs.Truncate, Lossy: true, Chance: 0.05}, 20, true, false},
			{"all of it", "", faultfs.Fault{Names: []string{log, database}, Ops: faultfs.Read | faultfs.Write | faultfs.Sync | faultfs.Truncate, Lossy: true}, 20, true, false},
		} {
			r.name, r.disk, r.fault.Err, r.fixed = disk+": "+r.name, disk, syscall.EIO, true
			all = append(all, r)
		}
	}
	return all
}

// random is a fault by chance.
func random(chance *rand.Rand) row {
	names := [][]string{{"*.db"}, {"*.db-wal"}, {"*.db", "*.db-wal"}}
	f := faultfs.Fault{Names: names[chance.IntN(len(names))], Err: syscall.EIO, Lossy: true, Skip: chance.IntN(30)}
	f.Ops = faultfs.Op(1+chance.IntN(31)) | faultfs.Sync
	if chance.IntN(2) == 0 {
		f.Chance = chance.Float64()
	}
	if chance.IntN(3) == 0 {
		f.Times = 1 + chance.IntN(5)
	}
	return row{"faults by chance", []string{"order", "catalog"}[chance.IntN(2)], f, 1 + chance.IntN(20), chance.IntN(2) == 0, false}
}

func TestADiskThatFailsIsNeverTheReasonForAWrongAnswer(t *testing.T) {
	run := room.Begin(t, "ioerror")
	run.Over(need.Form(t, run.Size == harness.Taste))
	s := open(t.Context(), run, "")
	all := rows()
	if run.Size == harness.Taste {
		all = []row{all[0], all[4], all[12]}
	}
	for _, r := range all {
		if !run.Failed() {
			s.play(t.Context(), r)
		}
	}
	chance, n := run.Rand(0), harness.Pick(run, 2, 15, 10_000)
	played := 0
	for ; played < n && run.More() && !run.Failed(); played++ {
		s.play(t.Context(), random(chance))
	}
	run.Tell("faults by chance", "%d", played)
	run.Tell("restarts of services that had stopped", "%d", s.restarts)
	s.prove(t.Context())
}

// prove waits until the store has settled, and holds it against all that people
// were told: before anything is asked for again, against what was not recorded.
func (s *store) prove(ctx context.Context) {
	s.people.end()
	s.Tell("answers", "%v", s.people.answers)
	s.Settles(ctx, s.account, s.shop.Direct, s.last)
	for _, wrong := range s.people.hold(ctx) {
		s.Violation("%s", wrong)
	}
	s.shop.Prove(ctx, s.account, s.last)
}

// store is a shop whose services have disks of their own.
type store struct {
	*harness.Run
	disks    map[string]*faultfs.FS
	shop     *harness.Shop
	account  *harness.Account
	people   *buyers
	known    *known
	imports  *importer // nil where nothing is imported
	chance   *rand.Rand
	restarts int
	last     time.Time // when the last fault was over
}

// open opens a shop; more tells its disks from those of other shops of the run.
func open(ctx context.Context, run *harness.Run, more string) *store {
	s := &store{Run: run, disks: map[string]*faultfs.FS{}, account: harness.NewAccount(), chance: run.Rand(1)}
	for _, name := range []string{"order", "catalog"} {
		s.disks[name] = run.Disk("disk-"+name+more, faultfs.Options{Seed: run.Seed, Direct: true})
	}
	s.shop = run.Open(ctx, s.disks["catalog"].Dir(), s.disks["order"].Dir(), map[int64]int64{1: 1_000_000, 2: 500, 3: 1_000_000})
	known, err := learn(ctx, s.account, s.shop.Direct)
	s.Must(err)
	s.known = known
	s.people = newBuyers(s.account, s.shop.Direct, s.shop.Books())
	s.people.start(ctx, run, 6)
	return s
}

// play has a disk fail until it has done so often enough, and then be well.
func (s *store) play(ctx context.Context, r row) {
	lift := s.disks[r.disk].Inject(r.fault)
	before, tick := s.disks[r.disk].Hits(), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); s.disks[r.disk].Hits() < before+r.hits; {
		if waited := time.Since(begun); waited > 5*time.Second || (waited > time.Second && (s.disks[r.disk].Hits() > before || !r.fixed)) {
			break
		}
		<-tick.C
		s.read(ctx, r)
	}
	hits := s.disks[r.disk].Hits() - before
	if lift(); hits == 0 && r.fixed {
		s.Violation("%s: there was no error", r.name)
	}
	s.last = time.Now()
	stopped := s.restart(ctx)
	took := s.sells(ctx, r)
	if r.power {
		harness.Wait(ctx, 100*time.Millisecond) // for orders to be acknowledged
		s.losePower(ctx, r)
	}
	s.Tell(r.name, "%d errors; confirmed again after %s; stopped: %d", hits, took.Round(time.Millisecond), stopped)
}

// read reads what a failing disk has; it may be said that it can't be.
func (s *store) read(ctx context.Context, r row) {
	for _, wrong := range s.known.read(ctx) {
		s.Violation("%s: %s", r.name, wrong)
	}
}

// restart starts what has stopped.
func (s *store) restart(ctx context.Context) (stopped int) {
	for _, p := range []*harness.Process{s.shop.Catalog, s.shop.Orders} {
		if p.Ended() {
			stopped++
			s.Must(p.Restart(ctx))
		}
	}
	s.restarts += stopped
	return stopped
}

// sells waits until an order is confirmed.
func (s *store) sells(ctx context.Context, r row) time.Duration {
	took, sells := s.account.Sells(ctx, s.shop.Direct, 3, s.last, again)
	if !sells {
		s.Violation("%s: no order is confirmed within %s after the faults are over", r.name, again)
	}
	return took
}

// losePower takes the power from the service whose disk has failed: what was
// acknowledged since must not have been built on what was lost.
func (s *store) losePower(ctx context.Context, r row) {
	disk, p := s.disks[r.disk], s.shop.Orders
	if r.disk == "catalog" {
		p = s.shop.Catalog
	}
	cut := disk.CutAfter(1 + s.chance.Int64N(50))
	select {
	case <-cut:
	case <-time.After(time.Second):
		disk.Cut() // nothing changes there any more
	}
	p.Strike()
	disk.Die()
	p.Kill()
	s.Must(disk.Lose(s.chance.Uint64(), faultfs.KeepSome))
	found := filepath.Join(s.Dir, "found")
	s.Must(disk.Export(found))
	s.look(ctx, found, r) // before anything more is acknowledged
	s.Must(os.RemoveAll(found))
	s.Must(p.Start(ctx))
	s.last = time.Now()
	s.sells(ctx, r)
}

// look holds what is left of one database against what people were told.
func (s *store) look(ctx context.Context, dir string, r row) {
	found, err := harness.Find(ctx, dir)
	if err != nil {
		s.Violation("%s: after a loss of power %v", r.name, err)
		return
	}
	lost := s.account.Lost
	if r.disk == "catalog" {
		lost = func(map[string]api.OrderState) []string { return found.Unbacked(s.account) }
	}
	if s.imports != nil {
		for _, wrong := range s.imports.lost(found.Stock) {
			s.Violation("%s: after a loss of power %s", r.name, wrong)
		}
	}
	for _, wrong := range lost(found.Orders) {
		s.Violation("%s: after a loss of power %s", r.name, wrong)
	}
}
