package faultfs

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
)

// Need is what the tests of a package do where there is no FUSE.
type Need struct {
	form    Form
	without bool
}

// NewNeed binds the flags -disk and -without-fuse.
func NewNeed(flags *flag.FlagSet) *Need {
	n := &Need{}
	flags.Func("disk", "how the disks are made that fail: `fuse`, or by a vfs in SQLite; if not said, fuse where there is one", n.setForm)
	flags.BoolVar(&n.without, "without-fuse", false, "skip what can't be done without FUSE")
	return n
}

func (n *Need) setForm(text string) error {
	switch n.form = Form(text); n.form {
	case FUSE, VFS:
		return nil
	}
	return fmt.Errorf("a disk is made by fuse or vfs, not %q", text)
}

// Form gives the form of a test's disks: what was asked for; or else FUSE, and a
// VFS where there is none.
func (n *Need) Form(t testing.TB, taste bool) Form {
	t.Helper()
	if n.form == "" {
		missing := Missing()
		if missing == nil {
			return FUSE
		}
		t.Logf("%v; a VFS of SQLite's takes its place", missing)
		return VFS
	}
	if n.form == FUSE {
		n.FUSE(t, taste)
	}
	return n.form
}

// FUSE fails a test where there is no FUSE, or is to be none, unless it was told
// to skip. One that is only a taste is skipped, too, but not in a CI.
func (n *Need) FUSE(t testing.TB, taste bool) {
	t.Helper()
	missing := errors.New("-disk vfs does without FUSE")
	if n.form != VFS {
		missing = Missing()
	}
	switch {
	case missing == nil:
	case n.without, taste && os.Getenv("CI") != "true":
		t.Skipf("%v; nothing was tested", missing)
	default:
		t.Fatalf("%v, which this needs; -without-fuse skips it", missing)
	}
}
