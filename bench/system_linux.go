package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// clockTick is the unit of CPU times in /proc (proc(5), sysconf(_SC_CLK_TCK)).
const clockTick = 10 * time.Millisecond

// cpuTime is the CPU time that a running process has had; 0 if it is gone.
func cpuTime(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, behindName, _ := bytes.Cut(stat, []byte(") "))
	fields := bytes.Fields(behindName)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(string(fields[11])) // the kernel writes numbers
	system, _ := strconv.Atoi(string(fields[12]))
	return time.Duration(user+system) * clockTick
}

// peakRSS is the most memory that an ended process had at once, in bytes.
func peakRSS(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}

// syncData makes what was written durable, as SQLite does.
func syncData(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
