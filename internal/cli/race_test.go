//go:build race

package cli_test

// raceEnabled says that this test runs under the race detector, and so should
// the programs it starts.
const raceEnabled = true
