package cli

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// seenSlots is how far the table in memory grows, 8 bytes a slot; when half
	// of them are used they move to a file.
	seenSlots = 1 << 18
	// blockHashes are read from the file at once.
	blockHashes = 512
	// filterBits is the size of the filter over what is in the file.
	filterBits = 1 << 25
)

// seen remembers which books a file has named: a file that names a book twice
// would change it back and forth with every import. It keeps 64-bit hashes, in
// memory as long as they are few, then in sorted runs in a temporary file behind
// a Bloom filter. Memory then grows by a bit for every eight books.
type seen struct {
	seed  maphash.Seed
	slots []uint64 // a hash table with linear probing; 0 is free
	used  int
	limit int // slots at most

	file   *os.File
	size   int64 // of the file, in bytes
	filter []uint64
	runs   []seenRun
}

// seenRun is one sorted run of hashes in the file: the first of each block.
type seenRun struct {
	offset int64
	firsts []uint64
}

func newSeen() *seen {
	return &seen{seed: maphash.MakeSeed(), slots: make([]uint64, 1<<12), limit: seenSlots}
}

// close removes the temporary file, if there is one.
func (s *seen) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// before says whether the row's book was named before, and remembers it by all
// that it is known by. Its errors are those of the temporary file.
func (s *seen) before(r *api.ImportRow) (again bool, err error) {
	for _, identity := range identities(r) {
		known, err := s.add(identity)
		if err != nil {
			return false, fmt.Errorf("remembering which books the file has named: %w", err)
		}
		again = again || known
	}
	return again, nil
}

// identities are the names under which a row's book may come again.
func identities(r *api.ImportRow) (list []string) {
	if r.ISBN13 != nil {
		list = append(list, "isbn "+*r.ISBN13)
	}
	if r.Key != nil {
		list = append(list, "key "+*r.Key)
	}
	switch {
	case r.ID != nil:
		list = append(list, "id "+strconv.FormatInt(*r.ID, 10))
	case r.ISBN13 == nil && r.Key == nil && r.Title != nil:
		list = append(list, "title "+api.Fold(*r.Title+"\x00"+strings.Join(r.Authors, "\x00")))
	}
	return list
}

func (s *seen) add(identity string) (known bool, err error) {
	hash := max(1, maphash.String(s.seed, identity))
	if known, err = s.stored(hash); known || err != nil {
		return known, err
	}
	if s.put(hash) {
		return true, nil
	}
	if s.used++; s.used*2 >= len(s.slots) {
		return false, s.grow()
	}
	return false, nil
}

// put finds the hash's slot by linear probing, and says whether it was there.
func (s *seen) put(hash uint64) bool {
	mask := uint64(len(s.slots) - 1) //nolint:gosec // there are slots
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

// grow makes room in the table: a larger one, or what is in it goes to the file.
func (s *seen) grow() error {
	old := s.slots
	if len(old) >= s.limit {
		return s.spill()
	}
	s.slots = make([]uint64, 2*len(old))
	for _, hash := range old {
		if hash != 0 {
			s.put(hash)
		}
	}
	return nil
}

// spill moves the table to the file, as one more run.
func (s *seen) spill() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "bazar-import-*"); err != nil {
			return err
		}
		s.filter = make([]uint64, filterBits/64)
	}
	slices.Sort(s.slots) // the free ones come first
	hashes := s.slots[len(s.slots)-s.used:]
	run := seenRun{offset: s.size}
	block := make([]byte, 0, 8*blockHashes)
	for some := range slices.Chunk(hashes, blockHashes) {
		run.firsts = append(run.firsts, some[0])
		block = block[:0]
		for _, hash := range some {
			block = binary.LittleEndian.AppendUint64(block, hash)
			for _, bit := range filterBitsOf(hash) {
				s.filter[bit/64] |= 1 << (bit % 64)
			}
		}
		if _, err := s.file.WriteAt(block, s.size); err != nil {
			return err
		}
		s.size += int64(len(block))
	}
	s.runs, s.used = append(s.runs, run), 0
	clear(s.slots)
	return nil
}

func filterBitsOf(hash uint64) [3]uint64 {
	return [...]uint64{hash % filterBits, hash >> 20 % filterBits, hash >> 39}
}

// stored says whether a hash is in the file.
func (s *seen) stored(hash uint64) (bool, error) {
	if s.file == nil {
		return false, nil
	}
	for _, bit := range filterBitsOf(hash) {
		if s.filter[bit/64]&(1<<(bit%64)) == 0 {
			return false, nil
		}
	}
	for _, run := range s.runs {
		if found, err := s.inRun(run, hash); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// inRun looks a hash up in the one block of a run that can have it.
func (s *seen) inRun(run seenRun, hash uint64) (bool, error) {
	after := sort.Search(len(run.firsts), func(i int) bool { return run.firsts[i] > hash })
	if after == 0 {
		return false, nil
	}
	start := run.offset + int64(after-1)*8*blockHashes
	block := make([]byte, min(8*blockHashes, s.size-start))
	if _, err := s.file.ReadAt(block, start); err != nil {
		return false, err
	}
	for ; len(block) > 0; block = block[8:] {
		if binary.LittleEndian.Uint64(block) == hash {
			return true, nil
		}
	}
	return false, nil
}
