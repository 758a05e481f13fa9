package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/bazar-store/bazar/internal/bookfile"
	"github.com/bazar-store/bazar/internal/ui"
	"github.com/bazar-store/bazar/pkg/api"
)

// badShown is how many bad rows are named on stderr.
const badShown = 20

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

// importing is one import under way.
type importing struct {
	app      *app
	flags    *importFlags
	name     string // the file's
	source   string
	reader   *bookfile.Reader
	progress *ui.Progress
	tally    tally
	line     int  // how far it has come in the file
	after    *int // where the last part begins that was made
	bad      int
	// laterWins says that a row may name a book again, and holds then.
	laterWins bool
	out       importOutput
	previewed int // rows of a dry run that would do something

	rejectsFile *os.File
	rejects     *bookfile.Rejects
	seen        *seen
}

func (a *app) newImporting(f *importFlags, name string, reader *bookfile.Reader, rows int64) (*importing, error) {
	i := &importing{app: a, flags: f, name: name, source: cmp.Or(f.source, reader.Source(), name), reader: reader, laterWins: reader.LaterWins(), seen: newSeen()}
	if f.source == "" && name == stdinName {
		i.source = cmp.Or(reader.Source(), reader.Sender(), name)
	}
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

// reject counts and reports a bad row.
func (i *importing) reject(row bookfile.Row, reason string) error {
	i.tally.Rejected++
	if i.bad++; i.bad <= badShown {
		i.progress.Clear()
		i.app.streams.Note(row.At(i.name) + ": " + reason)
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
	if i.flags.dryRun || (done == 0 && !api.CodeOf(err).Retryable()) {
		return err
	}
	return &ending{
		exit: exitOf(api.CodeOf(err)), err: err,
		hint: fmt.Sprintf("at least %d books went in; the same import again goes on, and does not change those again; `bazar import --undo %s` takes them back",
			done, i.tally.ImportID),
	}
}

// ending says what was left out, and what to do about rejected rows.
func (i *importing) ending() error {
	if i.previewed > badShown {
		i.app.streams.Note(fmt.Sprintf("and %d more that would be new or changed; --diff prints them all", i.previewed-badShown))
	}
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
