package order_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/order"
	"github.com/bazar-store/bazar/pkg/api"
)

// logged opens the same orders once more, with a log.
func (s *shop) logged(log io.Writer) *order.Service {
	s.t.Helper()
	service, err := order.Open(s.t.Context(), order.Options{
		Database: "sqlite:" + s.path, Catalog: s.line, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := service.DB().Write(s.t.Context(), func(*gorm.DB) error { return nil }); err != nil {
		s.t.Fatal(err)
	}
	return service
}

// staysPending places an order of a copy after some time, which is answered as
// pending after some more; what batches wait for company is not counted.
func staysPending(t *testing.T, service *order.Service, book int64, after, answered time.Duration) {
	t.Helper()
	<-time.After(after)
	came := time.Now()
	placed, created, err := service.Place(t.Context(), api.LocalAccount, api.NewID(), wish(copies(book, 1)))
	if took := time.Since(came); err != nil || !created || placed.State != api.OrderPending || took.Truncate(10*time.Millisecond) != answered {
		t.Errorf("%s, %t, %v after %s, not %s", placed.State, created, err, took, answered)
	}
}

// An order that comes while a call hangs is answered as soon as one that does
// not: it does not wait for the call before it, and then for its own. Why it
// stays pending is said once.
func TestACallThatHangsHoldsUpEachOrderForItsOwnTimeAlone(t *testing.T) {
	var log bytes.Buffer // of one line at a time: slog locks it
	inBubble(t, func(t *testing.T, s *shop) {
		book := s.book("T", 100, 20)
		service := s.logged(&log)
		s.line.set(silent)
		var customers sync.WaitGroup
		for _, after := range []time.Duration{0, 0, 0, 0, 0, 0, 0, 0, time.Second, 3 * time.Second} {
			customers.Go(func() { staysPending(t, service, book, after, 4*time.Second) })
		}
		customers.Wait()
		s.line.set(open)
		s.after(10*time.Second, service)
		if left := s.stock(book); left != 10 {
			t.Errorf("%d left", left)
		}
		s.checkSettled()
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	if said := strings.Count(log.String(), "the order stays pending"); said != 10 {
		t.Errorf("said %d times, of 10 orders:\n%s", said, log.String())
	}
}

// A log that nobody reads keeps the order waiting that it is about, and no other.
func TestALogThatBlocksHoldsUpNoOtherOrder(t *testing.T) {
	s := newShop(t)
	book := s.book("T", 100, 5)
	read, log := io.Pipe()
	service := s.logged(log)
	s.line.set(broken(errLost))
	first := make(chan error, 1)
	go func() {
		_, _, err := service.Place(t.Context(), api.LocalAccount, api.NewID(), wish(copies(book, 1)))
		first <- err
	}()
	if _, err := read.Read(make([]byte, 1)); err != nil { // the line has begun
		t.Fatal(err)
	}
	s.line.set(open)
	placed, _, err := service.Place(t.Context(), api.LocalAccount, api.NewID(), wish(copies(book, 1)))
	if err != nil || placed.State != api.OrderConfirmed {
		t.Errorf("%s, %v", placed.State, err)
	}
	if err := errors.Join(read.Close(), <-first, service.Close()); err != nil {
		t.Error(err)
	}
}

// watched is a context that says when it is first asked whether it has ended.
type watched struct {
	context.Context

	once  sync.Once
	asked chan struct{}
}

func (w *watched) Err() error {
	err := w.Context.Err() // as it is when nobody knows yet that it was asked
	w.once.Do(func() { close(w.asked) })
	return err
}

// Who leaves while the order is being recorded learns nothing of it; the order
// goes on.
func TestWhoLeavesWhileTheOrderIsRecordedDoesNotStopIt(t *testing.T) {
	s := newShop(t)
	book, id := s.book("T", 100, 5), api.NewID()
	held, release, ended, decided := make(chan struct{}), make(chan struct{}), make(chan error), make(chan struct{})
	s.line.set(func(ctx context.Context, at order.Catalog, batch []api.ReservationRequest) ([]api.Reservation, error) {
		defer close(decided)
		return at.Reserve(ctx, batch)
	})
	service, other := s.another(), s.Service
	go func() {
		ended <- other.DB().Write(t.Context(), func(*gorm.DB) error {
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	ctx, leave := context.WithCancel(t.Context())
	w := &watched{Context: ctx, asked: make(chan struct{})}
	go func() {
		<-w.asked // by the batch that takes it along
		leave()
	}()
	if _, _, err := service.Place(w, api.LocalAccount, id, wish(copies(book, 1))); !errors.Is(err, context.Canceled) {
		t.Errorf("left with %v", err)
	}
	close(release)
	<-decided
	if err := errors.Join(<-ended, service.Close()); err != nil { // which waits for what is under way
		t.Fatal(err)
	}
	if o := s.order(id); o.State != api.OrderConfirmed || s.stock(book) != 4 {
		t.Errorf("order %s, %d left", o.State, s.stock(book))
	}
}

// An order that took all its time to be recorded is pending at once, whoever's call
// is under way, and nobody is asked about it: whoever takes it up later does that.
func TestAnOrderThatIsRecordedLateIsLeftToRecovery(t *testing.T) {
	var log bytes.Buffer // of one line at a time: slog locks it
	inBubble(t, func(t *testing.T, s *shop) {
		book := s.book("T", 100, 5)
		service := s.logged(&log)
		s.line.set(silent)
		var customers sync.WaitGroup
		for _, c := range []struct{ after, answered time.Duration }{
			{0, 4 * time.Second},                               // its call hangs until 4 s,
			{900 * time.Millisecond, 4 * time.Second},          // and the next until 8 s;
			{1100 * time.Millisecond, 4400 * time.Millisecond}, // this is recorded at 5.5 s
		} {
			customers.Go(func() { staysPending(t, service, book, c.after, c.answered) })
		}
		customers.Go(func() {
			<-time.After(time.Second)
			if err := service.DB().Write(t.Context(), func(*gorm.DB) error {
				<-time.After(4500 * time.Millisecond)
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
		customers.Wait()
		s.line.set(open)
		s.after(10*time.Second, service)
		s.checkSettled()
		if left := s.stock(book); left != 2 {
			t.Errorf("%d left", left)
		}
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	if said := strings.Count(log.String(), "the order stays pending"); said != 3 {
		t.Errorf("said %d times:\n%s", said, log.String())
	}
}

// A service that is closed answers all, and everybody the truth.
func TestClosingAnswersOrdersAtEveryStage(t *testing.T) {
	s := newShop(t)
	book := s.book("T", 100, 1_000_000)
	for range 10 {
		service := s.another()
		var customers sync.WaitGroup
		var mu sync.Mutex
		told := map[string]api.OrderState{}
		enough := make(chan struct{}, 1_000)
		for range 40 {
			customers.Go(func() {
				for {
					id := api.NewID()
					placed, _, err := service.Place(t.Context(), api.LocalAccount, id, wish(copies(book, 1)))
					mu.Lock()
					told[id] = placed.State
					mu.Unlock()
					if err != nil {
						wants(t, err, api.CodeUnavailable, "stopping")
						return
					}
					select {
					case enough <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 60 {
			<-enough
		}
		if err := service.Close(); err != nil {
			t.Fatal(err)
		}
		customers.Wait()
		for id, state := range told {
			o, err := s.Order(t.Context(), api.LocalAccount, id)
			if state == "" {
				wants(t, err, api.CodeNotFound, "no order")
			} else if err != nil || o.State != state {
				t.Errorf("order %s is %s (%v), told as %s", id, o.State, err, state)
			}
		}
	}
}
