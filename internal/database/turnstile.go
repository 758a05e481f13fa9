package database

import (
	"context"
	"fmt"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/bazar-store/bazar/pkg/api"
)

// turnstile lets one writer at a time through, over all processes, in about the
// order they came. SQLite's own busy handler polls, and can starve a writer for
// seconds; here the next in line waits for the write lock alone, and the rest
// wait behind it for the turn, both in the kernel.
type turnstile struct {
	turn, write *lockedfile.Mutex
	// waiter is taken by whoever waits for the locks. Such a wait holds a
	// thread of the system, and so there is one at most.
	waiter chan struct{}
}

func newTurnstile(path string) *turnstile {
	return &turnstile{
		turn: lockedfile.MutexAt(path + ".turn"), write: lockedfile.MutexAt(path + ".write"), waiter: make(chan struct{}, 1),
	}
}

// pass waits for the write lock and gives the function that returns it. A wait
// for a file lock can't be called off: when ctx ends first, the goroutine that
// waits stays behind and gives the lock back as soon as it has it.
func (t *turnstile) pass(ctx context.Context) (leave func(), err error) {
	select {
	case t.waiter <- struct{}{}:
	case <-ctx.Done():
		return nil, busy(ctx.Err())
	}
	type passed struct {
		leave func()
		err   error
	}
	through := make(chan passed)
	gone := make(chan struct{})
	go func() {
		leave, err := t.wait()
		<-t.waiter
		select {
		case through <- passed{leave, err}:
		case <-gone:
			if err == nil {
				leave()
			}
		}
	}()
	select {
	case p := <-through:
		return p.leave, p.err
	case <-ctx.Done():
		close(gone)
		return nil, busy(ctx.Err())
	}
}

func (t *turnstile) wait() (leave func(), err error) {
	turn, err := t.turn.Lock()
	if err != nil {
		return nil, lockError(err)
	}
	defer turn()
	if leave, err = t.write.Lock(); err != nil {
		return nil, lockError(err)
	}
	return leave, nil
}

func lockError(err error) error {
	return api.Wrap(api.CodeUnavailable, fmt.Errorf("turnstile: %w", err),
		"the store can't be written: its lock files can't be opened; is its directory writable, and the disk not full?")
}
