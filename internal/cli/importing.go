package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// partBytes bounds a part of an import by the text in it: JSON may make
	// six bytes of one, and a request holds 4 MiB.
	partBytes = 512 << 10
	// partsAhead is how many parts are read while one is sent.
	partsAhead = 2
	// badShown is how many bad rows are named on stderr.
	badShown = 20
)

// tally counts what became of a file's rows.
type tally struct {
	ImportID string `json:"import_id"`
	New      int64  `json:"new"`
	Changed  int64  `json:"changed"`
	Same     int64  `json:"same"`
	Rejected int64  `json:"rejected"`
	DryRun   bool   `json:"dry_run"`
}

func tallyView() view[tally] {
	columns := []string{"new", "changed", "same", "rejected", "import_id"}
	return view[tally]{
		fields: []field[tally]{
			{name: "new", value: func(t *tally) any { return t.New }, right: true},
			{name: "changed", value: func(t *tally) any { return t.Changed }, right: true},
			{name: "same", value: func(t *tally) any { return t.Same }, right: true},
			{name: "rejected", value: func(t *tally) any { return t.Rejected }, right: true},
			{name: "import_id", value: func(t *tally) any { return t.ImportID }},
			{name: "dry_run", value: func(t *tally) any { return t.DryRun }},
		},
		columns: columns, table: columns, id: "import_id",
	}
}

// importing is one import under way: rows are read and packed into parts while
// the part before is sent.
type importing struct {
	app      *app
	flags    *importFlags
	name     string // the file's
	source   string
	reader   *bookfile.Reader
	progress *ui.Progress
	tally    tally
	line     int // how far it has come in the file
	bad      int

	rejectsFile *os.File
	rejects     *bookfile.Rejects
	seen        *seen
}

func (a *app) newImporting(f *importFlags, name string, reader *bookfile.Reader, rows int64) (*importing, error) {
	i := &importing{app: a, flags: f, name: name, source: cmp.Or(f.source, name), reader: reader, seen: newSeen()}
	i.tally.ImportID, i.tally.DryRun = api.NewID(), f.dryRun
	i.progress = a.streams.Err.NewProgress("rows", rows, time.Now)
	if f.rejects != "" {
		var err error
		if i.rejectsFile, err = os.Create(f.rejects); err != nil {
			return nil, api.Errorf(api.CodeInvalid, "the file for rejected rows can't be made: %w", err)
		}
		i.rejects = reader.Rejects(i.rejectsFile)
	}
	return i, nil
}

// part is some rows of the file, the bad ones among them.
type part struct {
	rows []bookfile.Row
	err  error // of reading, after the rows
}

// run reads and sends until the file ends.
func (i *importing) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	parts := make(chan part, partsAhead)
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		defer close(parts)
		i.read(ctx, parts)
	}()
	defer func() { <-reading }()
	defer cancel()
	for p := range parts {
		if err := i.take(ctx, p.rows); err != nil {
			return err
		}
		if p.err != nil {
			return p.err
		}
	}
	return ctx.Err()
}

// read packs rows into parts until the file or ctx ends.
func (i *importing) read(ctx context.Context, parts chan<- part) {
	for ended := false; !ended; {
		p := part{rows: make([]bookfile.Row, 0, api.MaxImportRows)}
		for size := 0; len(p.rows) < api.MaxImportRows && size < partBytes && !ended; {
			row, err := i.reader.Read()
			if err != nil {
				ended = true
				if !errors.Is(err, io.EOF) {
					p.err = err
				}
				break
			}
			size += textSize(&row.Book)
			p.rows = append(p.rows, row)
		}
		select {
		case parts <- p:
		case <-ctx.Done():
			return
		}
	}
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

// take sends a part's good rows and counts what became of all.
func (i *importing) take(ctx context.Context, rows []bookfile.Row) error {
	request := api.ImportRequest{ID: i.tally.ImportID, Source: i.source, UpdateStock: i.flags.updateStock, DryRun: i.flags.dryRun}
	sent := make([]bookfile.Row, 0, len(rows))
	for n := range rows {
		i.line = rows[n].Line
		if rows[n].Err == nil && i.seen.before(&rows[n].Book) {
			rows[n].Err = api.Errorf(api.CodeConflict, "the same book as an earlier row of this file")
		}
		if rows[n].Err != nil {
			if err := i.reject(rows[n], rows[n].Err.Error()); err != nil {
				return err
			}
			continue
		}
		request.Rows = append(request.Rows, rows[n].Book)
		sent = append(sent, rows[n])
	}
	if len(request.Rows) > 0 {
		if err := i.send(ctx, request, sent); err != nil {
			return err
		}
	}
	i.progress.Update(i.tally.New + i.tally.Changed + i.tally.Same + i.tally.Rejected)
	return nil
}

func (i *importing) send(ctx context.Context, request api.ImportRequest, rows []bookfile.Row) error {
	c, err := i.app.client()
	if err != nil {
		return err
	}
	var results api.ImportResults
	err = i.app.persist(ctx, func(ctx context.Context) (err error) {
		results, err = c.Import(ctx, request)
		return err
	})
	if err != nil {
		return err
	}
	if len(results.Results) != len(rows) {
		return fmt.Errorf("the catalog answered %d of %d rows", len(results.Results), len(rows))
	}
	for n, r := range results.Results {
		switch r.Status {
		case api.RowNew:
			i.tally.New++
		case api.RowChanged:
			i.tally.Changed++
		case api.RowSame:
			i.tally.Same++
		default:
			reason := "rejected"
			if r.Detail != nil {
				reason = *r.Detail
			}
			if err := i.reject(rows[n], reason); err != nil {
				return err
			}
		}
	}
	return nil
}

// reject counts and reports a bad row.
func (i *importing) reject(row bookfile.Row, reason string) error {
	i.tally.Rejected++
	if i.bad++; i.bad <= badShown {
		i.progress.Clear()
		i.app.streams.Note(fmt.Sprintf("%s:%d: %s", i.name, row.Line, reason))
	}
	if i.rejects == nil {
		return nil
	}
	return i.rejects.Add(row, reason)
}

func (i *importing) closeRejects() error {
	if i.rejects == nil {
		return nil
	}
	return errors.Join(i.rejects.Flush(), i.rejectsFile.Close())
}

// brokenOff says how far an import came that could not go on.
func (i *importing) brokenOff(err error) error {
	done := i.tally.New + i.tally.Changed
	if done == 0 || i.flags.dryRun {
		return err
	}
	return &ending{
		exit: exitOf(api.CodeOf(err)), err: err,
		hint: fmt.Sprintf("%d books went in, up to about line %d; the same import again goes on and changes those no more", done, i.line),
	}
}

// ending says what to do about rejected rows.
func (i *importing) ending() error {
	if i.tally.Rejected == 0 {
		return nil
	}
	if i.bad > badShown {
		i.app.streams.Note(fmt.Sprintf("and %d more", i.bad-badShown))
	}
	if i.flags.rejects == "" {
		i.app.streams.Hint("--rejects FILE keeps the rejected rows, to be mended and imported again")
	}
	return &ending{exit: exitPartly}
}
