package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// Parts that are under way at the same time are taken in the order of the file,
// whichever arrives first.
func TestPartsAreTakenInTheOrderOfTheFile(t *testing.T) {
	s := empty(t)
	const parts, rows = 6, 40
	id := api.NewID()
	numbers := make([]int64, parts*rows)
	var wg sync.WaitGroup
	for p := range parts {
		request := api.ImportRequest{ID: id, Source: "test"}
		for n := range rows {
			r := row(fmt.Sprintf("Part %d row %d", p, n))
			r.Line = p*rows + n + 2
			request.Rows = append(request.Rows, r)
		}
		if p > 0 {
			before := request.Rows[0].Line - rows
			request.After = &before
		}
		wg.Go(func() {
			results, err := s.Import(t.Context(), request)
			if err != nil {
				t.Error(err)
				return
			}
			for n, r := range results.Results {
				numbers[p*rows+n] = *r.BookID
			}
		})
	}
	wg.Wait()
	if !slices.IsSorted(numbers) {
		t.Errorf("item numbers %v", numbers)
	}
}

// The part before may have gone to another replica: nobody waits for it long.
func TestAPartWhosePredecessorIsElsewhereIsTaken(t *testing.T) {
	s := empty(t)
	before := 2
	s.SetImportStep(1) // a transaction for each row
	request := api.ImportRequest{ID: api.NewID(), Source: "test", After: &before}
	for n := range 100 {
		request.Rows = append(request.Rows, row(fmt.Sprint("Alone ", n)))
		request.Rows[n].Line = 9 + n
	}
	start := time.Now()
	results, err := s.Import(t.Context(), request)
	if err != nil || len(results.Results) != 100 || results.Results[99].Status != api.RowNew {
		t.Errorf("%v, %v", results, err)
	}
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	request.ID = api.NewID()
	if _, err := s.Import(ctx, request); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("for a caller who leaves: %v", err)
	}
}
