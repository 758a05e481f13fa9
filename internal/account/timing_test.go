package account_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/bazar-store/bazar/internal/web"
	"github.com/bazar-store/bazar/pkg/api"
)

// Whoever tries names cannot tell by the time of the answer which of them are
// somebody's. Half of the logins are for names that are there, half for names
// that are not, in random order, over HTTP. 2,000 of them, which takes minutes:
//
//	go test ./internal/account -run TheTimeOfAnAnswer -v -long -timeout 30m
func TestTheTimeOfAnAnswerDoesNotTellNames(t *testing.T) {
	logins, names := 100, 5
	if *long {
		logins, names = 2_000, 50
	}
	o := newOffice(t)
	server := httptest.NewServer(o.Handler(web.Door{Identities: true}))
	defer server.Close()
	var kinds []bool
	for i := range names {
		o.add(fmt.Sprintf("somebody-%d", i), api.RoleCustomer)
	}
	for i := range logins {
		kinds = append(kinds, i%2 == 0)
	}
	rand.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	timeLogin(t, server.URL, "warms-up")
	var there, unknown []float64
	for _, known := range kinds {
		o.pass(10 * time.Minute) // so that the throttle has nothing to say
		if known {
			there = append(there, timeLogin(t, server.URL, fmt.Sprintf("somebody-%d", rand.IntN(names))))
		} else {
			unknown = append(unknown, timeLogin(t, server.URL, fmt.Sprintf("stranger-%d", rand.IntN(names))))
		}
	}
	z := mannWhitney(there, unknown)
	t.Logf("%d logins: medians %.3f ms for names that are there, %.3f ms for others; z = %.2f", logins, median(there), median(unknown), z)
	// One run in 16,000 is further off by chance.
	if math.Abs(z) > 4 {
		t.Errorf("the times tell names apart: z = %.2f", z)
	}
}

// timeLogin logs in with a wrong password, and gives the milliseconds that it
// took.
func timeLogin(t *testing.T, url, name string) float64 {
	t.Helper()
	body, err := json.Marshal(api.TokenRequest{Account: name, Password: wrong, Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	answer, err := http.Post(url+"/v1/tokens", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	if answer.StatusCode != http.StatusUnauthorized {
		t.Fatalf("%s: %s", name, answer.Status)
	}
	return took.Seconds() * 1000
}

// mannWhitney is how far the ranks of two samples are apart, in standard
// deviations: about normal (0, 1) if both come from one distribution.
func mannWhitney(a, b []float64) float64 {
	type observation struct {
		value float64
		first bool
	}
	var all []observation
	for _, v := range a {
		all = append(all, observation{v, true})
	}
	for _, v := range b {
		all = append(all, observation{v, false})
	}
	slices.SortFunc(all, func(x, y observation) int {
		switch {
		case x.value < y.value:
			return -1
		case x.value > y.value:
			return 1
		}
		return 0
	})
	ranks, ties := 0.0, 0.0
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].value == all[from].value {
			to++
		}
		for _, o := range all[from:to] {
			if o.first {
				ranks += float64(from+to+1) / 2
			}
		}
		same := float64(to - from)
		ties += same*same*same - same
		from = to
	}
	n, m := float64(len(a)), float64(len(b))
	u := ranks - n*(n+1)/2
	variance := n * m / 12 * (n + m + 1 - ties/((n+m)*(n+m-1)))
	return (u - n*m/2) / math.Sqrt(variance)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// A statistic that finds nothing proves nothing: it finds what saving the hash
// would save, and far less.
func TestTheStatisticFindsWhatTellsNames(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	sample := func(n int, shift float64) (values []float64) {
		for range n {
			values = append(values, 100+shift+8*source.NormFloat64()) // ms, as on a busy machine
		}
		return values
	}
	for _, c := range []struct {
		n     int
		shift float64
		found bool
	}{{50, 0, false}, {1_000, 0, false}, {50, 20, true}, {1_000, 2, true}} {
		if z := mannWhitney(sample(c.n, 0), sample(c.n, c.shift)); (math.Abs(z) > 4) != c.found {
			t.Errorf("%d each, %.0f ms apart: z = %.2f", c.n, c.shift, z)
		}
	}
	// Worked by hand: U of {1, 2, 4} against {3, 5} is 1, of a mean of 3 and a variance of 3.
	if z := mannWhitney([]float64{1, 2, 4}, []float64{3, 5}); math.Abs(z-(1-3)/math.Sqrt(3)) > 1e-9 {
		t.Errorf("z = %v", z)
	}
}
