package main

import (
	"fmt"
	"slices"
	"time"
)

// percentile gives the p-th percentile (0 to 100) of times, nearest rank; 0 of
// none.
func percentile(times []time.Duration, p int) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

func median(times []time.Duration) time.Duration { return percentile(times, 50) }

// middle is the median of numbers.
func middle(numbers []float64) float64 {
	if len(numbers) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(numbers))
	return sorted[(len(sorted)-1)/2]
}

// times is a ratio as it is printed.
func times(ratio float64) string { return fmt.Sprintf("%.2f×", ratio) }

// ms is a time as it is printed.
func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

func perSecond(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }

// rate is a rate as it is printed.
func rate(perSecond float64) string { return fmt.Sprintf("%.0f/s", perSecond) }
