package audit

import "context"

// MostHeld reads orders, reservations and the ledger side by side, and gives how
// many movements were held at once, at most, beside the pages that are read.
func MostHeld(ctx context.Context, store Store) (most int, err error) {
	for all := newMerge(ctx, store); ; {
		p, err := all.next(ctx)
		if err != nil || p == nil {
			return most, err
		}
		most = max(most, len(p.movements))
	}
}
