package catalog

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// turnWait is how long a part of an import waits for the part before it to
	// arrive: another replica may have that one.
	turnWait = time.Second
	// turnsKept is how many imports are remembered, and arrivalsKept how many
	// parts of each.
	turnsKept, arrivalsKept = 64, 8
)

// turns puts the parts of an import that are under way at the same time into
// the order of the file: while one is written the next is made ready. It knows
// of this process alone, and nothing but the order of item numbers rests on it.
type turns struct {
	mu      sync.Mutex
	imports map[string]*importTurns
	changed chan struct{} // closed, and made anew, when a part arrives or ends
}

// importTurns is one import's parts, by the first line of each.
type importTurns struct {
	active  []int // not ended
	arrived []int // the last that came
}

func newTurns() *turns {
	return &turns{imports: map[string]*importTurns{}, changed: make(chan struct{})}
}

// enter says that the part that begins at a line is there; leave ends it.
func (t *turns) enter(id string, line int) (leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	parts := t.imports[id]
	if parts == nil {
		t.forget()
		parts = &importTurns{}
		t.imports[id] = parts
	}
	parts.active = append(parts.active, line)
	parts.arrived = append(parts.arrived[max(0, len(parts.arrived)-arrivalsKept+1):], line)
	t.wake()
	return func() { t.leave(parts, line) }
}

func (t *turns) leave(parts *importTurns, line int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := slices.Index(parts.active, line)
	parts.active = slices.Delete(parts.active, at, at+1)
	t.wake()
}

func (t *turns) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// forget makes room for another import.
func (t *turns) forget() {
	for id, parts := range t.imports {
		if len(t.imports) >= turnsKept && len(parts.active) == 0 {
			delete(t.imports, id)
		}
	}
}

// wait returns when the parts before the one at a line have ended; after is the
// first line of the one before it, nil for none.
func (t *turns) wait(ctx context.Context, id string, line int, after *int) error {
	late := time.NewTimer(turnWait)
	defer late.Stop()
	for expired := false; ; {
		t.mu.Lock()
		parts, changed := t.imports[id], t.changed
		arrived := after == nil || slices.Contains(parts.arrived, *after)
		first := slices.Min(parts.active) >= line
		t.mu.Unlock()
		if first && (arrived || expired) {
			return nil
		}
		select {
		case <-changed:
		case <-late.C:
			expired = true
		case <-ctx.Done():
			return api.Wrap(api.CodeUnavailable, ctx.Err(), "the parts of the import before this one took too long")
		}
	}
}
