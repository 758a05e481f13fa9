//go:build !linux

package main

import (
	"os"
	"time"
)

// cpuTime is not known here.
func cpuTime(int) time.Duration { return 0 }

// peakRSS is not known here.
func peakRSS(*os.ProcessState) int64 { return 0 }

// syncData makes what was written durable.
func syncData(f *os.File) error { return f.Sync() }
