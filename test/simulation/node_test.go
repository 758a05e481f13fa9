package simulation

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/bazar-store/bazar/internal/catalog"
	"github.com/bazar-store/bazar/internal/order"
)

// The services' hosts, and their databases' names.
const (
	catalogHost, catalogDB = "catalog", "catalog.db"
	orderHost, orderDB     = "order", "order.db"
)

// node is a machine with one service, which crashes and comes back on the files
// that the crash left.
type node struct {
	world *world
	host  string
	db    string // the database's name
	dice  *dice
	open  func(ctx context.Context, n *node, path string, gone <-chan struct{}) (*life, error)

	mu      sync.Mutex
	life    *life // nil while it is down
	lives   int
	first   image // what it began with
	crashes int   // how many it has left
	coming  bool  // it will start again
}

// life is a service from its start to its crash.
type life struct {
	path    string
	handler http.Handler
	gone    chan struct{} // closed by the crash: no answer of it counts any more
	calls   sync.WaitGroup
	end     func() error // ends its work and closes it
}

// start opens the service on the files in its directory.
func (n *node) start(path string) error {
	gone := make(chan struct{})
	l, err := n.open(n.world.ctx, n, path, gone)
	if err != nil {
		return fmt.Errorf("%s can't be opened on the files that the crash left: %w", n.host, err)
	}
	l.path, l.gone = path, gone
	n.mu.Lock()
	defer n.mu.Unlock()
	n.life, n.coming = l, false
	n.lives++
	n.world.log("%s is up, life %d", n.host, n.lives)
	return nil
}

// openCatalogNode opens the catalog as its program does.
func openCatalogNode(ctx context.Context, _ *node, path string, _ <-chan struct{}) (*life, error) {
	s, err := catalog.Open(ctx, catalog.Options{Database: "sqlite:" + path, Log: quiet()})
	if err != nil {
		return nil, err
	}
	return &life{handler: s.Handler(true), end: s.Close}, nil
}

// openOrderNode opens the order service as its program does, with its recovery.
func openOrderNode(ctx context.Context, n *node, path string, gone <-chan struct{}) (*life, error) {
	calls := n.world.client(orderHost, gone)
	s, err := order.Open(ctx, order.Options{Database: "sqlite:" + path, Catalog: calls, Log: quiet()})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var recovery sync.WaitGroup
	if !n.world.damage.noRecovery {
		recovery.Go(func() { _ = s.Recover(ctx) }) // it gives none
	}
	return &life{handler: s.Handler(true), end: func() error {
		cancel()
		recovery.Wait()
		return s.Close()
	}}, nil
}

// enter begins a call; nil if there is nobody.
func (n *node) enter() *life {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.life != nil {
		n.life.calls.Add(1)
	}
	return n.life
}

func (n *node) isUp() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.life != nil
}

// death is how a service crashes.
type death struct {
	at   moment
	torn bool // in the middle of a write; atWork and byItself alone
}

// moment is when a service crashes, as seen from a request.
type moment string

const (
	never     moment = ""
	onArrival moment = "as the request arrives"
	atWork    moment = "at work on the request"
	onAnswer  moment = "before the answer leaves"
	onCall    moment = "before its call leaves"
	byItself  moment = "at rest"
)

// serve answers a request that has arrived, or dies of it.
func (n *node) serve(ctx context.Context, m *message, d death, cut int) arrival {
	l := n.enter()
	if l == nil {
		return arrival{err: errReset}
	}
	if d.at == onArrival && n.crash(d, nil) {
		l.calls.Done()
		return arrival{err: errReset}
	}
	if d.at == atWork && d.torn && n.crash(d, func() { m.ask(ctx, l.handler, cut); l.calls.Done() }) {
		return arrival{err: errReset}
	}
	done := make(chan arrival, 1)
	n.world.crew.Go(func() { // crash, or the end of the world, waits for it
		defer l.calls.Done()
		done <- m.ask(ctx, l.handler, cut)
	})
	if d.at == atWork && n.crash(d, nil) {
		return arrival{err: errReset}
	}
	select {
	case a := <-done:
		if (d.at == onAnswer && n.crash(d, nil)) || isOver(l.gone) {
			return arrival{err: errReset}
		}
		return a
	case <-l.gone:
		return arrival{err: errReset}
	}
}

func isOver(gone <-chan struct{}) bool {
	select {
	case <-gone:
		return true
	default:
		return false
	}
}

// crash ends the service as kill -9 would, and has it come back after a while.
// First it is cut off, so that nobody hears of what it does from then on; then
// its files are copied, in the middle of its last work if that is given. It goes
// on in its old directory until it can be closed.
func (n *node) crash(d death, work func()) bool {
	n.mu.Lock()
	l := n.life
	if l == nil || n.crashes == 0 || n.world.isCalm() {
		n.mu.Unlock()
		return false
	}
	n.life, n.coming = nil, true
	n.crashes--
	next := filepath.Join(n.world.dir, fmt.Sprintf("%s-%d", n.host, n.lives), n.db)
	n.mu.Unlock()
	if !n.world.damage.zombies {
		close(l.gone)
	}
	n.world.log("%s crashes %s", n.host, d.at)
	n.world.fault(fmt.Sprintf("crashes %s", d.at))
	if d.torn {
		n.world.fault("crashes in the middle of a write")
	}
	down := n.dice.within(3 * time.Second)
	if err := n.leave(l, d, work, next); err != nil {
		n.world.violation("the files of %s can't be copied: %v", n.host, err)
		return true
	}
	n.world.flights.Go(func() {
		<-time.After(down)
		if err := n.start(next); err != nil {
			n.world.violation("%v", err)
		}
	})
	return true
}

// leave writes the files that a crash leaves to where the service comes back,
// and buries the life.
func (n *node) leave(l *life, d death, work func(), next string) error {
	left, err := takeImage(l.path)
	if err != nil {
		return err
	}
	if d.torn {
		if work != nil {
			work()
		}
		l.calls.Wait()
		after, err := takeImage(l.path)
		if err != nil {
			return err
		}
		left = tear(left, after, n.dice)
	}
	n.world.flights.Go(func() { n.bury(l) })
	if err := n.world.damage.files(n, left).write(next); err != nil {
		return err
	}
	return n.world.damage.start(n, next)
}

// bury lets a life run out and closes it.
func (n *node) bury(l *life) {
	l.calls.Wait()
	if err := l.end(); err != nil {
		n.world.violation("%s can't be closed: %v", n.host, err)
	}
}
