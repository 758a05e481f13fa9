package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/pkg/api"
	"github.com/bazar-store/bazar/pkg/client"
)

// A part of an import has at most partRows rows and about partBytes of text:
// JSON may make six bytes of one, and a request holds 4 MiB. With larger parts
// fewer pages are written twice; smaller ones keep memory small.
const (
	partRows  = 750
	partBytes = 384 << 10
	// importGC is the garbage collector's percentage meanwhile: rows by the
	// hundred thousand leave much behind, and memory is to stay small.
	importGC = 70
	// importMemory is what the program's memory, without SQLite's, is kept to
	// where collecting more often can do it, in bytes.
	importMemory = 32 << 20
	// partsAhead is how many parts may be on their way: while the catalog writes
	// one it reads the next.
	partsAhead = 2
)

// part is some rows of the file, bad ones among them, on its way to the catalog
// and back.
type part struct {
	rows    []bookfile.Row
	readErr error // of reading, after the rows

	results  []api.ImportResult
	sendErr  error
	back     chan struct{} // closed when results and sendErr are there
	answered int           // how many results have been looked at
	// again are the lines that, in a dry run, name a book that an earlier row
	// would have made.
	again []int
}

// run reads, sends and counts until the file ends, all at the same time: a part
// is read while those before it are on their way.
// stop ends the reading of standard input, which waits for nobody else.
func (i *importing) run(ctx context.Context, stop func()) error {
	c, err := i.app.client()
	if err != nil {
		return err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(importGC))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(min(importMemory, debug.SetMemoryLimit(-1))))
	work, ctx := errgroup.WithContext(ctx)
	sent := make(chan *part, partsAhead-1)
	work.Go(func() error {
		defer close(sent)
		before := answered()
		for ended := false; !ended; {
			var p *part
			p, ended = i.read()
			request, err := i.sift(p)
			if err != nil {
				stop()
				return err
			}
			if err := handOver(ctx, p, sent); err != nil {
				return err
			}
			if i.laterWins {
				<-before // what comes later must be taken later
				before = p.back
			}
			work.Go(func() error {
				defer close(p.back)
				p.results, p.sendErr = i.send(ctx, c, request)
				return nil // who counts gives the error, in its turn
			})
		}
		return nil
	})
	work.Go(func() error {
		for p := range sent {
			<-p.back
			if err := i.count(p); err != nil {
				stop()
				return err
			}
		}
		return nil
	})
	return work.Wait()
}

// answered stands for what was before the first part.
func answered() chan struct{} {
	back := make(chan struct{})
	close(back)
	return back
}

func handOver(ctx context.Context, p *part, to chan<- *part) error {
	select {
	case to <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read packs rows into a part, and says whether it is the file's last.
func (i *importing) read() (p *part, ended bool) {
	p = &part{rows: make([]bookfile.Row, 0, partRows), back: make(chan struct{})}
	for size := 0; len(p.rows) < partRows && size < partBytes; {
		row, err := i.reader.Read()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.readErr = err
			}
			return p, true
		}
		size += max(textSize(&row.Book), row.Size())
		p.rows = append(p.rows, row)
	}
	return p, false
}

func textSize(r *api.ImportRow) int {
	size := 200
	for _, s := range [...]*string{r.Key, r.Title, r.Publisher, r.Description} {
		if s != nil {
			size += len(*s)
		}
	}
	for _, a := range r.Authors {
		size += len(a)
	}
	return size
}

// sift marks rows that name a book again, and makes a request of the good ones.
func (i *importing) sift(p *part) (api.ImportRequest, error) {
	request := api.ImportRequest{
		ID: i.tally.ImportID, Source: i.source, UpdateStock: i.flags.updateStock, DryRun: i.flags.dryRun, LaterWins: i.laterWins,
	}
	request.Rows, request.After = make([]api.ImportRow, 0, len(p.rows)), i.after
	for n := range p.rows {
		row := &p.rows[n]
		if row.Err == nil && (!i.laterWins || i.flags.dryRun) {
			again, err := i.seen.before(&row.Book)
			if err != nil {
				return request, err
			}
			if again && i.laterWins {
				p.again = append(p.again, row.Line)
			} else if again {
				row.Err = api.Errorf(api.CodeConflict, "the same book as an earlier row of this file")
			}
		}
		if row.Err == nil {
			request.Rows = append(request.Rows, row.Book)
		}
	}
	if len(p.rows) > 0 {
		first := p.rows[0].Line
		request.Line, request.Rejected = &first, len(p.rows)-len(request.Rows)
	}
	if sends(&request) {
		i.after = request.Line
	}
	return request, nil
}

// sends says whether a part has anything to tell the catalog: what was rejected
// here counts in the import's report, which a dry run does not have.
func sends(r *api.ImportRequest) bool {
	return len(r.Rows) > 0 || (r.Rejected > 0 && !r.DryRun)
}

func (i *importing) send(ctx context.Context, c *client.Client, request api.ImportRequest) ([]api.ImportResult, error) {
	if !sends(&request) {
		return nil, nil
	}
	var answer api.ImportResults
	// The parts before this one have their time first.
	err := persistFor(ctx, partsAhead*i.app.settings.Timeout, func(ctx context.Context) (err error) {
		answer, err = c.Import(ctx, request)
		return err
	})
	if err == nil && len(answer.Results) != len(request.Rows) {
		err = fmt.Errorf("the catalog answered %d of %d rows", len(answer.Results), len(request.Rows))
	}
	return answer.Results, err
}

// count says what became of a part's rows, in the order of the file.
func (i *importing) count(p *part) error {
	if p.sendErr != nil {
		return p.sendErr
	}
	for n := range p.rows {
		if err := i.countRow(p, &p.rows[n]); err != nil {
			return err
		}
	}
	i.progress.Update(i.tally.New + i.tally.Changed + i.tally.Same + i.tally.Rejected)
	return p.readErr
}

func (i *importing) countRow(p *part, row *bookfile.Row) error {
	i.line = row.Line
	if row.Err != nil {
		return i.reject(*row, row.Err.Error())
	}
	result := &p.results[p.answered]
	p.answered++
	if result.Status == api.RowNew && slices.Contains(p.again, row.Line) {
		result.Status = api.RowChanged
	}
	if i.flags.dryRun && (result.Status == api.RowNew || result.Status == api.RowChanged) {
		if err := i.preview(row, result); err != nil {
			return err
		}
	}
	switch result.Status {
	case api.RowNew:
		i.tally.New++
	case api.RowChanged:
		i.tally.Changed++
	case api.RowSame:
		i.tally.Same++
	default:
		reason := "rejected"
		if result.Detail != nil {
			reason = *result.Detail
		}
		return i.reject(*row, reason)
	}
	return nil
}
