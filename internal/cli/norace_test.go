//go:build !race

package cli_test

// raceEnabled says that this test runs under the race detector.
const raceEnabled = false
