package simulation

import (
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

// dice is one party's source of chance, derived from the seed and the party's
// name: what one draws changes nothing for the others.
type dice struct {
	mu   sync.Mutex
	rand *rand.Rand
}

func newDice(seed uint64, name string) *dice {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return &dice{rand: rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// IntN is at least 0 and less than n.
func (d *dice) IntN(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.IntN(n)
}

// between is at least from and at most to.
func (d *dice) between(from, to int) int { return from + d.IntN(to-from+1) }

// chance is true so many times in a thousand.
func (d *dice) chance(perMille int) bool { return d.IntN(1000) < perMille }

// within is a time up to most.
func (d *dice) within(most time.Duration) time.Duration { return time.Duration(d.IntN(int(most) + 1)) }

// id is a UUIDv7 in form; all of it is chance.
func (d *dice) id() string {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(d.IntN(256))
	}
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id.String()
}

func pick[T any](d *dice, of ...T) T { return of[d.IntN(len(of))] }
