//go:build race

package harness

// raceEnabled says that this program runs under the race detector.
const raceEnabled = true
