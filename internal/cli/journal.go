package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// entry is a purchase that was begun, or is to be cancelled, as the journal keeps
// it until it is settled. It never holds a secret.
type entry struct {
	ID      string            `json:"id"`
	Cancel  bool              `json:"cancel,omitempty"`
	Lines   []api.LineRequest `json:"lines"`
	Target  string            `json:"target"`
	StoreID string            `json:"store_id"`
	Account string            `json:"account"`
	Time    time.Time         `json:"time"`
}

// journal remembers purchases whose end is not known, a file each, so that a
// crash at any moment can be mended by `orders resume`.
type journal struct{ dir string }

func (a *app) journal() journal { return journal{filepath.Join(a.settings.StateDir, "journal")} }

func (j journal) path(id string) string { return filepath.Join(j.dir, id+".json") }

// write makes the entry durable: file first, then its name, both synced. It
// says whether the entry is new. One that is there already must be of the same
// purchase: it may still be settled. But who cancels a purchase wants no other
// end for it.
func (j journal) write(e *entry) (fresh bool, err error) {
	if known, err := j.read(e.ID); err == nil && (known.Cancel || !e.Cancel) {
		if !known.same(e) {
			return false, api.Errorf(api.CodeIDReused, "order %s was begun before, for something else, and is not settled; take a new id", e.ID)
		}
		return false, nil
	}
	if err := j.writeFile(e); err != nil {
		code := api.CodeStorageFull
		if errors.Is(err, fs.ErrPermission) {
			code = api.CodeUnavailable
		}
		return false, api.Errorf(code, "the journal of purchases can't be written, so nothing was sent: %w", err)
	}
	return true, nil
}

func (j journal) writeFile(e *entry) error {
	if err := makeDir(j.dir); err != nil {
		return err
	}
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	draft, err := os.CreateTemp(j.dir, ".draft-*")
	if err != nil {
		return err
	}
	_, err = draft.Write(data)
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), j.path(e.ID))
	}
	if err != nil {
		return errors.Join(err, os.Remove(draft.Name()))
	}
	return syncDir(j.dir)
}

// makeDir makes a directory and those above it, each of them durable.
func makeDir(path string) error {
	err := os.Mkdir(path, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		if err = makeDir(filepath.Dir(path)); err == nil {
			err = os.Mkdir(path, 0o700)
		}
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// remove forgets a settled purchase. That it fails is no harm: resuming a
// settled purchase changes nothing.
func (j journal) remove(id string) { _ = os.Remove(j.path(id)) }

// entries reads what is unsettled. Files that are no entries are named in the
// error, and left where they are.
func (j journal) entries() (list []entry, err error) {
	files, err := os.ReadDir(j.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var bad []error
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			continue
		}
		e, err := j.read(strings.TrimSuffix(f.Name(), ".json"))
		switch {
		case errors.Is(err, fs.ErrNotExist) && strings.HasSuffix(f.Name(), ".json"):
			// settled meanwhile by who wrote it
		case err != nil:
			bad = append(bad, fmt.Errorf("%s is no journal entry and left alone", filepath.Join(j.dir, f.Name())))
		default:
			list = append(list, e)
		}
	}
	return list, errors.Join(bad...)
}

// read gives an entry that can be settled.
func (j journal) read(id string) (e entry, err error) {
	data, err := os.ReadFile(j.path(id))
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("journal: %w", err)
	}
	if own, err := api.ParseID(e.ID); err != nil || own != id {
		return e, fmt.Errorf("journal: %s holds order %q", j.path(id), e.ID)
	}
	if e.Cancel {
		return e, nil
	}
	return e, (&api.OrderRequest{Lines: e.Lines}).Check()
}

// same says whether two entries are of one purchase.
func (e *entry) same(other *entry) bool {
	return e.StoreID == other.StoreID && e.Account == other.Account && e.Cancel == other.Cancel && slices.EqualFunc(e.Lines, other.Lines, sameLine)
}

func sameLine(a, b api.LineRequest) bool {
	samePrice := a.MaxPrice == b.MaxPrice || (a.MaxPrice != nil && b.MaxPrice != nil && *a.MaxPrice == *b.MaxPrice)
	return a.BookID == b.BookID && a.Quantity == b.Quantity && samePrice
}
