package audit

import (
	"context"
	"fmt"

	"github.com/bazar-store/bazar/pkg/api"
)

// imports knows which imports a store remembers, and which of them were taken
// back. An import is remembered by the transaction that moves its first books,
// and its taking back likewise: who sees a movement finds them.
type imports struct {
	store      Store
	ids, undos map[string]bool
	missed     string // what was looked for last in vain
	// begun says that a movement of an import was seen that is remembered. Those
	// before it may be of a time when imports were not.
	begun bool
}

func newImports(s Store) *imports {
	return &imports{store: s, ids: map[string]bool{}, undos: map[string]bool{}}
}

// causeFault says what is wrong with the cause of a movement, as far as it is no
// reservation; "" if nothing. Movements come in the order of the ledger.
func (i *imports) causeFault(ctx context.Context, m *api.Movement) (string, error) {
	switch m.Cause {
	case api.CauseAdded, api.CauseMoved, api.CauseSold, api.CauseReleased:
		return "", nil
	case api.CauseImported:
		known, err := i.know(ctx, i.ids, m.Operation)
		i.begun = i.begun || known
		if err != nil || known || !i.begun {
			return "", err
		}
		return changed(m) + fmt.Sprintf(" for import %s, which is not there", m.Operation), nil
	case api.CauseUndone:
		known, err := i.know(ctx, i.undos, m.Operation)
		if err != nil || known {
			return "", err
		}
		return changed(m) + fmt.Sprintf(", but no import was taken back as %s", m.Operation), nil
	default:
		return changed(m) + " for a cause that this version does not know", nil
	}
}

// changed is how a sentence about a movement begins.
func changed(m *api.Movement) string {
	return fmt.Sprintf("movement %d (%s) changed book %d by %+d", m.ID, m.Cause, m.BookID, m.Change)
}

// know says whether an operation is among the ids or the undos; one that is new
// is looked for in the store.
func (i *imports) know(ctx context.Context, some map[string]bool, operation string) (bool, error) {
	if some[operation] || i.missed == operation {
		return some[operation], nil
	}
	if err := i.read(ctx); err != nil {
		return false, err
	}
	if !some[operation] {
		i.missed = operation
	}
	return some[operation], nil
}

// read reads the list of imports.
func (i *imports) read(ctx context.Context) error {
	cursor := ""
	for {
		page, err := i.store.Imports(ctx, api.MaxLimit, cursor)
		if err != nil {
			return err
		}
		for _, one := range page.Imports {
			i.ids[one.ID] = true
			if one.Undo != nil {
				i.undos[one.Undo.Operation] = true
			}
		}
		if page.NextCursor == nil {
			return nil
		}
		cursor = *page.NextCursor
	}
}
