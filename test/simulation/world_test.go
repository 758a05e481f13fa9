package simulation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/bazar-store/bazar/pkg/client"
)

// The books of the template, before a seed moves their stock.
const (
	firstPrice = 1000
	firstStock = 5
)

// world is one seed: services, network, those who use them, and what they were
// told.
type world struct {
	ctx     context.Context // the life of the seed
	seed    uint64
	dir     string
	weather weather
	damage  damage
	nodes   map[string]*node
	crew    crew
	flights flights // all that is under way
	began   time.Time
	told    told
	books   int

	mu         sync.Mutex
	calm       bool // the faults are over
	trace      []string
	violations []string
	faults     tally[string]
}

// outcome is what a seed found.
type outcome struct {
	seed       uint64
	violations []string
	trace      []string
	sums       sums
}

// simulate runs one seed to its end. It belongs into a bubble.
func simulate(ctx context.Context, seed uint64, made template, broken damage) (o outcome, err error) {
	dir, err := newDir()
	if err != nil {
		return o, err
	}
	defer func() {
		if gone := os.RemoveAll(dir); err == nil {
			err = gone
		}
	}()
	d := newDice(seed, "world")
	w := &world{ctx: ctx, seed: seed, dir: dir, weather: drawWeather(d), damage: broken, began: time.Now(), books: d.between(1, mostBooks)}
	w.faults = tally[string]{}
	w.crew.init()
	defer w.crew.dismiss()
	w.flights.init(&w.crew)
	w.told.world = w
	w.nodes = map[string]*node{
		catalogHost: {world: w, host: catalogHost, db: catalogDB, dice: newDice(seed, catalogHost), open: openCatalogNode, crashes: d.IntN(4)},
		orderHost:   {world: w, host: orderHost, db: orderDB, dice: newDice(seed, orderHost), open: openOrderNode, crashes: d.IntN(4)},
	}
	w.log("seed %d: %d books, weather %+v", seed, w.books, w.weather)
	if err := w.begin(made); err != nil {
		return o, err
	}
	w.act(d)
	w.rest()
	o.sums = w.check()
	for _, n := range w.machines() {
		n.stop()
	}
	w.flights.wait()
	o.seed, o.violations, o.trace = seed, w.violations, w.trace
	return o, nil
}

// begin starts both services on copies of the template.
func (w *world) begin(made template) error {
	for _, n := range w.machines() {
		path := filepath.Join(w.dir, n.host+"-0", n.db)
		n.first = image{database: made[n.db]}
		if err := n.first.write(path); err != nil {
			return err
		}
		if err := n.start(path); err != nil {
			return err
		}
	}
	return nil
}

// machines are the nodes, always in the same order.
func (w *world) machines() []*node { return []*node{w.nodes[catalogHost], w.nodes[orderHost]} }

// stop ends a service for good.
func (n *node) stop() {
	n.mu.Lock()
	l := n.life
	n.life = nil
	n.mu.Unlock()
	if l != nil {
		n.bury(l)
	}
}

// act lets all who use the store do what they do, while services crash.
func (w *world) act(d *dice) {
	var parties sync.WaitGroup
	buyers := d.between(2, 5)
	ids := w.sharedIDs(d)
	for i := range buyers {
		b := newBuyer(w, fmt.Sprintf("buyer %d", i+1), ids)
		parties.Go(b.shop)
	}
	parties.Go(newStaff(w).keep)
	for _, n := range w.machines() {
		crashes := newDice(w.seed, "crashes of "+n.host)
		parties.Go(func() { n.fall(crashes) })
	}
	parties.Wait()
}

// fall crashes the service once or twice, at any moment.
func (n *node) fall(d *dice) {
	for range d.IntN(2) {
		<-time.After(d.within(8 * time.Second))
		n.crash(death{at: byItself, torn: d.chance(500)}, nil)
	}
}

// rest ends the faults, waits for what is still under way because of them, and
// for the ten seconds after which nothing is pending.
func (w *world) rest() {
	w.mu.Lock()
	w.calm = true
	w.mu.Unlock()
	w.log("the faults are over")
	w.flights.wait()
	<-time.After(10 * time.Second)
}

func (w *world) isCalm() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calm
}

func (w *world) violation(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.log("VIOLATION: %s", text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, text)
}

// fault counts one that came to pass.
func (w *world) fault(kind string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[kind]++
}

// log adds an event to the trace.
func (w *world) log(format string, args ...any) {
	line := fmt.Sprintf("%9.4f  ", time.Since(w.began).Seconds()) + fmt.Sprintf(format, args...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trace = append(w.trace, line)
}

// client is a party's client, with a network of its own; gone is closed when the
// party crashes.
func (w *world) client(name string, gone <-chan struct{}) *client.Client {
	stream := name
	if n := w.nodes[name]; n != nil {
		stream = fmt.Sprintf("%s, life %d", name, n.lives)
	}
	c, err := client.New(client.Config{
		Catalog: []string{"http://" + catalogHost}, Orders: []string{"http://" + orderHost},
		Transport: &link{world: w, from: name, dice: newDice(w.seed, "network of "+stream), gone: gone},
	})
	if err != nil {
		w.violation("%v", err)
	}
	return c
}

// crew runs functions on goroutines that it keeps: SQLite needs a deep stack,
// which a new goroutine has to grow anew, by doubling and copying it.
type crew struct{ idle chan func() }

func (c *crew) init() { c.idle = make(chan func()) }

// Go runs f on a goroutine that is idle, or on one more; whoever wants it to end
// waits for it. The bubble waits for the goroutines.
func (c *crew) Go(f func()) {
	select {
	case c.idle <- f:
	default:
		go func() {
			f()
			for f := range c.idle {
				f()
			}
		}()
	}
}

// dismiss ends the goroutines once they are idle.
func (c *crew) dismiss() { close(c.idle) }

// flights counts what is under way: a wait group to which may be added while
// somebody waits.
type flights struct {
	crew  *crew
	mu    sync.Mutex
	n     int
	ended *sync.Cond
}

func (f *flights) init(c *crew) { f.crew, f.ended = c, sync.NewCond(&f.mu) }

// Go runs f as one more that is under way.
func (f *flights) Go(fly func()) {
	f.mu.Lock()
	f.n++
	f.mu.Unlock()
	f.crew.Go(func() { // wait waits for it
		fly()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.n--
		f.ended.Broadcast()
	})
}

func (f *flights) wait() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.n > 0 {
		f.ended.Wait()
	}
}
