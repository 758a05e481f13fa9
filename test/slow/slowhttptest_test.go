package slow_test

import (
	"bytes"
	"flag"
	"os/exec"
	"regexp"
	"slices"
	"testing"
	"time"
)

var byTool = flag.Bool("slowhttptest", false, "have slowhttptest (Debian) be slow, with 1,000 connections of each kind, and judge what the others notice; for a machine that is left alone")

// tools are the kinds of slow clients that slowhttptest knows, by its options.
func tools() map[string][]string {
	return map[string][]string{
		"slowloris":   {"-H", "-i", "2", "-t", "GET"},
		"a slow body": {"-B", "-i", "2", "-s", "60000", "-t", "POST", "-f", "application/json"},
		"a slow read": {"-X", "-w", "10", "-y", "20", "-n", "1", "-z", "32", "-k", "10"},
	}
}

// Somebody else's tool is as slow as it can; the good clients' 99th percentile is
// at most one and a half of what it was before, in most seconds while it runs,
// and none of them fails.
func TestSlowhttptestKeepsNobodyWaiting(t *testing.T) {
	if !*byTool {
		t.Skip("for -slowhttptest")
	}
	addr := serve(t)
	for name, options := range tools() {
		t.Run(name, func(t *testing.T) {
			before := measure(t, addr, 3*time.Second)
			path := "/v1/books"
			if name == "a slow read" {
				path = "/v1/books?limit=1000"
			}
			var out bytes.Buffer
			cmd := exec.CommandContext(t.Context(), "slowhttptest",
				append([]string{"-c", "1000", "-r", "1000", "-l", "20", "-p", "5", "-u", "http://" + addr + path}, options...)...)
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			var times []time.Duration
			for running := true; running; {
				during := measure(t, addr, time.Second)
				select {
				case <-ended: // its exit code says nothing
					running = false
				default:
					times = append(times, during)
				}
			}
			if len(times) < 3 {
				t.Fatalf("it was there for %d s only:\n%s", len(times), out.String())
			}
			slices.Sort(times)
			median := times[len(times)/2]
			t.Logf("p99 %s before; over %d s while it ran: median %s (%.2f times), %s to %s", before, len(times), median,
				float64(median)/float64(before), times[0], times[len(times)-1])
			for _, line := range regexp.MustCompile(`(?m)^.*(connected|closed|service available|Exit status):?.*$`).FindAllString(out.String(), -1) {
				t.Log(line)
			}
			if median > before*3/2 {
				t.Errorf("good clients wait %s, not %s", median, before)
			}
		})
	}
}
