package cli

import (
	"hash/maphash"
	"strconv"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// seen remembers which books a file has named, 8 to 16 bytes each: a file that
// names a book twice would change it back and forth with every import.
type seen struct {
	seed  maphash.Seed
	slots []uint64
	used  int
}

func newSeen() *seen { return &seen{seed: maphash.MakeSeed(), slots: make([]uint64, 1<<12)} }

// before says whether the row's book was named before, and remembers it by all
// that it is known by.
func (s *seen) before(r *api.ImportRow) bool {
	again := false
	if r.ISBN13 != nil {
		again = s.add("isbn " + *r.ISBN13)
	}
	if r.Key != nil {
		again = s.add("key "+*r.Key) || again
	}
	switch {
	case r.ID != nil:
		again = s.add("id "+strconv.FormatInt(*r.ID, 10)) || again
	case r.ISBN13 == nil && r.Key == nil && r.Title != nil:
		again = s.add("title " + api.Fold(*r.Title+"\x00"+strings.Join(r.Authors, "\x00")))
	}
	return again
}

func (s *seen) add(identity string) bool {
	if s.used*2 >= len(s.slots) {
		old := s.slots
		s.slots = make([]uint64, 2*len(old))
		for _, hash := range old {
			if hash != 0 {
				s.put(hash)
			}
		}
	}
	if s.put(max(1, maphash.String(s.seed, identity))) {
		return true
	}
	s.used++
	return false
}

// put finds the hash's slot by linear probing, and says whether it was there.
func (s *seen) put(hash uint64) bool {
	mask := uint64(len(s.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		switch s.slots[at] {
		case hash:
			return true
		case 0:
			s.slots[at] = hash
			return false
		}
	}
}
