package catalog

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// takeBackMade removes books that the import made, and retires those that
// somebody has sold, moved or edited since.
func (u *undoing) takeBackMade(ids []int64) error {
	books, err := booksByID(u.tx, ids)
	if err != nil {
		return err
	}
	given, err := givenBy(u.tx, u.row.ID, ids)
	if err != nil {
		return err
	}
	touched, err := touchedBooks(u.tx, u.row.ID, ids)
	if err != nil {
		return err
	}
	settled, err := settledEdits(u.tx, ids)
	if err != nil {
		return err
	}
	changes, err := changesBy(u.tx, u.row.Number, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		b, c := books[id], changes[id]
		if b == nil {
			continue
		}
		if c == nil {
			c = &importChangeRow{Import: u.row.Number, BookID: id, Kind: madeBook}
		}
		if touched[id] || b.Version != 1+c.Edits+settled[id] {
			if err := u.retire(b, c, given[id]); err != nil {
				return err
			}
			continue
		}
		u.shelf.remove(b)
		u.row.Removed++
	}
	u.looked, u.row.UndoBook = len(ids), ids[len(ids)-1]
	return nil
}

// touchedBooks says of some books which ones somebody else than an import has
// moved, sold or given another price. Other imports that were taken back
// themselves do not count.
func touchedBooks(tx *gorm.DB, id string, books []int64) (map[int64]bool, error) {
	return setOf(tx, books, touchedByOthers, id, imported, imported, undone)
}

const touchedByOthers = `WITH these AS (SELECT value AS id FROM json_each(?))
	SELECT id FROM books WHERE id IN these AND sales > 0
	UNION SELECT book_id FROM ledger AS l WHERE book_id IN these AND cause <> 'sold'
	AND NOT (operation = ? AND cause = ?) AND NOT (cause IN (?, ?) AND EXISTS
		(SELECT 1 FROM imports WHERE state = 'undone' AND (id = l.operation OR undo_operation = l.operation)))`

// settledEdits says by how many versions books were raised by imports that were
// taken back, there and back.
func settledEdits(tx *gorm.DB, books []int64) (map[int64]int64, error) {
	list, err := json.Marshal(books)
	if err != nil {
		return nil, fmt.Errorf("look up: %w", err)
	}
	var rows []struct{ BookID, Edits int64 }
	err = tx.Raw(`SELECT book_id, sum(edits) AS edits FROM import_changes WHERE book_id IN (SELECT value FROM json_each(?)) AND kind <> ?
		AND import IN (SELECT number FROM imports WHERE state = 'undone') GROUP BY book_id`, string(list), madeBook).Scan(&rows).Error
	settled := make(map[int64]int64, len(rows))
	for _, r := range rows {
		settled[r.BookID] = r.Edits
	}
	return settled, err
}

// retire takes a book off sale that can't be removed. That it was on sale is
// remembered, for an import that names it again.
func (u *undoing) retire(b *bookRow, c *importChangeRow, given int64) error {
	off := *b
	if b.onSale() {
		off.State = api.Retired
		u.shelf.edit(b, &off)
		if err := u.withdraw(&off); err != nil {
			return err
		}
	}
	var kept []string
	if !u.reverse(&off, given) {
		kept = []string{stockField}
	}
	u.row.Retired++
	return u.leave(&off, c, api.UndoRetired, kept)
}

func (u *undoing) withdraw(b *bookRow) error {
	_, err := database.Exec(u.tx, `INSERT INTO import_withdrawn (book_id, version) VALUES (?, ?)
		ON CONFLICT (book_id) DO UPDATE SET version = excluded.version`, b.ID, b.Version)
	return err
}

// takeBackChanges gives books the fields back that they had before the import.
func (u *undoing) takeBackChanges(changes []importChangeRow) error {
	ids := make([]int64, len(changes))
	for n := range changes {
		ids[n] = changes[n].BookID
	}
	books, err := booksByID(u.tx, ids)
	if err != nil {
		return err
	}
	given, err := givenBy(u.tx, u.row.ID, ids)
	if err != nil {
		return err
	}
	owners, err := findOwners(u.tx, changes)
	if err != nil {
		return err
	}
	withdrawn, err := withdrawnBooks(u.tx, ids)
	if err != nil {
		return err
	}
	for n := range changes {
		c := &changes[n]
		if b := books[c.BookID]; b != nil {
			again := withdrawn[b.ID] || (c.Kind == returnedBook && b.onSale())
			if err := u.restore(b, c, given[b.ID], owners, again); err != nil {
				return err
			}
		}
	}
	u.looked, u.row.UndoChange = len(changes), changes[len(changes)-1].Seq
	return nil
}

// restore gives a book the fields back that nobody has changed since. Withdrawn
// says that, retired, it waits for an import to name it.
func (u *undoing) restore(b *bookRow, c *importChangeRow, given int64, owners *known, withdrawn bool) error {
	back, kept, err := untouched(b, c.Fields, owners)
	if err != nil {
		return err
	}
	old, err := restored(b, back)
	if err != nil {
		return err
	}
	edited := !sameBook(b, old)
	if edited {
		c.Edits++
		u.shelf.edit(b, old)
		owners.exchange(b, old)
	}
	if edited && withdrawn && !old.onSale() {
		if err := u.withdraw(old); err != nil {
			return err
		}
	}
	if !u.reverse(old, given) {
		kept = append(kept, stockField)
	}
	if len(kept) == 0 {
		u.row.Restored++
		return c.put(u.tx)
	}
	u.row.Kept++
	return u.leave(old, c, api.UndoKept, kept)
}

// untouched divides changes into those that can be taken back and the fields
// that are kept: changed since, or with an ISBN or a key that is another's now.
func untouched(b *bookRow, changes []api.FieldChange, owners *known) (back []api.FieldChange, kept []string, err error) {
	now := map[string]json.RawMessage{}
	for _, f := range fieldsOf(b) {
		now[f.name] = asJSON(f.value)
	}
	for _, c := range changes {
		if c.Field == stockField {
			continue // copies are counted, not compared
		}
		old, err := restored(b, []api.FieldChange{c})
		switch {
		case err != nil:
			return nil, nil, err
		case sameJSON(c.Before, now[c.Field]):
			// somebody has put it back already
		case !sameJSON(c.After, now[c.Field]), !owners.free(old):
			kept = append(kept, c.Field)
		default:
			back = append(back, c)
		}
	}
	return back, kept, nil
}

// findOwners looks up who has the ISBNs and keys that books had before.
func findOwners(tx *gorm.DB, changes []importChangeRow) (*known, error) {
	k := &known{byISBN: map[string]*bookRow{}, byKey: map[[2]string]*bookRow{}, byID: map[int64]*bookRow{}}
	var isbns []int64
	keys := map[string][]string{}
	for n := range changes {
		for _, c := range changes[n].Fields {
			var isbn *string
			var key *sourceKey
			var err error
			switch c.Field {
			case isbnField:
				err = json.Unmarshal(c.Before, &isbn)
			case keyField:
				err = json.Unmarshal(c.Before, &key)
			}
			if err != nil {
				return nil, fmt.Errorf("book %d: %w", changes[n].BookID, err)
			}
			if isbn != nil {
				isbns = append(isbns, isbnNumber(*isbn))
			}
			if key != nil {
				keys[key.Source] = append(keys[key.Source], key.Key)
			}
		}
	}
	return k, k.findAll(tx, isbns, keys)
}

// free says whether no other book has the ISBN and the key of b.
func (k *known) free(b *bookRow) bool {
	byISBN, byKey := (*bookRow)(nil), (*bookRow)(nil)
	if b.ISBN13 != nil {
		byISBN = k.byISBN[*b.ISBN13]
	}
	if b.SourceKey != nil {
		byKey = k.byKey[[2]string{*b.Source, *b.SourceKey}]
	}
	return (byISBN == nil || byISBN.ID == b.ID) && (byKey == nil || byKey.ID == b.ID)
}

// exchange forgets what a book was known by, and learns what it is known by.
func (k *known) exchange(old, b *bookRow) {
	if old.ISBN13 != nil {
		delete(k.byISBN, *old.ISBN13)
	}
	if old.SourceKey != nil {
		delete(k.byKey, [2]string{*old.Source, *old.SourceKey})
	}
	k.learn(b)
}
