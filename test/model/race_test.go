//go:build race

package model

// raceEnabled says that this test runs under the race detector.
const raceEnabled = true
