package main

import (
	"os"
	"syscall"
)

// peakRSS is the most memory that an ended process had at once, in bytes.
func peakRSS(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}

// syncData makes what was written durable, as SQLite does.
func syncData(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
