package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/batch"
	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// maxReservations is how many reservations one request may carry.
const maxReservations = 256

// Reserve takes the lines of each reservation off the shelf, all or none, and
// answers what was decided, in their order. An id is decided once: again, it
// gets the same answer, whatever its lines say.
func (s *Service) Reserve(ctx context.Context, requests []api.ReservationRequest) ([]api.Reservation, error) {
	if err := checkReservations(requests); err != nil {
		return nil, err
	}
	decided, err := s.reservations.Do(ctx, requests)
	if full, ok := errors.AsType[*batch.Full](err); ok {
		return nil, api.Wrap(api.CodeUnavailable, err, full.Error())
	}
	return decided, err
}

func checkReservations(batch []api.ReservationRequest) error {
	if len(batch) == 0 || len(batch) > maxReservations {
		return api.Errorf(api.CodeInvalid, "1 to %d reservations at a time, not %d", maxReservations, len(batch))
	}
	for i := range batch {
		id, err := api.ParseID(batch[i].ID)
		if err != nil {
			return err
		}
		batch[i].ID = id
		if err := (&api.OrderRequest{Lines: batch[i].Lines}).Check(); err != nil {
			return err
		}
	}
	return nil
}

func countLines(batch []api.ReservationRequest) (n int) {
	for i := range batch {
		n += len(batch[i].Lines)
	}
	return n
}

// decide decides a batch of requests in one transaction.
func (s *Service) decide(ctx context.Context, requests [][]api.ReservationRequest) (answers [][]api.Reservation, err error) {
	wanted := distinct(requests)
	decided := make(map[string]api.Reservation, len(wanted))
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		clear(decided)
		claimed, err := claim(tx, wanted)
		if err != nil {
			return err
		}
		if err := recall(tx, wanted, claimed, decided); err != nil {
			return err
		}
		return takeAll(tx, claimed, decided)
	})
	if err != nil {
		return nil, err
	}
	for _, request := range requests {
		answer := make([]api.Reservation, len(request))
		for i := range request {
			answer[i] = decided[request[i].ID]
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// distinct gives each id's first reservation, in the order they came.
func distinct(requests [][]api.ReservationRequest) (wanted []*api.ReservationRequest) {
	seen := map[string]bool{}
	for _, request := range requests {
		for i := range request {
			if !seen[request[i].ID] {
				seen[request[i].ID] = true
				wanted = append(wanted, &request[i])
			}
		}
	}
	return wanted
}

// claim makes the ids this transaction's to decide, and gives those that were
// nobody's before. Ids come before books, in their order, for every writer.
func claim(tx *gorm.DB, wanted []*api.ReservationRequest) (claimed []*api.ReservationRequest, err error) {
	at, mine := now(), make(map[string]bool, len(wanted))
	byID := slices.SortedFunc(slices.Values(wanted), func(a, b *api.ReservationRequest) int { return cmp.Compare(a.ID, b.ID) })
	for _, w := range byID {
		changed, err := database.Exec(tx, `INSERT INTO reservations (id, state, lines, created_at)
			VALUES (?, 'claimed', '[]', ?) ON CONFLICT DO NOTHING`, w.ID, at)
		if err != nil {
			return nil, fmt.Errorf("claim: %w", err)
		}
		mine[w.ID] = changed == 1
	}
	for _, w := range wanted { // who came first is served first
		if mine[w.ID] {
			claimed = append(claimed, w)
		}
	}
	return claimed, nil
}

// recall reads what was decided before of the ids that were not claimed now.
func recall(tx *gorm.DB, wanted, claimed []*api.ReservationRequest, decided map[string]api.Reservation) error {
	if len(claimed) == len(wanted) {
		return nil
	}
	mine := make(map[string]bool, len(claimed))
	for _, c := range claimed {
		mine[c.ID] = true
	}
	var ids []string
	for _, w := range wanted {
		if !mine[w.ID] {
			ids = append(ids, w.ID)
		}
	}
	var rows []reservationRow
	err := tx.Where("id IN ?", ids).Find(&rows).Error
	for i := range rows {
		decided[rows[i].ID] = rows[i].reservation()
	}
	return err
}

// Reservation gives what was decided for an order.
func (s *Service) Reservation(ctx context.Context, id string) (api.Reservation, error) {
	var row reservationRow
	err := s.db.Read(ctx).Take(&row, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return api.Reservation{}, api.Errorf(api.CodeNotFound, "no reservation %s", id)
	}
	return row.reservation(), database.Explain(err)
}

// Reservations gives the decided reservations in the order of their ids.
func (s *Service) Reservations(ctx context.Context, limit int, after string) (page api.ReservationList, err error) {
	var rows []reservationRow
	if err := s.db.Read(ctx).Where("id > ?", after).Order("id").Limit(limit + 1).Find(&rows).Error; err != nil {
		return page, database.Explain(err)
	}
	page.Reservations = []api.Reservation{}
	for i := range rows[:min(limit, len(rows))] {
		page.Reservations = append(page.Reservations, rows[i].reservation())
	}
	if len(rows) > limit {
		page.NextCursor = &rows[limit-1].ID
	}
	return page, nil
}
