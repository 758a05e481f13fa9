package faultfs

import (
	"slices"
)

const (
	// pageSize is what is written to a disk as a whole, if all goes well, in bytes.
	pageSize = 4096
	// sectorSize is what is never written in part, in bytes.
	sectorSize = 512
	// keptVersions is how many states of a page the disk may be found in, the one
	// that programs see not counted.
	keptVersions = 4
)

// page is a page of a file that was written to, and not synced since.
type page struct {
	// versions are what it was: first on the disk, then after each write but the
	// last.
	versions [][]byte
	// lost says that a sync failed and the kernel takes the page for written all
	// the same: no later sync carries it to the disk, unless it is written again.
	lost bool
}

// touch remembers the pages from off to end as they are, before they are
// written to.
func (o *object) touch(off, end int64) error {
	for n := off / pageSize; n*pageSize < end; n++ {
		p := o.pages[n]
		if p == nil {
			p = &page{}
		}
		p.lost = false
		if len(p.versions) < keptVersions {
			image, err := o.image(n)
			if err != nil {
				return err
			}
			p.versions = append(p.versions, image)
		}
		o.pages[n] = p
	}
	return nil
}

// image is a whole page, with zeros after the end of the file.
func (o *object) image(n int64) ([]byte, error) {
	data, err := o.read(n*pageSize, pageSize)
	if err != nil {
		return nil, err
	}
	return append(data, make([]byte, pageSize-len(data))...), nil
}

func (o *object) write(off int64, data []byte) error {
	end := off + int64(len(data))
	if err := o.touch(off, end); err != nil {
		return err
	}
	if _, err := o.data.WriteAt(data, off); err != nil {
		return err
	}
	o.size = max(o.size, end)
	return nil
}

func (o *object) truncate(size int64) error {
	if err := o.touch(min(size, o.size), max(size, o.size)); err != nil {
		return err
	}
	o.size = size
	return o.data.Truncate(size)
}

// sync makes what was written durable.
func (o *object) sync() {
	for n, p := range o.pages {
		if !p.lost {
			delete(o.pages, n)
		}
	}
	o.synced = o.size
}

// failSync loses some of the pages that were to be synced, and forgets that
// they were.
func (o *object) failSync(dice dice) {
	o.failed++
	for _, n := range o.written() {
		if p := o.pages[n]; dice.one(2) {
			p.lost = true
		} else if !p.lost {
			delete(o.pages, n)
		}
	}
}

// written gives the numbers of the pages that are not synced, in order.
func (o *object) written() []int64 {
	numbers := make([]int64, 0, len(o.pages))
	for n := range o.pages {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

// lose makes the file what the disk is found to hold.
func (o *object) lose(how fate, dice dice) error {
	images := map[int64][]byte{}
	numbers := o.written()
	for _, n := range numbers {
		image, err := o.image(n)
		if err != nil {
			return err
		}
		p := o.pages[n]
		if p.lost {
			image = p.versions[0]
		}
		images[n] = how.choose(append(p.versions[:len(p.versions):len(p.versions)], image), dice)
		if p.lost {
			images[n] = p.versions[0]
		}
	}
	size := how.size(o.synced, o.size, dice)
	if err := o.data.Truncate(size); err != nil {
		return err
	}
	for _, n := range numbers {
		if room := size - n*pageSize; room > 0 {
			if _, err := o.data.WriteAt(images[n][:min(room, pageSize)], n*pageSize); err != nil {
				return err
			}
		}
	}
	o.size, o.synced, o.failed = size, size, 0
	clear(o.pages)
	return nil
}
