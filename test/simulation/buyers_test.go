package simulation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// buyer buys a few times: asks again where an answer was lost, cancels, asks
// for what became of it, and now and then uses an id that others use too.
type buyer struct {
	world  *world
	name   string
	dice   *dice
	client *client.Client
	shared []string
}

// sharedIDs are ids that more than one buyer uses.
func (w *world) sharedIDs(d *dice) (ids []string) {
	for range d.between(1, 2) {
		ids = append(ids, d.id())
	}
	return ids
}

func newBuyer(w *world, name string, shared []string) *buyer {
	return &buyer{world: w, name: name, dice: newDice(w.seed, name), client: w.client(name, nil), shared: shared}
}

// shop is all that a buyer does.
func (b *buyer) shop() {
	for range b.dice.between(1, 4) {
		b.pause(3 * time.Second)
		id, wish := b.dice.id(), b.wish()
		if b.dice.chance(250) {
			id = pick(b.dice, b.shared...)
		}
		if b.dice.chance(60) {
			b.cancel(id) // before it was placed
		}
		b.buy(id, wish)
		b.reconsider(id, wish)
	}
}

// reconsider is what a buyer does after a purchase.
func (b *buyer) reconsider(id string, wish api.OrderRequest) {
	switch b.dice.IntN(8) {
	case 0, 1:
		b.pause(3 * time.Second)
		b.cancel(id)
	case 2:
		b.place(id, wish)
	case 3:
		b.place(id, b.wish())
	case 4:
		b.cancel(id)
		b.place(id, wish)
	case 5:
		b.look()
	}
}

// wish is a small order.
func (b *buyer) wish() (r api.OrderRequest) {
	books := b.dice.permutation(b.world.books)
	for _, i := range books[:b.dice.between(1, min(2, len(books)))] {
		line := api.LineRequest{BookID: int64(i + 1), Quantity: int64(b.dice.between(1, 2))}
		if b.dice.chance(200) {
			line.MaxPrice = &api.Money{Amount: firstPrice, Currency: "USD"}
		}
		r.Lines = append(r.Lines, line)
	}
	return r
}

// buy places an order and, as `bazar orders resume` does, goes on with it until
// it is settled or there is no patience left.
func (b *buyer) buy(id string, wish api.OrderRequest) {
	for attempt := range 4 {
		if attempt > 0 {
			b.pause(2 * time.Second)
			if state := b.ask(id); state != absent && state != pending && state != unknown {
				return
			}
		}
		if state := b.place(id, wish); state != pending && state != unknown {
			return
		}
	}
}

func (b *buyer) place(id string, wish api.OrderRequest) state {
	ctx, cancel := b.patience()
	defer cancel()
	t := b.world.told.begin(b.name, toPlace, id)
	t.wish = wish
	order, err := b.client.PlaceOrder(ctx, id, wish)
	return t.end(order, err)
}

func (b *buyer) cancel(id string) {
	for range 3 {
		ctx, cancel := b.patience()
		t := b.world.told.begin(b.name, toCancel, id)
		order, err := b.client.CancelOrder(ctx, id)
		cancel()
		if t.end(order, err) != unknown {
			return
		}
		b.pause(2 * time.Second)
	}
}

func (b *buyer) ask(id string) state {
	ctx, cancel := b.patience()
	defer cancel()
	t := b.world.told.begin(b.name, toKnow, id)
	order, err := b.client.Order(ctx, id)
	return t.end(order, err)
}

// look reads a book.
func (b *buyer) look() {
	ctx, cancel := b.patience()
	defer cancel()
	id := b.dice.between(1, b.world.books)
	book, err := b.client.Book(ctx, strconv.Itoa(id))
	switch {
	case err == nil && (book.ID != int64(id) || book.Stock < 0):
		b.world.violation("book %d was shown as book %d with %d copies", id, book.ID, book.Stock)
	case err != nil && !api.CodeOf(err).Retryable():
		b.world.violation("reading book %d: %v", id, err)
	}
}

// patience is how long a buyer waits for an answer.
func (b *buyer) patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.world.ctx, pick(b.dice, 500*time.Millisecond, 3*time.Second, 10*time.Second))
}

// pause waits; often for no time at all, so that several act at once.
func (b *buyer) pause(most time.Duration) { <-time.After(b.world.weather.pause(b.dice, most)) }

func (w *weather) pause(d *dice, most time.Duration) time.Duration {
	t := d.within(most)
	if d.chance(500) {
		t /= 500
	}
	if w.coarse {
		t = t.Truncate(time.Millisecond)
	}
	return t
}

// permutation is the numbers below n in some order.
func (d *dice) permutation(n int) []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.Perm(n)
}

// staff restocks, counts, retires, reprices.
type staff struct {
	buyer

	moves []*move
}

// move is a movement of stock by hand, and whether it was acknowledged.
type move struct {
	id    string
	book  int64
	asked api.MovementRequest
	known bool
}

func newStaff(w *world) *staff {
	s := &staff{buyer: *newBuyer(w, "staff", nil)}
	w.told.staff = s
	return s
}

// keep is all that the staff does.
func (s *staff) keep() {
	for range s.dice.between(1, 4) {
		s.pause(4 * time.Second)
		book := int64(s.dice.between(1, s.world.books))
		switch s.dice.IntN(4) {
		case 0:
			s.edit(book, api.BookEdit{State: api.Some(pick(s.dice, api.OnSale, api.OnSale, api.Retired))})
		case 1:
			amount := int64(s.dice.between(900, 1100))
			s.world.told.price(book, amount)
			s.edit(book, api.BookEdit{Price: api.Some(api.Money{Amount: amount, Currency: "USD"})})
		default:
			s.move(book)
		}
	}
}

func (s *staff) edit(book int64, e api.BookEdit) {
	for range 3 {
		ctx, cancel := s.patience()
		_, err := s.client.EditBook(ctx, fmt.Sprint(book), 0, e)
		cancel()
		if err == nil {
			return
		}
		if !api.CodeOf(err).Retryable() {
			s.world.violation("editing book %d: %v", book, err)
		}
		s.pause(time.Second)
	}
}

// move moves a book's stock, and asks again, sometimes although it was answered.
func (s *staff) move(book int64) {
	m := &move{id: s.dice.id(), book: book}
	n := int64(s.dice.between(-2, 4))
	if s.dice.chance(400) || n == 0 {
		n = max(n, -n)
		m.asked.Set = &n
	} else {
		m.asked.Delta = &n
	}
	s.moves = append(s.moves, m)
	for attempt := 0; attempt < 4 && (!m.known || s.dice.chance(200)); attempt++ {
		ctx, cancel := s.patience()
		_, err := s.client.Move(ctx, fmt.Sprint(book), m.id, m.asked)
		cancel()
		switch code := api.CodeOf(err); {
		case err == nil:
			m.known = true
		case code == api.CodeOutOfStock && !m.known:
			return
		case !code.Retryable():
			s.world.violation("movement %s, acknowledged %t: %v", m.id, m.known, err)
		}
		s.pause(2 * time.Second)
	}
}
