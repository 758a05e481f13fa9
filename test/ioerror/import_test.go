package ioerror

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
	"github.com/bazar-store/bazar/test/faultfs"
	"github.com/bazar-store/bazar/test/harness"
)

// An import commits without waiting for the disk, and buyers' reservations are
// built on that. A sync of theirs that fails may have lost what the import
// wrote; no order may be confirmed on top of that before it is on the disk.
func TestASyncThatFailsUnderAnImportLosesNoOrder(t *testing.T) {
	run := room.Begin(t, "ioerror-import")
	need.Check(t, run.Size == harness.Taste)
	s := open(t.Context(), run)
	end := keepImporting(t.Context(), s.shop.Direct)
	rounds, played := harness.Pick(run, 2, 12, 200), 0
	for ; played < rounds && run.More() && !run.Failed(); played++ {
		s.play(t.Context(), row{"one sync of the log under an import", "catalog", faultfs.Fault{
			Names: []string{"*.db-wal"}, Ops: faultfs.Sync, Err: syscall.EIO, Lossy: true, Times: 1, Skip: s.chance.IntN(4),
		}, 1, true, true})
	}
	run.Tell("parts imported", "%d", end())
	s.people.end()
	s.shop.Prove(t.Context(), s.account, s.last)
}

// keepImporting imports books until end is called, which gives how many parts
// were taken.
func keepImporting(ctx context.Context, calls *client.Client) (end func() int) {
	ctx, cancel := context.WithCancel(ctx)
	parts := 0
	var importing sync.WaitGroup
	importing.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			if _, err := calls.Import(context.WithoutCancel(ctx), part(n)); err == nil {
				parts++
			} else {
				harness.Wait(ctx, 20*time.Millisecond)
			}
		}
	})
	return func() int {
		cancel()
		importing.Wait()
		return parts
	}
}

func part(n int) api.ImportRequest {
	r := api.ImportRequest{ID: api.NewID(), Source: "press"}
	for i := range 300 {
		key, title := fmt.Sprintf("%d-%d", n, i), fmt.Sprintf("Book %d of part %d", i, n)
		text, stock := strings.Repeat("words of a description ", 20), int64(3)
		r.Rows = append(r.Rows, api.ImportRow{
			Line: i + 1, Key: &key, Title: &title, Authors: []string{"Anybody"}, Topics: []string{"press"},
			Description: &text, Price: &api.Money{Amount: 900, Currency: "USD"}, Stock: &stock,
		})
	}
	return r
}
