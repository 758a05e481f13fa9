package simulation

import (
	"slices"
	"testing"
)

// What a seed does not decide is said in the package comment. Most seeds that
// have each event at a moment of its own go the same way again, event by event;
// of those whose messages meet fewer do, and how many is only told.
func TestASeedOftenGoesTheSameWayAgain(t *testing.T) {
	run := room.Begin(t, "simulation-replay")
	run.Shown = "half of the seeds in fine weather go the same way again"
	made := makeTemplate(t)
	const of = 20
	played, same := map[bool]int{}, map[bool]int{} // by whether the weather is coarse
	for seed := uint64(1); played[false] < of || played[true] < of; seed++ {
		coarse := drawWeather(newDice(seed, "world")).coarse
		if played[coarse] == of {
			continue
		}
		played[coarse]++
		if goesTheSameWay(t, seed, made) {
			same[coarse]++
		}
	}
	run.Tell("went the same way in fine weather", "%d of %d seeds", same[false], of)
	run.Tell("went the same way in coarse weather", "%d of %d seeds", same[true], of)
	if same[false] < of/2 {
		run.Violation("in fine weather %d of %d seeds went the same way", same[false], of)
	}
}

func goesTheSameWay(t *testing.T, seed uint64, made template) bool {
	t.Helper()
	first, second := simulateInBubble(t, seed, made, damage{}), simulateInBubble(t, seed, made, damage{})
	slices.Sort(first.trace) // those who are answered by one batch hear it in any order
	slices.Sort(second.trace)
	return slices.Equal(first.trace, second.trace)
}
