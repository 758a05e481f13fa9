package ioerror

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	run.Over(need.Form(t, run.Size == harness.Taste))
	rounds := harness.Pick(run, 2, 12, 200)
	for shop := 1; rounds > 0 && run.More() && !run.Failed(); shop++ {
		s := open(t.Context(), run, fmt.Sprint("-", shop))
		rounds -= s.playUnderImport(t.Context(), rounds)
		s.shop.Orders.Kill()
		s.shop.Catalog.Kill()
	}
}

// longLog is how many bytes of log a shop is given up with. Each failed sync has all
// of it written once more, and the power goes too soon after that for a checkpoint to
// come to its end: it would grow until that takes seconds.
const longLog = 48 << 20

// playUnderImport has a sync fail so many times while an import runs, or until the
// log is long, and proves the store; it gives how often that was.
func (s *store) playUnderImport(ctx context.Context, rounds int) (played int) {
	s.imports = &importer{run: s.Run, calls: s.shop.Direct, kept: map[int64]string{}, refused: map[string]string{}}
	end := s.imports.start(ctx)
	for log := int64(0); played < rounds && log < longLog && s.More() && !s.Failed(); played++ {
		s.play(ctx, row{"one sync of the log under an import", "catalog", faultfs.Fault{
			Names: []string{"*.db-wal"}, Ops: faultfs.Sync, Err: syscall.EIO, Lossy: true, Times: 1, Skip: s.chance.IntN(4),
		}, 1, true, true})
		info, err := os.Stat(filepath.Join(s.disks["catalog"].Dir(), "catalog.db-wal"))
		s.Must(err)
		log = info.Size()
	}
	end()
	s.imports.hold(ctx)
	s.prove(ctx)
	return played
}

// importer imports books and remembers what it was told.
type importer struct {
	run   *harness.Run
	calls *client.Client

	mu      sync.Mutex
	parts   int               // that were taken
	kept    map[int64]string  // the books of these, and their part's id
	refused map[string]string // the ids of parts that were not recorded, and what was said
}

// start imports until end is called.
func (i *importer) start(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var importing sync.WaitGroup
	importing.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			part := part(n)
			results, err := i.calls.Import(context.WithoutCancel(ctx), part)
			if i.told(part.ID, results, err); err != nil {
				harness.Wait(ctx, 20*time.Millisecond)
			}
		}
	})
	return func() {
		cancel()
		importing.Wait()
	}
}

// told notes what became of a part. That it is not recorded may be said of its
// last rows alone, with how many went in before.
func (i *importer) told(part string, results api.ImportResults, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch code := api.CodeOf(err); {
	case err == nil:
		i.parts++
		for _, r := range results.Results {
			if r.BookID == nil || r.Status != api.RowNew {
				i.run.Violation("a row of part %s is %s", part, r.Status)
				continue
			}
			i.kept[*r.BookID] = part
		}
	case code == api.CodeOutcomeUnknown:
	case code == api.CodeUnavailable:
		if !strings.Contains(err.Error(), "rows went in before this") {
			i.refused[part] = err.Error()
		}
	default:
		i.run.Violation("a part of an import was answered %s: %v", code, err)
	}
}

// lost says which parts are gone that were taken. stock is that of
// each book that is found.
func (i *importer) lost(stock map[int64]int64) (lost []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	gone := map[string]int{}
	for book, part := range i.kept {
		if stock[book] != imported {
			gone[part]++
		}
	}
	for part, books := range gone {
		lost = append(lost, fmt.Sprintf("of part %s of the import, which was taken, %d books are gone", part, books))
	}
	return lost
}

// hold holds the store against what was said of the parts that were not taken.
func (i *importer) hold(ctx context.Context) {
	i.run.Tell("parts imported", "%d; %d were not recorded, as was said", i.parts, len(i.refused))
	if i.parts == 0 {
		i.run.Violation("no part was imported")
	}
	for part, said := range i.refused {
		if _, err := i.calls.ImportReport(ctx, part, 1, ""); api.CodeOf(err) != api.CodeNotFound {
			i.run.Violation("part %s of the import is there; it was said that nothing was recorded: %s (%v)", part, said, err)
		}
	}
}

// imported is how many copies there are of each book that is imported.
const imported = 3

func part(n int) api.ImportRequest {
	r := api.ImportRequest{ID: api.NewID(), Source: "press"}
	for i := range 300 {
		key, title := fmt.Sprintf("%d-%d", n, i), fmt.Sprintf("Book %d of part %d", i, n)
		text, stock := strings.Repeat("words of a description ", 20), int64(imported)
		r.Rows = append(r.Rows, api.ImportRow{
			Line: i + 1, Key: &key, Title: &title, Authors: []string{"Anybody"}, Topics: []string{"press"},
			Description: &text, Price: &api.Money{Amount: 900, Currency: "USD"}, Stock: &stock,
		})
	}
	return r
}

func TestAPartThatIsGoneIsReported(t *testing.T) {
	i := &importer{kept: map[int64]string{7: "a", 8: "a", 9: "b"}}
	if lost := i.lost(map[int64]int64{7: imported, 8: imported, 9: imported}); len(lost) > 0 {
		t.Errorf("all is there: %q", lost)
	}
	if lost := i.lost(map[int64]int64{7: imported, 9: imported}); len(lost) != 1 || !strings.Contains(lost[0], "part a") {
		t.Errorf("book 8 is gone: %q", lost)
	}
}
