package faultfs

import (
	"flag"
	"os"
	"testing"
)

// Need is what the tests of a package do where there is no FUSE.
type Need struct{ without bool }

// NewNeed binds the flag -without-fuse.
func NewNeed(flags *flag.FlagSet) *Need {
	n := &Need{}
	flags.BoolVar(&n.without, "without-fuse", false, "skip what can't be done where there is no FUSE")
	return n
}

// Check fails a test where there is no FUSE, unless it was told to skip. One
// that is only a taste is skipped, too, but not in a CI.
func (n *Need) Check(t testing.TB, taste bool) {
	t.Helper()
	missing := Missing()
	switch {
	case missing == nil:
	case n.without, taste && os.Getenv("CI") != "true":
		t.Skipf("%v; nothing was tested", missing)
	default:
		t.Fatalf("%v; -without-fuse skips what needs it", missing)
	}
}
