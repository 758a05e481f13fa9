package catalog

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/pkg/api"
)

// undoAtOnce is how many books of an import one request takes back, about.
const undoAtOnce = 1_000

// Undo takes an import back, some of it with each call; until the import's
// state is [api.ImportUndone] there is more to do. Books that the import made
// are removed, or retired if somebody has sold, moved or edited them since; of
// changed ones every field that nobody has changed since is what it was before.
// The copies that the import brought go, as far as they are there.
func (s *Service) Undo(ctx context.Context, id string) (progress api.UndoProgress, err error) {
	defer s.merger.Kick()
	progress.Books = []api.ImportChange{}
	for looked := 0; looked < undoAtOnce; {
		step, called, start := int(s.undoStep.Load()), time.Now(), time.Time{}
		u := undoing{}
		err := s.db.WriteUnsynced(ctx, func(tx *gorm.DB) (err error) {
			start = time.Now() // its turn has come
			u, err = undoSome(tx, id, step)
			return err
		})
		if err != nil {
			return progress, err
		}
		pace(&s.undoStep, u.looked, time.Since(start), start.Sub(called))
		progress.Import, progress.Books = u.row.report(), append(progress.Books, u.left...)
		if u.row.State == api.ImportUndone {
			break
		}
		looked += u.looked
	}
	return progress, s.db.Sync(ctx)
}

// undoing is one transaction that takes some of an import back.
type undoing struct {
	tx     *gorm.DB
	row    importRow
	shelf  *shelf
	looked int // books
	left   []api.ImportChange
}

// undoSome takes at most n books of an import back: first those that it made,
// so that their ISBNs and keys are free, then those that it changed, the last
// change first.
func undoSome(tx *gorm.DB, id string, n int) (u undoing, err error) {
	u.tx = tx
	if u.row, err = findImport(tx, id); err != nil || u.row.State == api.ImportUndone {
		return u, err
	}
	if u.row.UndoOperation == nil {
		operation, at := api.NewID(), now()
		u.row.State, u.row.UndoOperation, u.row.UndoAt = api.ImportUndoing, &operation, &at
	}
	u.shelf = newShelf(undone, *u.row.UndoOperation, nil)
	if err := u.takeBack(n); err != nil {
		return u, err
	}
	if u.looked == 0 {
		u.row.State = api.ImportUndone
	}
	if err := u.shelf.flush(tx); err != nil {
		return u, err
	}
	return u, tx.Save(&u.row).Error
}

func (u *undoing) takeBack(n int) error {
	made, err := madeAfter(u.tx, u.row.Number, u.row.UndoBook, n)
	if err != nil {
		return err
	}
	if len(made) > 0 {
		return u.takeBackMade(made)
	}
	var changes []importChangeRow
	err = u.tx.Where("import = ? AND seq < ? AND kind <> ?", u.row.Number, u.row.UndoChange, madeBook).
		Order("seq DESC").Limit(n).Find(&changes).Error
	if err != nil || len(changes) == 0 {
		return err
	}
	return u.takeBackChanges(changes)
}

// reverse moves the copies of a book that the import brought, as far as they
// are there, and says whether they all were.
func (u *undoing) reverse(b *bookRow, given int64) (all bool) {
	change := min(max(-given, -b.Stock), api.MaxStock-b.Stock)
	if change != 0 {
		u.shelf.move(b, change)
	}
	return change == -given
}

// leave notes a book that is not as it was before the import.
func (u *undoing) leave(b *bookRow, c *importChangeRow, outcome api.UndoOutcome, kept []string) error {
	status := api.RowChanged
	if outcome == api.UndoRetired {
		status = api.RowNew
	}
	if kept == nil {
		kept = []string{}
	}
	u.left = append(u.left, api.ImportChange{
		BookID: b.ID, Title: &b.Title, Status: status, Fields: c.Fields.list(), Undone: &outcome, Kept: kept,
	})
	if len(kept) > 0 {
		data, err := json.Marshal(kept)
		if err != nil {
			return err
		}
		text := string(data)
		c.Kept = &text
	}
	return c.put(u.tx)
}
