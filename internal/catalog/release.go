package catalog

import (
	"context"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// Release undoes what was decided for an order, once however often it is asked:
// what was taken goes back on the shelf, by movements of its own. A refusal
// stays one. An id that was never seen is kept as refused for
// [api.CodeCancelled], a tombstone, so that a late request takes nothing.
func (s *Service) Release(ctx context.Context, id string) (r api.Reservation, err error) {
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		freed, err := free(tx, id)
		if err != nil {
			return err
		}
		var row reservationRow
		if err := tx.Take(&row, "id = ?", id).Error; err != nil {
			return err
		}
		if r = row.reservation(); freed {
			return giveBack(tx, &r)
		}
		return nil
	})
	return r, err
}

// free makes a reservation released, if it was taken, and says whether it was.
// The id comes before the books, as for every writer.
func free(tx *gorm.DB, id string) (freed bool, err error) {
	entombed, err := database.Exec(tx, `INSERT INTO reservations (id, state, reason, lines, created_at)
		VALUES (?, 'refused', ?, '[]', ?) ON CONFLICT DO NOTHING`, id, string(api.CodeCancelled), now())
	if err != nil || entombed == 1 {
		return false, err
	}
	changed, err := database.Exec(tx, "UPDATE reservations SET state = 'released' WHERE id = ? AND state = 'taken'", id)
	return changed == 1, err
}

// giveBack puts a reservation's copies back on the shelf.
func giveBack(tx *gorm.DB, r *api.Reservation) error {
	books, err := lockBooks(tx, []*api.ReservationRequest{asked(r)})
	if err != nil {
		return err
	}
	change := newShelf(released, r.ID, nil)
	for _, line := range r.Lines {
		b := books[line.BookID]
		if b == nil {
			return api.Errorf(api.CodeInternal, "book %d, which order %s took, is not there", line.BookID, r.ID)
		}
		change.move(b, line.Quantity)
	}
	return change.flush(tx)
}

// asked is the request that a reservation answers, but for its limits.
func asked(r *api.Reservation) *api.ReservationRequest {
	request := &api.ReservationRequest{ID: r.ID}
	for _, line := range r.Lines {
		request.Lines = append(request.Lines, api.LineRequest{BookID: line.BookID, Quantity: line.Quantity})
	}
	return request
}
