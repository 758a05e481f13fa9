package simulation

import (
	"slices"
	"testing"
)

// What a seed does not decide is said in the package comment; most seeds that
// have each event at a moment of its own go the same way again, event by event.
func TestMostSeedsGoTheSameWayAgain(t *testing.T) {
	run := room.Begin(t, "simulation-replay")
	made := makeTemplate(t)
	fine, same := 0, 0
	for seed := uint64(1); fine < 20; seed++ {
		if w := drawWeather(newDice(seed, "world")); w.coarse {
			continue
		}
		fine++
		first, second := simulateInBubble(t, seed, made, damage{}), simulateInBubble(t, seed, made, damage{})
		slices.Sort(first.trace) // those who are answered by one batch hear it in any order
		slices.Sort(second.trace)
		if slices.Equal(first.trace, second.trace) {
			same++
		}
	}
	run.Tell("went the same way", "%d of %d seeds", same, fine)
	if same < fine/3 {
		run.Violation("%d of %d seeds went the same way", same, fine)
	}
}
