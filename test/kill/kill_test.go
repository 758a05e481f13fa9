package kill

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bazar-store/bazar/test/harness"
)

var room = harness.NewRoom("kill", flag.CommandLine)

func TestMain(m *testing.M) { os.Exit(room.Main(m)) }

// shelf is what is on sale: enough of some books, and few copies of one.
func shelf() map[int64]int64 {
	return map[int64]int64{1: 1_000_000, 2: 300, 3: 1_000_000, 4: 1_000_000}
}

func TestNothingIsLostWhoeverIsKilledWhenever(t *testing.T) {
	run := room.Begin(t, "kill")
	ctx := t.Context()
	shop := run.Open(ctx, "", "", shelf())
	account := harness.NewAccount()
	buyers := &harness.Buyers{Account: account, Calls: shop.Calls, Books: shop.Books(), Pause: 10 * time.Millisecond}
	buyers.Start(ctx, run, 8)
	k := &killer{run: run, shop: shop, account: account, chance: run.Rand(1), hits: map[string]int{}, looked: map[string]int{}}
	all, began := points(), time.Now()
	for wanted := harness.Pick(run, 30, 300, 1<<30); k.kills < wanted && run.More(); {
		for _, i := range k.chance.Perm(len(all)) {
			k.at(ctx, &all[i])
			if k.chance.IntN(2) == 0 {
				k.random(ctx)
			}
		}
		k.resume(ctx)
	}
	run.Tell("kills", "%d, %.1f a second", k.kills, float64(k.kills)/time.Since(began).Seconds())
	buyers.Leave()
	k.probes.Wait()
	run.Tell("kills at", "%s", k.listed())
	for _, p := range all {
		if k.hits[p.name] == 0 || (p.leaves != nil && k.looked[p.name] == 0) {
			run.Violation("nothing was killed at %q, or nobody looked at what that left", p.name)
		}
	}
	shop.Prove(ctx, account, k.fault)
}

func (k *killer) listed() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(k.hits)) {
		lines = append(lines, fmt.Sprintf("%s: %d", name, k.hits[name]))
	}
	return strings.Join(lines, "\n")
}
