package catalog

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/pkg/api"
)

// A transaction of an import takes this many rows at first, then as many as fit
// into importTurn, or sharedTurn where it had to wait for its own turn: others
// write too, and buyers wait no longer than that.
const (
	firstImportStep = 250
	minImportStep   = 25
	importTurn      = 20 * time.Millisecond
	sharedTurn      = 8 * time.Millisecond
	undisturbed     = time.Millisecond
)

// Import takes books from a file. Each row gets a result of its own; a bad row
// stops none of the others. Rows are committed in short transactions, so a
// failure can come after some of them: the same import again finds those as the
// same.
func (s *Service) Import(ctx context.Context, r api.ImportRequest) (api.ImportResults, error) {
	results := api.ImportResults{Results: make([]api.ImportResult, 0, len(r.Rows))}
	if err := checkImport(&r); err != nil {
		return results, err
	}
	defer s.merger.Kick()
	if err := s.importRows(ctx, &r, &results); err != nil || r.DryRun {
		return results, err
	}
	return results, s.db.Sync(ctx)
}

// importRows takes the rows in as many transactions as keep nobody waiting. What
// they commit is not yet durable: the disk is waited for once, while the next
// part is written.
func (s *Service) importRows(ctx context.Context, r *api.ImportRequest, results *api.ImportResults) error {
	defer s.turns.enter(r.ID, r.PartLine())()
	i, after := newImporter(r), r.After
	for ended := false; !ended; ended = len(results.Results) == len(r.Rows) {
		offset := len(results.Results)
		step := min(int(s.importStep.Load()), len(r.Rows)-offset)
		if r.DryRun {
			step = len(r.Rows) // it keeps nobody waiting, and has to see its own new books
		}
		p := newPart(r.Rows[offset:offset+step], r.Source)
		p.offset = offset
		err := s.turns.wait(ctx, r.ID, r.PartLine(), after)
		after = nil // it is here, or will not come
		var done []api.ImportResult
		if err == nil {
			done, err = s.importPart(ctx, i, p)
		}
		if err != nil {
			return brokenOff(err, offset)
		}
		results.Results = append(results.Results, done...)
	}
	return nil
}

// checkImport says what is wrong with a request as a whole, and writes its id in
// the one form.
func checkImport(r *api.ImportRequest) (err error) {
	switch most := api.MaxImportRows; {
	case len(r.Rows) > most, len(r.Rows) == 0 && r.Rejected == 0:
		return api.Errorf(api.CodeInvalid, "an import has 1 to %d rows, not %d", most, len(r.Rows))
	case r.Rejected < 0 || r.Rejected > most:
		return api.Errorf(api.CodeInvalid, "rejected is 0 to %d rows, not %d", most, r.Rejected)
	case len(r.Rows) == 0 && r.Line == nil:
		return api.Errorf(api.CodeInvalid, "a part without rows says line, where it begins in the file")
	}
	if r.ID, err = api.ParseID(r.ID); err != nil {
		return err
	}
	return api.CheckText("source", r.Source, api.MaxPublisher)
}

// brokenOff says that some rows are in, where an error alone would deny it.
func brokenOff(err error, done int) error {
	if e := api.AsError(err); done > 0 {
		return api.Wrap(e.Code, err, fmt.Sprintf("%d rows went in before this: %s; the same import again goes on", done, e.Detail))
	}
	return err
}

func (s *Service) importPart(ctx context.Context, i *importer, p part) (results []api.ImportResult, err error) {
	if i.DryRun {
		err = s.db.Snapshot(ctx, func(tx *gorm.DB) (err error) {
			results, err = i.take(tx, p)
			return err
		})
		return results, err
	}
	called, start := time.Now(), time.Time{}
	err = s.db.WriteUnsynced(ctx, func(tx *gorm.DB) (err error) {
		start = time.Now() // its turn has come
		results, err = i.take(tx, p)
		return err
	})
	if err == nil {
		pace(&s.importStep, len(p.rows), time.Since(start), start.Sub(called))
	}
	return results, err
}

// pace fits the next transactions to a turn, by how long one took with so many
// rows and how long it had waited.
func pace(step *atomic.Int64, rows int, took, waited time.Duration) {
	if took <= 0 || rows == 0 {
		return
	}
	turn := importTurn
	if waited > undisturbed {
		turn = sharedTurn
	}
	fitting := int64(rows) * int64(turn) / int64(took)
	step.Store(max(minImportStep, min(fitting, api.MaxImportRows)))
}
