package diskfull

import (
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/harness"
)

var (
	room = harness.NewRoom("diskfull", flag.CommandLine)
	need = faultfs.NewNeed(flag.CommandLine)
)

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }

const (
	// again is how soon all works again once there is space.
	again = 5 * time.Second
	// few is how many may fit into what the log's file has left when the next order
	// does not: one that splits pages needs as many as several others.
	few = 6
	// tries is how many orders a full disk may still take: a log that has begun anew
	// is written over as far as it reached before, which needs no space.
	tries = 2_000
)

// row is a disk that is full, and what comes of a purchase then.
type row struct {
	name  string
	disk  string // whose: order, catalog or journal
	fault faultfs.Fault
	// status answers an order, at last, and exit ends `bazar buy`; 0 is for
	// orders that nobody sees.
	status, exit int
	// cancel ends `bazar orders cancel` of a confirmed order.
	cancel int
	// there says that the order is recorded.
	there bool
}

// sells says whether an order is confirmed all the same.
func (r *row) sells() bool { return r.status == http.StatusCreated }

// hasRoom says whether the log's file may have a few pages left that can be written
// over, for who needs no more than those.
func (r *row) hasRoom() bool {
	return r.disk != "journal" && !r.sells() && r.fault.Ops&faultfs.Write == 0
}

// full is a disk that takes nothing that makes a file longer, and none either.
func full(names ...string) faultfs.Fault { return faultfs.Full(0, names...) }

// copying is a full disk that can't even write over what there is, as one that
// never writes in place.
func copying(names ...string) faultfs.Fault {
	return faultfs.Fault{Names: names, Ops: faultfs.Grow | faultfs.Write, Err: syscall.ENOSPC}
}

func rows() []row {
	const database, log = "*.db", "*.db-wal"
	return []row{
		{"the order service's disk", "order", full("*"), http.StatusInsufficientStorage, 6, 6, false},
		{"the order service's disk, after a few bytes more", "order", faultfs.Full(2_000, "*"), http.StatusInsufficientStorage, 6, 6, false},
		{"the log of its database", "order", full(log), http.StatusInsufficientStorage, 6, 6, false},
		{"the log of its database, where nothing is written in place", "order", copying(log), http.StatusInsufficientStorage, 6, 6, false},
		{"the file of its database alone: the log has space", "order", full(database), http.StatusCreated, 0, 0, true},
		{"the catalog's disk", "catalog", full("*"), http.StatusAccepted, 7, 7, true},
		{"the catalog's disk, after a few bytes more", "catalog", faultfs.Full(2_000, "*"), http.StatusAccepted, 7, 7, true},
		{"the log of the catalog's database", "catalog", full(log), http.StatusAccepted, 7, 7, true},
		{"the log of the catalog's database, where nothing is written in place", "catalog", copying(log), http.StatusAccepted, 7, 7, true},
		{"the file of the catalog's database alone: the log has space", "catalog", full(database), http.StatusCreated, 0, 0, true},
		{"the disk of the buyer's journal", "journal", full("*"), 0, 6, 6, false},
		{"the disk of the buyer's journal, after a name", "journal", faultfs.Full(40, "*"), 0, 6, 6, false},
		{"the disk of the buyer's journal, found when it is synced", "journal", faultfs.Fault{Names: []string{"*"}, Ops: faultfs.Sync, Err: syscall.ENOSPC}, 0, 6, 6, false},
	}
}

func TestAFullDiskIsSaidAndHealsByItself(t *testing.T) {
	run := room.Begin(t, "diskfull")
	form := need.Form(t, run.Size == harness.Taste)
	run.Over(form)
	s := open(t.Context(), run)
	reads := s.read(t.Context())
	people := &harness.Buyers{Account: s.account, Calls: s.shop.Calls, Books: s.shop.Books(), Pause: 20 * time.Millisecond}
	people.Start(t.Context(), run, 4)
	all := rows()
	if run.Size == harness.Taste {
		all = []row{all[0], all[6], all[11]}
	}
	if form == faultfs.VFS {
		all = slices.DeleteFunc(all, func(r row) bool { return r.disk == "journal" })
		t.Run("the disk of the buyer's journal", func(t *testing.T) { need.FUSE(t, run.Size == harness.Taste) })
	}
	chance := run.Rand(0)
	for round := 0; round == 0 || (run.Size == harness.Long && run.More() && !run.Failed()); round++ {
		if round > 0 {
			chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
		for _, r := range all {
			s.play(t.Context(), r)
		}
	}
	people.Leave()
	run.Tell("reads meanwhile", "%d", reads())
	s.shop.Prove(t.Context(), s.account, s.last)
}

// store is a shop whose services and buyer have disks of their own.
type store struct {
	*harness.Run
	disks   map[string]*faultfs.FS
	shop    *harness.Shop
	account *harness.Account
	readers map[string]*harness.Process // of the services' databases, by the disk
	left    []string                    // orders that were left open while a disk was full
	last    time.Time                   // when there was space again
}

func open(ctx context.Context, run *harness.Run) *store {
	s := &store{Run: run, disks: map[string]*faultfs.FS{}, readers: map[string]*harness.Process{}, account: harness.NewAccount()}
	for _, name := range []string{"order", "catalog", "journal"} {
		s.disks[name] = run.Disk("disk-"+name, faultfs.Options{Seed: run.Seed})
	}
	for _, name := range []string{"order", "catalog"} {
		s.readers[name] = run.Reader("reader-"+name, filepath.Join(s.disks[name].Dir(), name+".db"))
	}
	s.shop = run.Open(ctx, s.disks["catalog"].Dir(), s.disks["order"].Dir(), map[int64]int64{1: 1_000_000, 2: 200, 3: 1_000_000})
	return s
}

// play has a disk be full, and then have space again.
func (s *store) play(ctx context.Context, r row) {
	known := s.buySome(ctx, "before: "+r.name)
	if reader := s.readers[r.disk]; reader != nil && !r.sells() {
		// A log that begins anew now and then may need no more space, for as long as
		// its pages can be copied.
		s.Must(reader.Start(ctx))
		defer s.end(reader)
	}
	lift := s.disks[r.disk].Inject(r.fault)
	if r.status != 0 {
		s.answered(ctx, r)
	}
	s.buyUntil(ctx, r)
	s.cancel(ctx, r, known)
	lift()
	s.last = time.Now()
	took := s.sells(ctx, r)
	left, settled := len(s.left), s.settles(ctx, r)
	s.Tell(r.name, "HTTP %d, `bazar buy` %d, `bazar orders cancel` %d; sells again after %s, and has settled the %d that were left open after %s",
		r.status, r.exit, r.cancel, took.Round(time.Millisecond), left, settled.Round(time.Millisecond))
}

// end ends a reader, which has read all the while.
func (s *store) end(reader *harness.Process) {
	if reader.Ended() {
		s.Violation("%s has ended by itself", reader.Name)
	}
	reader.Kill()
}

// answered places orders until they are answered as those on a full disk are;
// or, where that is no different, a hundred of them.
func (s *store) answered(ctx context.Context, r row) {
	halves := 0
	for n := range tries {
		id := api.NewID()
		status, code := s.put(ctx, id)
		switch {
		case status == r.status && (!r.sells() || n == harness.Pick(s.Run, 30, 100, 1_500)):
			if r.there != s.isThere(ctx, id) {
				s.Violation("%s: order %s was answered %d, and is there: %t", r.name, id, status, !r.there)
			}
			return
		case status == http.StatusAccepted && halves < few && s.fits(ctx, r, id, unsettled, api.OrderPending, api.OrderConfirmed):
			halves++
		case status != http.StatusCreated && status != r.status:
			s.Violation("%s: order %s was answered %d %s", r.name, id, status, code)
			return
		}
	}
	s.Violation("%s: the disk takes all the same", r.name)
}

// put places an order, notes what it is told, and gives the answer's status.
func (s *store) put(ctx context.Context, id string) (status int, code api.Code) {
	lines := []api.LineRequest{{BookID: 3, Quantity: 1}}
	s.account.Ask(id, lines)
	order, err := s.shop.Direct.PlaceOrder(ctx, id, api.OrderRequest{Lines: lines})
	s.account.Told(id, &order, err)
	switch code = api.CodeOf(err); {
	case err != nil:
		return code.Status(), code
	case order.State == api.OrderPending:
		s.left = append(s.left, id)
		return http.StatusAccepted, ""
	default:
		return http.StatusCreated, ""
	}
}

func (s *store) isThere(ctx context.Context, id string) bool {
	_, err := s.shop.Direct.Order(ctx, id)
	if err != nil && api.CodeOf(err) != api.CodeNotFound {
		s.Violation("reading order %s: %v", id, err)
	}
	return err == nil
}

// buy has `bazar buy` go well, and gives the order's id.
func (s *store) buy(ctx context.Context, what string) (id string) {
	id, got := s.tryToBuy(ctx)
	if got.Exit != 0 {
		s.Violation("%s: `bazar buy` of order %s ended with %d: %s%s", what, id, got.Exit, got.Out, got.Err)
	}
	return id
}

func (s *store) tryToBuy(ctx context.Context) (id string, got harness.Result) {
	id = api.NewID()
	s.account.Ask(id, []api.LineRequest{{BookID: 1, Quantity: 2}})
	got = s.run(ctx, "buy", "1:2", "--id", id)
	s.leaves(id, got)
	return id, got
}

// buyUntil buys until a purchase fares as they do on that disk.
func (s *store) buyUntil(ctx context.Context, r row) {
	for range few {
		id, got := s.tryToBuy(ctx)
		if got.Exit == r.exit {
			if r.there != s.isThere(ctx, id) {
				s.Violation("%s: order %s is there: %t", r.name, id, !r.there)
			}
			return
		}
		if !s.fits(ctx, r, id, got.Exit, api.OrderPending, api.OrderConfirmed) {
			s.Violation("%s: `bazar buy` of order %s ended with %d, not %d: %s%s", r.name, id, got.Exit, r.exit, got.Out, got.Err)
			return
		}
	}
	s.Violation("%s: %d can buy all the same", r.name, few)
}

// fits says whether an order that went further than others on that disk fitted into
// what the log's file has left: by half, so that it is written down what is to be
// done, and not that it was done, or whole. It has to be there, as it was said to be.
func (s *store) fits(ctx context.Context, r row, id string, exit int, half, whole api.OrderState) bool {
	if !r.hasRoom() {
		return false
	}
	switch exit {
	case unsettled:
		return r.disk == "order" && s.state(ctx, id) == half
	case 0:
		return s.state(ctx, id) == whole
	default:
		return false
	}
}

// buySome has as many orders confirmed as may be needed to be cancelled.
func (s *store) buySome(ctx context.Context, what string) (known []string) {
	for range few {
		known = append(known, s.buy(ctx, what))
	}
	return known
}

// cancel takes orders back until one fares as they do on that disk.
func (s *store) cancel(ctx context.Context, r row, known []string) {
	for _, id := range known {
		s.account.AskBack(id)
		got := s.run(ctx, "orders", "cancel", id)
		s.leaves(id, got)
		if got.Exit == r.cancel {
			return
		}
		if !s.fits(ctx, r, id, got.Exit, api.OrderCancelling, api.OrderCancelled) {
			s.Violation("%s: `bazar orders cancel %s` ended with %d, not %d: %s%s", r.name, id, got.Exit, r.cancel, got.Out, got.Err)
			return
		}
	}
	s.Violation("%s: %d orders can be cancelled all the same", r.name, len(known))
}

func (s *store) state(ctx context.Context, id string) api.OrderState {
	order, err := s.shop.Direct.Order(ctx, id)
	if err != nil {
		s.Violation("reading order %s: %v", id, err)
	}
	return order.State
}

func (s *store) bazar(ctx context.Context, what string, exit int, args ...string) {
	if got := s.run(ctx, args...); got.Exit != exit {
		s.Violation("%s: `bazar %s` ended with %d, not %d: %s%s", what, strings.Join(args, " "), got.Exit, exit, got.Out, got.Err)
	}
}

func (s *store) run(ctx context.Context, args ...string) harness.Result {
	env := append(s.shop.Env(), "XDG_STATE_HOME="+s.disks["journal"].Dir(), "BAZAR_TIMEOUT=1s")
	return harness.Finish(s.Bazar(ctx, "buyer", env, args...))
}

// sells waits until an order is confirmed; then a purchase with a journal is
// done, and taken back.
func (s *store) sells(ctx context.Context, r row) (took time.Duration) {
	took, sells := s.account.Sells(ctx, s.shop.Direct, 3, s.last, again)
	if !sells {
		s.Violation("%s: no order is confirmed within %s of there being space", r.name, again)
		return took
	}
	id := s.buy(ctx, "after: "+r.name)
	s.account.AskBack(id)
	s.bazar(ctx, "after: "+r.name, 0, "orders", "cancel", id)
	return took
}
