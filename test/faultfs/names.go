package faultfs

import (
	"maps"
	"slices"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// change is a change of names that happens as a whole: a file made, renamed or
// removed.
type change []name

// name is what a directory has under a name afterwards; 0 is nothing.
type name struct {
	dir  uint64
	name string
	id   uint64
}

// apply makes a change, as programs see it; syncing the directory makes it
// durable.
func (f *FS) apply(c change) error {
	f.changes = append(f.changes, c)
	for _, n := range c {
		set(f.objects[n.dir].entries, n)
		if f.form == VFS {
			if err := f.show(n.name, n.id); err != nil {
				return err
			}
		}
	}
	return nil
}

func set(entries map[string]uint64, n name) {
	if n.id == 0 {
		delete(entries, n.name)
	} else {
		entries[n.name] = n.id
	}
}

// keep makes a change durable.
func (f *FS) keep(c change) {
	for _, n := range c {
		set(f.objects[n.dir].durable, n)
	}
}

// syncNames makes the names in a directory durable, and the changes of others
// that they hang together with.
func (f *FS) syncNames(dir uint64) {
	dirs, kept := map[uint64]bool{dir: true}, make([]bool, len(f.changes))
	for i, c := range slices.Backward(f.changes) {
		if slices.ContainsFunc(c, func(n name) bool { return dirs[n.dir] }) {
			kept[i] = true
			for _, n := range c {
				dirs[n.dir] = true
			}
		}
	}
	var rest []change
	for i, c := range f.changes {
		if kept[i] {
			f.keep(c)
		} else {
			rest = append(rest, c)
		}
	}
	f.changes = rest
}

// loseNames makes the names what the disk is found to hold: with some file
// systems the changes up to some moment, with others any of them.
func (f *FS) loseNames(how fate, d dice) {
	until, ordered := 0, d.one(2)
	if len(f.changes) > 0 {
		until = d.IntN(len(f.changes) + 1)
	}
	for i, c := range f.changes {
		switch {
		case how == everything, how == anything && ordered && i < until, how == anything && !ordered && d.one(2):
			f.keep(c)
		}
	}
	f.changes = nil
	for _, o := range f.objects {
		if o.isDir() {
			o.entries = maps.Clone(o.durable)
		}
	}
}

// files gives the numbers of all files, in order.
func (f *FS) files() []uint64 {
	var ids []uint64
	for id, o := range f.objects {
		if !o.isDir() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// sweep forgets what no name leads to; nothing is open.
func (f *FS) sweep() error {
	live := map[uint64]bool{}
	f.reach(fuse.FUSE_ROOT_ID, live)
	for id, o := range f.objects {
		if live[id] {
			continue
		}
		delete(f.objects, id)
		if err := o.close(); err != nil {
			return err
		}
	}
	return nil
}

func (f *FS) reach(id uint64, live map[uint64]bool) {
	live[id] = true
	for _, child := range f.objects[id].entries {
		f.reach(child, live)
	}
}
