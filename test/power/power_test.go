package power

import (
	"context"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/harness"
)

var (
	room = harness.NewRoom("power", flag.CommandLine)
	need = faultfs.NewNeed(flag.CommandLine)
)

const (
	buyers = 8
	// epoch is after how many losses the shop is held against everything that is
	// known of it, and a new one opened: its orders must not become too many to
	// be looked at after each loss.
	epoch = 100
	// fewestChanges and mostChanges are between how many changes of the disk the
	// power goes, while people buy.
	fewestChanges, mostChanges = 20, 3_000
	// startup is one in how many losses that happens while the services start.
	startup = 5
)

// stock is what there is of the books that are bought; one sells out.
func stock() map[int64]int64 {
	return map[int64]int64{1: 1_000_000, 2: 500, 3: 1_000_000, 4: 1_000_000}
}

func TestNothingThatWasAcknowledgedIsLostWithThePower(t *testing.T) {
	run := begin(t, "power")
	losses := harness.Pick(run, 4, epoch, 10_000)
	lost, slowest := 0, time.Duration(0)
	for n := uint64(0); lost < losses && run.More(); n++ {
		s := open(t.Context(), run, n)
		for range min(epoch, losses-lost) {
			if !run.More() || run.Failed() {
				break
			}
			slowest = max(slowest, s.lose(t.Context(), faultfs.KeepSome))
			lost++
		}
		s.prove(t.Context())
		if run.Failed() {
			break
		}
	}
	run.Tell("losses of power", "%d", lost)
	run.Tell("slowest return", "%s until both services are ready", slowest.Round(time.Millisecond))
}

func begin(t *testing.T, name string) *harness.Run {
	run := room.Begin(t, name)
	run.Over(need.Form(t, run.Size == harness.Taste))
	return run
}

// store is a shop on a disk that loses its power.
type store struct {
	*harness.Run
	disk    *faultfs.FS
	shop    *harness.Shop
	account *harness.Account
	chance  *rand.Rand
	number  uint64
	losses  uint64
	last    time.Time // when the services were back after the last of them
	wrong   []string  // what the last left that must not be
}

func open(ctx context.Context, run *harness.Run, number uint64) *store {
	name := "disk-" + string(rune('a'+number%26)) + time.Now().Format("150405.000")
	s := &store{Run: run, number: number, chance: run.Rand(number), account: harness.NewAccount()}
	s.disk = run.Disk(name, faultfs.Options{Seed: run.Seed + number})
	s.shop = run.Open(ctx, s.disk.Dir(), s.disk.Dir(), stock())
	return s
}

// lose has people buy until the power goes, looks at what the disk is found to
// hold, and starts the services again. It gives how long that took them.
func (s *store) lose(ctx context.Context, keep faultfs.Keep) time.Duration {
	s.buy(ctx, s.changes(), keep)
	s.judge()
	for s.chance.IntN(startup) == 0 {
		cut := s.disk.CutAfter(1 + s.chance.Int64N(60))
		started := make(chan struct{})
		go func() {
			defer close(started)
			_, _ = s.start(ctx) // the power may go before they are ready
			s.disk.Cut()
		}()
		s.cut(ctx, cut, keep, func() { <-started })
		s.judge()
	}
	took, err := s.start(ctx)
	s.Must(err)
	s.last = time.Now()
	return took
}

// buy has people buy until the power goes after so many changes.
func (s *store) buy(ctx context.Context, changes int64, keep faultfs.Keep) {
	s.losses++
	people := &harness.Buyers{Account: s.account, Calls: s.shop.Calls, Books: s.shop.Books(), Round: s.number<<16 | s.losses}
	people.Start(ctx, s.Run, buyers)
	s.cut(ctx, s.disk.CutAfter(changes), keep, people.Leave)
}

// changes is after how many changes the power goes: more often after few than after many.
func (s *store) changes() int64 {
	return int64(fewestChanges * math.Exp(s.chance.Float64()*math.Log(mostChanges/fewestChanges)))
}

// cut waits for the loss, ends the services, and what end ends, and looks at the
// disk.
func (s *store) cut(ctx context.Context, cut <-chan struct{}, keep faultfs.Keep, end func()) {
	select {
	case <-cut:
	case <-time.After(5 * time.Second):
		s.disk.Cut() // nobody changes anything any more
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		end()
	}()
	s.shop.Catalog.Strike()
	s.shop.Orders.Strike()
	s.disk.Die()
	s.shop.Catalog.Kill()
	s.shop.Orders.Kill()
	<-ended
	s.Must(s.disk.Lose(s.chance.Uint64(), keep))
	s.look(ctx)
}

// look holds what the disk holds against what people were told.
func (s *store) look(ctx context.Context) {
	dir := filepath.Join(s.Dir, "found")
	s.Must(s.disk.Export(dir))
	s.wrong = nil
	found, err := harness.Find(ctx, dir)
	if err != nil {
		s.wrong = append(s.wrong, err.Error())
	} else {
		s.wrong = append(s.account.Lost(found.Orders), found.Faults(stock())...)
	}
	s.Must(os.RemoveAll(dir))
}

func (s *store) judge() {
	for _, wrong := range s.wrong {
		s.Violation("loss %d: %s", s.losses, wrong)
	}
}

func (s *store) start(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	catalog := make(chan error)
	go func() { catalog <- s.shop.Catalog.Start(ctx) }() // both come back with the power
	err := errors.Join(s.shop.Orders.Start(ctx), <-catalog)
	return time.Since(begun), err
}

// prove holds the shop against all that is known of it, and closes it.
func (s *store) prove(ctx context.Context) {
	if s.Failed() {
		return
	}
	s.shop.Prove(ctx, s.account, s.last)
	s.close()
}

// close ends the services and takes the disk away.
func (s *store) close() {
	s.shop.Orders.Kill()
	s.shop.Catalog.Kill()
	s.Must(s.disk.Close())
}
