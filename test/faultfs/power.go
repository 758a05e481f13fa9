package faultfs

import (
	"math/rand/v2"
	"syscall"
)

// Keep is what a disk is found to hold of what was written and not synced.
type Keep int

const (
	// KeepSome is any part of it: pages, or sectors, new, old, or in between;
	// names that were changed, or were not. Some losses keep nothing, or all.
	KeepSome Keep = iota
	// KeepNothing is no more than what was synced.
	KeepNothing
)

// CutAfter has the power go at the n-th change from now, before it is made. The
// channel is closed then; from that moment nothing answers.
func (f *FS) CutAfter(n int64) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut, f.isCut = max(n, 1), make(chan struct{})
	return f.isCut
}

// Cut has the power go now.
func (f *FS) Cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.freeze()
}

func (f *FS) freeze() {
	if f.life != running {
		return
	}
	f.life, f.cut = frozen, 0
	if f.isCut != nil {
		close(f.isCut)
		f.isCut = nil
	}
}

// Die has everybody who waits for the file system get an error, and everybody
// who comes. Who was killed ends then.
func (f *FS) Die() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.life = dead
	f.thawed.Broadcast()
}

// Deaf has syncs do nothing from now on, and say that all went well: a disk that
// lies, or a program that does not sync.
func (f *FS) Deaf(deaf bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deaf = deaf
}

// Lose makes the file system what the disk is found to hold after the power has
// gone, and opens it again. All programs that used it have ended.
func (f *FS) Lose(seed uint64, keep Keep) error {
	f.Die()
	if err := f.way.close(); err != nil {
		return err
	}
	f.mu.Lock()
	err := f.lose(newFate(seed, keep))
	f.mu.Unlock()
	if err != nil {
		return err
	}
	return f.way.open()
}

func (f *FS) lose(how fate, d dice) error {
	f.loseNames(how, d)
	if err := f.showAll(); err != nil {
		return err
	}
	for _, id := range f.files() {
		if err := f.objects[id].lose(how, d); err != nil {
			return err
		}
	}
	f.life, f.cut, f.isCut = running, 0, nil
	clear(f.handles)
	return f.sweep()
}

// enter waits for the lock, and says whether the file system answers; a change
// may be the one at which the power goes.
func (f *FS) enter(changes bool) error {
	f.mu.Lock()
	if changes && f.life == running && f.cut > 0 {
		if f.cut--; f.cut == 0 {
			f.freeze()
		}
	}
	for f.life == frozen {
		f.thawed.Wait()
	}
	if f.life == dead {
		return syscall.EIO
	}
	return nil
}

// dice are thrown by a seed.
type dice struct{ *rand.Rand }

// one is true once in n.
func (d dice) one(n int) bool { return d.IntN(n) == 0 }

// fate is how much of what was not synced one loss keeps.
type fate int

const (
	nothing fate = iota
	everything
	anything
)

func newFate(seed uint64, keep Keep) (fate, dice) {
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	switch n := d.IntN(8); {
	case keep == KeepNothing || n < 2:
		return nothing, d
	case n == 2:
		return everything, d
	default:
		return anything, d
	}
}

// choose gives what the disk holds of a page that had these versions.
func (how fate) choose(versions [][]byte, d dice) []byte {
	newest := len(versions) - 1
	switch {
	case how == nothing:
		return versions[0]
	case how == everything || d.one(3):
		return versions[newest]
	case d.one(2):
		return versions[d.IntN(len(versions))]
	}
	torn := make([]byte, 0, pageSize)
	for at := 0; at < pageSize; at += sectorSize {
		torn = append(torn, versions[d.IntN(len(versions))][at:at+sectorSize]...)
	}
	return torn
}

// size gives how long a file is found to be.
func (how fate) size(synced, seen int64, d dice) int64 {
	switch {
	case how == nothing:
		return synced
	case how == everything || d.one(2):
		return seen
	case seen > synced && d.one(2):
		return min(seen, (synced/pageSize+1+d.Int64N((seen-synced)/pageSize+1))*pageSize)
	default:
		return synced
	}
}
